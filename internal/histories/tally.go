package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"rescind/internal/histories/drive"
	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
)

// tally is what a run counted.
type tally struct {
	Seed       uint64           `json:"seed"`
	Plant      string           `json:"plant,omitempty"`
	Histories  map[string]int   `json:"histories,omitempty"` // by store
	Profiles   map[string]int   `json:"profiles"`
	Passed     int              `json:"passed"`
	Failed     int              `json:"failed"`
	Undecided  int              `json:"undecided"` // of those that failed
	Broken     int              `json:"broken"`    // of those that failed: the plain promise
	Rejected   int              `json:"rejected"`  // of those that failed: by the model
	Machinery  int              `json:"machinery"` // failures of servers to start and the like, which show nothing
	Operations int              `json:"operations"`
	Grants     int              `json:"grants"`
	Unknown    int              `json:"unknown"` // operations of unknown outcome, second deliveries among them
	Outcomes   map[string]int   `json:"outcomes"`
	Answers    map[string]int   `json:"answers"` // by kind and status
	Before     map[string]int64 `json:"faults_before_servers"`
	Behind     map[string]int64 `json:"faults_behind_servers"`
	Kills      int64            `json:"servers_killed"`
	Ended      int64            `json:"commands_killed"`
	Restores   int              `json:"restores"`
	Slowest    float64          `json:"slowest_check_seconds"`
	Seconds    float64          `json:"seconds"`
	Notes      map[string]int   `json:"commands_failed"` // by what they said

	mu    sync.Mutex
	began time.Time
}

// names are what differs in one sentence from one history to the next.
var names = regexp.MustCompile(`h[0-9a-f]+-\d+-\d|[0-9A-Z]{20,}|[0-9a-f]{12,}`)

func (t *tally) add(rec *drive.Recorded, v verdict) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.Histories == nil {
		t.Histories, t.Outcomes = map[string]int{}, map[string]int{}
	}
	t.Histories[rec.Store]++
	t.Profiles[rec.Plan.Profile]++
	if v.passed() {
		t.Passed++
	} else {
		t.Failed++
	}
	if v.undecided() {
		t.Undecided++
	}
	if len(v.broken) > 0 {
		t.Broken++
	}
	if v.failure != nil {
		t.Rejected++
	}
	for _, note := range rec.Notes {
		t.Notes[names.ReplaceAllString(note, "...")]++
	}
	t.Grants += len(rec.History.Grants)
	t.Operations += len(rec.History.Ops)
	for _, o := range rec.History.Ops {
		t.Outcomes[o.Outcome.String()]++
		if o.Outcome == model.Unknown {
			t.Unknown++
		}
		if o.Kind == model.RaiseGeneration {
			t.Restores++
		}
	}
	for what, n := range rec.Answers {
		t.Answers[what] += n
	}
	t.Slowest = max(t.Slowest, v.took.Seconds())
	if done := t.Passed + t.Failed; done%25 == 0 {
		fmt.Fprintf(os.Stderr, "%4d histories, %d failed, %.0f s\n", done, t.Failed, time.Since(t.began).Seconds())
	}
}

func (t *tally) addWorld(w *drive.World) {
	t.mu.Lock()
	defer t.mu.Unlock()
	before, behind := w.Faults()
	for f, n := range before {
		t.Before[f.String()] += n
	}
	for f, n := range behind {
		t.Behind[f.String()] += n
	}
	t.Kills += w.Kills.Load()
	t.Ended += w.Ended.Load()
}

// fault is one of the machinery: nothing was shown.
func (t *tally) fault(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.Failed++
	t.Machinery++
	fmt.Fprintln(os.Stderr, "histories:", err)
}

// enough is how many histories show every kind of fault and answer, whatever
// the seed; of fewer nothing is demanded.
const enough = 40

// mostUnknown is the share of operations whose outcome may be unknown before
// the checks count as blunt.
const mostUnknown = 0.20

// always are answers to people and their codes that are in every run that is
// long enough.
var always = []string{"redeem 200", "redeem 400", "allow 303", "remember 303", "deny 303", "cut 303", "cut all 303", "sign in 303", "sign in 403",
	"sign out 200", "visit 200", "visit 303", "user disable exit 0", "user enable exit 0", "user set-password exit 0"}

// sufficient tells what a run lacks to have shown anything: a record full of
// unknown outcomes, or without some fault or answer, passes too easily.
func (t *tally) sufficient() error {
	if t.Passed+t.Failed < enough {
		return nil
	}
	var lacks []string
	need := func(there bool, what string) {
		if !there {
			lacks = append(lacks, what)
		}
	}
	need(float64(t.Unknown) <= mostUnknown*float64(t.Operations), fmt.Sprintf("a known outcome of more than %d of %d operations", t.Operations-t.Unknown, t.Operations))
	for _, o := range []model.Outcome{model.Done, model.Active, model.Inactive, model.Refused, model.Unauthorized} {
		need(t.Outcomes[o.String()] > 0, "an answer that is "+o.String())
	}
	for _, f := range proxy.Faults() {
		need(t.Before[f.String()] > 0, "the fault "+f.String()+" before the servers")
		need(t.Behind[f.String()] > 0 || t.Histories[drive.DynamoDB] == 0, "the fault "+f.String()+" behind the servers")
	}
	for _, what := range always {
		need(t.Answers[what] > 0, "the answer "+what)
	}
	need(t.Kills > 0, "a killed server")
	need(t.Ended > 0, "a killed command")
	need(t.Restores > 0, "a restored store")
	if len(lacks) == 0 {
		return nil
	}
	return fmt.Errorf("this run shows too little, it lacks %s", strings.Join(lacks, ", "))
}

// write prints the counts for people.
func (t *tally) write(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d, histories %s, profiles %s, %.0f s\n", t.Seed, counts(t.Histories), counts(t.Profiles), t.Seconds)
	fmt.Fprintf(&b, "%d grants, %d operations, outcomes %s\n", t.Grants, t.Operations, counts(t.Outcomes))
	fmt.Fprintf(&b, "answers: %s\n", counts(t.Answers))
	fmt.Fprintf(&b, "faults before the servers: %s\n", counts(t.Before))
	fmt.Fprintf(&b, "faults between the processes and DynamoDB: %s\n", counts(t.Behind))
	fmt.Fprintf(&b, "servers killed: %d; commands killed: %d; stores restored: %d; slowest check: %.2f s; undecided: %d\n", t.Kills, t.Ended, t.Restores, t.Slowest, t.Undecided)
	_, err := io.WriteString(w, b.String())
	return err
}

func counts[N int | int64](m map[string]N) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(m)) {
		all = append(all, fmt.Sprintf("%s %d", name, m[name]))
	}
	return strings.Join(all, ", ")
}
