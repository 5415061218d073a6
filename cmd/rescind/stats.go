package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"rescind/cmd/rescind/census"
	"rescind/shared/audit/trail"
)

type statsFlags struct {
	hours, top int
	trail      string
	grants     bool
	watch      bool
	every      time.Duration
}

// mostHours bounds what is kept for each hour; shortestEvery and longestEvery
// how often a view is made.
const (
	mostHours     = 24 * 31
	mostTop       = 1000
	shortestEvery = 100 * time.Millisecond
	longestEvery  = time.Hour
)

func (a *app) statsCommand() *cobra.Command {
	var f statsFlags
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Count the grants alive, and what happened in the last hours",
		Long: `Count the grants alive, by client, and say what happened in the last hours.

The grants are counted by reading the whole store, whose cost rises with what it
holds; on DynamoDB that costs read units, and --grants=false leaves it out. What
happened comes from the audit trail, which a server on this machine keeps beside
a SQLite file. Hours are UTC, and the last one is not over. REVOKED counts
revocations, not grants: one that ends all of a user's grants, or a client's, is
one. ACTIVITY draws all events of the hour, compared with the busiest one. Below
are the newest changes of clients and restores, 20 at most: who was registered,
changed, switched off or deleted. Clients with nothing to count are left out.

A DynamoDB store has no trail here: the functions write the same lines to their
logs. Give them on standard input, as the AWS command line prints them, one log
group after the other:

  aws logs tail GROUP --since 24h | rescind stats --trail - --store dynamodb:PREFIX

With --watch the view is drawn again and again until Ctrl-C. The store is counted
at most a tenth of the time, so a large one is counted less often; then it says
how old the number is. Where standard output is no terminal each view is one
line, and with --json one object.`,
		Example: "  rescind stats\n  rescind stats --hours 48 --top 5\n  rescind stats --watch\n  rescind stats --grants=false --trail audit.jsonl --json",
		Args:    exactly(0, ""),
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&f.hours, "hours", 24, "how many `HOURS` of the trail, this one included; 744 at most")
	flags.IntVar(&f.top, "top", 20, "how many `CLIENTS` to show, those with the most grants alive first")
	flags.StringVar(&f.trail, "trail", "", "read this `FILE`, or - for standard input, as the audit trail (default what\nRESCIND_AUDIT_TRAIL says, else PATH-audit.jsonl beside sqlite:PATH); off for none")
	flags.BoolVar(&f.grants, "grants", true, "count the grants, which reads the whole store")
	flags.BoolVar(&f.watch, "watch", false, "go on until Ctrl-C")
	flags.DurationVar(&f.every, "every", 2*time.Second, "with --watch: draw each `DURATION`, 100ms to 1h")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if flags.Changed("every") && !f.watch {
			return usagef("--every goes with --watch: give both, or neither")
		}
		return a.stats(cmd.Context(), f)
	}
	return cmd
}

func (f statsFlags) check() error {
	switch {
	case f.hours < 1 || f.hours > mostHours:
		return usagef("--hours must be from 1 to %d", mostHours)
	case f.top < 0 || f.top > mostTop:
		return usagef("--top must be from 0 to %d", mostTop)
	case f.every < shortestEvery || f.every > longestEvery:
		return usagef("--every must be from %s to %s", shortestEvery, longestEvery)
	}
	return nil
}

// trailIsThere refuses a file that was named on the command line and is not
// there. Later it may be missing for a moment, while another takes its place.
func (f statsFlags) trailIsThere() error {
	if f.trail == "" || f.trail == "-" || f.trail == "off" {
		return nil
	}
	if _, err := os.Stat(f.trail); err != nil {
		return fmt.Errorf("the audit trail that --trail names cannot be read: %w; name another", err)
	}
	return nil
}

func (a *app) stats(ctx context.Context, f statsFlags) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	l, err := parseStore(a.storeName)
	if err != nil {
		return err
	}
	if err := f.trailIsThere(); err != nil {
		return err
	}
	s := &statistics{f: f, now: a.rules.Now, store: a.storeName}
	if f.grants {
		store, err := a.open(ctx, l, false)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		s.grants = &counter{store: store, now: a.rules.Now, least: f.every}
		if !l.isFile() {
			s.grants.least = max(f.every, time.Minute) // it costs money
		}
		defer s.grants.stop()
	}
	s.trail = a.trailSource(ctx, f, l)
	if f.watch {
		return a.watch(ctx, s)
	}
	if s.grants != nil {
		if err := s.grants.once(ctx); err != nil {
			return err
		}
	}
	v, err := s.view(ctx)
	if err != nil {
		return err
	}
	return a.print(v, func(w io.Writer) { writeLines(w, v.lines(0, 0)) })
}

// statistics is what views are made of.
type statistics struct {
	f      statsFlags
	now    func() time.Time
	store  string
	grants *counter // nil: not asked for
	trail  trailSource
}

// statsView is one view. Grants is null where they were not to be counted, or
// were not yet; Trail is null where nothing is known, and Unknown says why.
type statsView struct {
	Time    time.Time      `json:"time"`
	Store   string         `json:"store"`
	Grants  *grantsView    `json:"grants"`
	Trail   *trail.Summary `json:"trail"`
	Source  string         `json:"trail_source,omitempty"`
	Unknown string         `json:"trail_unknown,omitempty"`
	// Changes are the newest ones of clients, and restores, of the trail's hours.
	Changes      []change `json:"changes"`
	ChangesInAll int      `json:"changes_in_all"`

	top     int
	reading int // grants read by the first count, while it runs
	failed  error
}

type grantsView struct {
	Alive    int            `json:"alive"`
	ByClient map[string]int `json:"by_client"`
	Ended    map[string]int `json:"ended"` // that are still kept, by why
	Read     int            `json:"read"`
	At       time.Time      `json:"counted_at"`
	Took     float64        `json:"took_seconds"`
}

func (s *statistics) view(ctx context.Context) (statsView, error) {
	now := s.now().UTC()
	v := statsView{Time: now, Store: s.store, top: s.f.top}
	if s.grants != nil {
		v.Grants, v.reading, v.failed = s.grants.latest()
	}
	since := now.Add(-time.Duration(s.f.hours-1) * time.Hour)
	summary, err := s.trail.summary(ctx, since, now)
	v.Source = s.trail.name()
	switch why := (notKnown)(""); {
	case errors.As(err, &why):
		v.Unknown = string(why)
	case err != nil:
		return v, err
	default:
		v.Trail = &summary
		v.Changes, v.ChangesInAll = s.trail.changes(since)
	}
	return v, nil
}

func viewOf(c census.Census, at time.Time, took time.Duration) *grantsView {
	return &grantsView{Alive: c.Alive, ByClient: c.ByClient, Ended: c.Dead, Read: c.Read, At: at.UTC(), Took: took.Seconds()}
}
