package storetest

import (
	"context"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
)

// Store is all that a store promises.
type Store interface {
	grant.Store
	broken.People
}

// Backend is one set of data that starts empty but for what a new store holds.
type Backend interface {
	// Open opens the data as a process of its own would: a second Store from a
	// second call shares nothing with the first but the data. The suite closes it.
	Open(t *testing.T) Store
}

// T is what a check reports to; *testing.T is one.
type T interface {
	Helper()
	Errorf(format string, args ...any)
	// Fatalf ends the check's goroutine, as testing.T's does.
	Fatalf(format string, args ...any)
	Context() context.Context
}

// Env is where a check runs: two processes on one set of data.
type Env struct{ Store, Other Store }

// Check is one promise, or a promise under one interleaving or fault.
type Check struct {
	Group string // what it is about
	Name  string // a sentence
	Alone bool   // it changes what all grants depend on: give it data of its own
	Run   func(t T, env Env)
}

// Checks are all of them.
func Checks() []Check {
	var all []Check
	for _, some := range []func() []Check{
		birthChecks, redeemChecks, refreshChecks, replayChecks, revokeChecks, epochChecks, clientChecks, tombstoneChecks,
		introspectChecks, rowChecks, listChecks, walkChecks, restoreChecks, phantomChecks, generationChecks, raceChecks, bornChecks, faultChecks, crowdChecks,
		versionChecks, sessionChecks, peopleChecks, peopleFaultChecks,
	} {
		all = append(all, some()...)
	}
	return all
}

// Run holds a store to every promise. open gives data of its own at each call;
// it is called for each check that must be alone, and once for all others.
func Run(t *testing.T, open func(t *testing.T) Backend) {
	shared := openEnv(t, open)
	var groups []string
	byGroup := map[string][]Check{}
	for _, c := range Checks() {
		if len(byGroup[c.Group]) == 0 {
			groups = append(groups, c.Group)
		}
		byGroup[c.Group] = append(byGroup[c.Group], c)
	}
	for _, group := range groups {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			for _, c := range byGroup[group] {
				t.Run(c.Name, func(t *testing.T) {
					env := shared
					if c.Alone {
						env = openEnv(t, open)
					}
					c.Run(t, env)
				})
			}
		})
	}
	t.Run("rows come back as they were written", func(t *testing.T) {
		t.Parallel()
		roundTrips(t, shared)
		wholeRows(t, shared)
	})
}

func openEnv(t *testing.T, open func(t *testing.T) Backend) Env {
	t.Helper()
	b := open(t)
	opened := func() Store {
		s := b.Open(t)
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Errorf("closing the store: %v", err)
			}
		})
		return s
	}
	return Env{Store: opened(), Other: opened()}
}
