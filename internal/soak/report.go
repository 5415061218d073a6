package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"rescind/internal/bench/load"
)

// report is what a soak did and found. What is an error here was found too.
type report struct {
	Machine          string
	Store            string
	Options          options
	Peak             load.Result
	Rate             int
	Soak             load.Result
	Answered         map[string]int64
	Wrong, Trouble   []string
	Unanswered       error
	Operator         int // its writes, OperatorSubjects among them
	OperatorSubjects int
	OperatorErr      error
	Aged             int // rows of earlier days that ended during the soak
	Overdue          int // of them still there
	Rows             int
	Samples          []sample
	Series           []series
	Before           settled
	Stop             error // how the server ended
	Restarted        settled

	finished time.Time
}

func newReport(o options, s *stage) *report {
	r := &report{Machine: fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), runtime.GOARCH, runtime.Version()), Store: "SQLite", Options: o}
	if s.engine != nil {
		r.Store = s.engine.Name
	}
	return r
}

func (d *driver) counts() (n [operations]int64) {
	for op := range n {
		n[op] = d.answered[op].Load()
	}
	return n
}

func (r *report) count(before [operations]int64, d *driver) {
	r.Answered = map[string]int64{}
	for op, n := range d.counts() {
		r.Answered[names[op]] = n - before[op]
	}
	r.Wrong, r.Trouble = d.wrong.lines(), d.trouble.lines()
}

// check is one thing that must hold.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

// checks leaves the rate out, as all times: where the machine had other work,
// less was asked and the answers are judged all the same. The title tells it.
func (r *report) checks() []check {
	list := []check{
		{"every answer was right", len(r.Wrong) == 0, or(r.Wrong, fmt.Sprintf("%d answers judged", r.Soak.Operations))},
		{"no 5xx and no other status than the expected", len(r.Trouble) == 0, or(r.Trouble, "none")},
		{"no request timed out or was cut off", r.Unanswered == nil && r.Soak.Resent == 0, errorOr(r.Unanswered, fmt.Sprintf("%d sent twice", r.Soak.Resent))},
		{"the operator's writes succeeded", r.OperatorErr == nil && r.Operator > 0, errorOr(r.OperatorErr, fmt.Sprintf("%d, of them %d ended a user's grants", r.Operator, r.OperatorSubjects))},
	}
	for _, s := range r.Series {
		list = append(list, check{"flat: " + s.Name, s.Flat, s.String()})
	}
	if r.Aged > 0 {
		list = append(list, check{"rows past their end were removed", r.Overdue == 0,
			fmt.Sprintf("%d rows ended during the soak, %d are left, of %d", r.Aged, r.Overdue, r.Rows)})
	}
	list = append(list, r.Before.checks("at the end")...)
	list = append(list, check{"the server ended cleanly", r.Stop == nil, errorOr(r.Stop, "within its time")})
	return append(list, r.Restarted.checks("after a restart")...)
}

func (s settled) checks(when string) []check {
	return []check{
		{"nothing is lost " + when, s.Alive > 0 && s.Lost+s.Failed == 0, fmt.Sprintf("%d live tokens asked about, %d inactive, %d without an answer", s.Alive, s.Lost, s.Failed)},
		{"nothing ended is active " + when, s.Dead > 0 && s.Revived == 0, fmt.Sprintf("%d ended tokens asked about, %d active", s.Dead, s.Revived)},
	}
}

func or(lines []string, none string) string {
	if len(lines) == 0 {
		return none
	}
	return strings.Join(lines, "; ")
}

func errorOr(err error, none string) string {
	if err != nil {
		return err.Error()
	}
	return none
}

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }

func (r *report) sentence() string {
	return fmt.Sprintf("%s on %s: %s at %.0f requests a second, where %d were asked for, %.0f%% of a peak of %.0f (issue %d%%, introspect %d%%, refresh %d%%, revoke %d%%), over %d grants; p50 %s, p99 %s, max %s",
		r.Store, r.Machine, r.Options.whole, r.Soak.PerSecond, r.Rate, r.Options.share*100, r.Peak.PerSecond,
		mix[issue], mix[introspect], mix[refresh], mix[revoke], r.Options.grants+r.Options.lines,
		ms(r.Soak.P50), ms(r.Soak.P99), ms(r.Soak.Max))
}

// text prints the verdicts for people.
func (r *report) text(w io.Writer) {
	fmt.Fprintf(w, "%s\n\n", r.sentence())
	for _, c := range r.checks() {
		fmt.Fprintf(w, "%-7s %s: %s\n", verdict(c.OK), c.Name, c.Detail)
	}
}

// markdown prints them for docs/reliability.md.
func (r *report) markdown(w io.Writer) {
	fmt.Fprintf(w, "%s.\n\n| what must hold | | measured |\n|---|---|---|\n", r.sentence())
	for _, c := range r.checks() {
		fmt.Fprintf(w, "| %s | %s | %s |\n", c.Name, verdict(c.OK), strings.ReplaceAll(c.Detail, "|", "\\|"))
	}
}

func verdict(ok bool) string {
	if ok {
		return "ok"
	}
	return "FAILED"
}

func (r *report) json(w io.Writer) error {
	passed, failed := r.tally()
	return json.NewEncoder(w).Encode(map[string]any{
		"machine": r.Machine, "store": r.Store, "for_ns": r.Options.whole, "rate_share": r.Options.share,
		"grants": r.Options.grants + r.Options.lines, "mix_percent": map[string]int{"issue": mix[issue], "introspect": mix[introspect], "refresh": mix[refresh], "revoke": mix[revoke]},
		"peak": r.Peak, "rate": r.Rate, "soak": r.Soak, "answered": r.Answered, "operator_writes": r.Operator,
		"rows_ended": r.Aged, "samples": r.Samples, "series": r.Series, "at_the_end": r.Before, "after_a_restart": r.Restarted,
		"checks": r.checks(), "passed": passed, "failed": failed,
	})
}

func (r *report) tally() (passed, failed int) {
	for _, c := range r.checks() {
		if c.OK {
			passed++
		} else {
			failed++
		}
	}
	return passed, failed
}
