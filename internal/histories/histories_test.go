package main

import (
	"errors"
	"flag"
	"os"
	"testing"

	"rescind/internal/histories/drive"
	"rescind/internal/histories/model"
	"rescind/internal/histories/proxy"
	"rescind/internal/testkit/engine/dynamodblocal"
)

// smoke is how many histories the test of the machinery makes.
const smoke = 6

// TestAFewHistoriesOnSQLite runs all of it, with the command as it is, without
// any network.
func TestAFewHistoriesOnSQLite(t *testing.T) {
	o, err := parse([]string{"--n", "6", "--seed", "11", "--store", "sqlite", "--root", "../..", "--parallel", "2", "--out", t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{options: o, dir: t.TempDir(), environ: dynamodblocal.Isolate(os.Environ())}
	binary, err := b.build(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	tally := b.histories(t.Context(), binary, false)
	if tally.Failed > 0 || tally.Passed != smoke || tally.Histories[drive.SQLite] != smoke {
		t.Errorf("%d passed, %d failed", tally.Passed, tally.Failed)
	}
	if tally.Operations < 50*smoke || tally.Outcomes[model.Active.String()] == 0 || tally.Outcomes[model.Inactive.String()] == 0 {
		t.Errorf("%d operations with the outcomes %v: too few to show anything", tally.Operations, tally.Outcomes)
	}
	if 2*tally.Unknown > tally.Operations {
		t.Errorf("the outcome of %d of %d operations is unknown", tally.Unknown, tally.Operations)
	}
}

// TestARunThatShowsTooLittleFails: one kind of fault or answer that is missing
// is enough, and so are too many unknown outcomes.
func TestARunThatShowsTooLittleFails(t *testing.T) {
	good := func() *tally {
		t := &tally{Histories: map[string]int{drive.SQLite: 20, drive.DynamoDB: 20}, Passed: enough, Operations: 100, Unknown: 10,
			Outcomes: map[string]int{}, Answers: map[string]int{}, Before: map[string]int64{}, Behind: map[string]int64{}, Kills: 1, Ended: 1, Restores: 1}
		for _, o := range []model.Outcome{model.Done, model.Active, model.Inactive, model.Refused, model.Unauthorized} {
			t.Outcomes[o.String()] = 1
		}
		for _, a := range always {
			t.Answers[a] = 1
		}
		for _, f := range proxy.Faults() {
			t.Before[f.String()], t.Behind[f.String()] = 1, 1
		}
		return t
	}
	if err := good().sufficient(); err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func(*tally){
		"unknown outcomes":     func(t *tally) { t.Unknown = 21 },
		"no active answer":     func(t *tally) { delete(t.Outcomes, "active") },
		"no late duplicate":    func(t *tally) { delete(t.Before, proxy.LateDuplicate.String()) },
		"calm behind":          func(t *tally) { t.Behind = nil },
		"no server was killed": func(t *tally) { t.Kills = 0 },
		"no restore":           func(t *tally) { t.Restores = 0 },
		"no app was cut":       func(t *tally) { delete(t.Answers, "cut 303") },
	} {
		bad := good()
		if spoil(bad); bad.sufficient() == nil {
			t.Errorf("%s: it counts as enough", what)
		}
	}
	sqliteOnly := good()
	sqliteOnly.Histories, sqliteOnly.Behind = map[string]int{drive.SQLite: 40}, nil
	if err := sqliteOnly.sufficient(); err != nil {
		t.Errorf("without an engine: %v", err)
	}
}

func TestCommandLine(t *testing.T) {
	for _, bad := range [][]string{{"--n", "0"}, {"--store", "redis"}, {"more"}, {"--bite", "--plant", "stale-read"}, {"--bite", "--json"}, {"--parallel", "0"}, {"--no-such"}} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
	if _, err := parse([]string{"--help"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help: %v", err)
	}
	if o, err := parse(nil); err != nil || o.n != 300 || o.seed == 0 || o.store != "both" {
		t.Errorf("%+v, %v", o, err)
	}
}
