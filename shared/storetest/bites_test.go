package storetest_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"rescind/shared/storetest"
)

// TestTheSuiteBites plants one sin after another in a store that keeps its
// promises, and names the check that must find it.
func TestTheSuiteBites(t *testing.T) {
	for name, sin := range map[string]struct {
		sinful func(sinner) storetest.Store
		check  string
	}{
		"a change that drops its conditions": {func(s sinner) storetest.Store { return dropsConditions{s} },
			"whatever overtakes a refresh/the answers and the state agree after a refresh"},
		"a change of a grant that was revoked meanwhile": {func(s sinner) storetest.Store { return dropsConditions{s} },
			"whatever overtakes a refresh/the answers and the state agree after revoking the grant by its id"},
		"a code that is redeemed again": {func(s sinner) storetest.Store { return dropsConditions{s} },
			"many at once/of 50 redemptions exactly one wins and the grant ends"},
		"an epoch that is lowered": {func(s sinner) storetest.Store { return setsEpochs{s} },
			"raising an epoch/it is never lowered, whoever asks"},
		"an epoch that a late second delivery raises": {func(s sinner) storetest.Store { return addsEpochs{s} },
			"raising an epoch/a subject's that arrives a second time does not end what was born between"},
		"a read from a cache": {func(s sinner) storetest.Store { return readsStale{s} },
			"whatever overtakes introspecting/the answers and the state agree after revoking the client"},
		"an update that creates": {func(s sinner) storetest.Store { return makesPhantoms{s} },
			"updating a row that is not there/a change without a condition is a conflict with nothing, and there is still no grant"},
		"a revocation that is not written": {func(s sinner) storetest.Store { return forgetsRevocations{s} },
			"revoking/the current refresh token ends the whole grant"},
		"a reuse that ends nothing": {func(s sinner) storetest.Store { return forgetsRevocations{s} },
			"refreshing/an older genuine token ends the grant, and its reason stands"},
		"a revocation that overwrites the first": {func(s sinner) storetest.Store { return takesTheLast{s} },
			"revoking/the first revocation's time and reason stand"},
		"a revocation of another client's grant": {func(s sinner) storetest.Store { return revokesForAnyone{s} },
			"revoking/another client's revocation is refused and changes nothing, and a forgery does nothing"},
		"a denial that is dropped": {func(s sinner) storetest.Store { return deniesNothing{s} },
			"revoking/a signed token's denial is kept, the first with its time and reason"},
		"a slot emptied whatever is in it": {func(s sinner) storetest.Store { return emptiesSlots{s} },
			"revoking/a slot that another token has taken meanwhile is left alone"},
		"a client changed under another version": {func(s sinner) storetest.Store { return ignoresVersions{s} },
			"many at once/no change of a client is lost"},
		"a tombstone that is forgotten": {func(s sinner) storetest.Store { return forgetsTombstones{s} },
			"deleting a client/its tokens are dead, its row stays, and its id cannot be made again"},
		"a failed read taken for an absence": {func(s sinner) storetest.Store { return readsInPart{s} },
			"reading/a read that is cut off is an error and never an absence"},
		"a generation that never rises": {func(s sinner) storetest.Store { return keepsItsGeneration{s} },
			"raising the store's generation/it ends every grant that was born before, and none after, in every process"},
		"a change that is answered before it is made": {func(s sinner) storetest.Store { return answersFirst{s} },
			"many at once/with no grace exactly one refresh wins and the grant ends"},
		"a digest in an error": {func(s sinner) storetest.Store { return tellsDigests{s} },
			"reading/no error text holds a token, a secret or a digest"},
		"a restored epoch that lowers": {func(s sinner) storetest.Store { return setsRestored{s} },
			"restoring a subject's epoch/it raises what is less, and never lowers"},
		"a restored epoch that overtakes a raise": {func(s sinner) storetest.Store { return setsRestored{s} },
			"restoring a subject's epoch/among many that restore and raise at once it only ever rises"},
		"a page's boundary that skips a row": {func(s sinner) storetest.Store { return skipsAtBoundaries{s} },
			"walking/every row comes exactly once and whole, whatever the size of a page"},
		"a full page taken for the last": {func(s sinner) storetest.Store { return endsAtFullPages{s} },
			"walking/every row comes exactly once and whole, whatever the size of a page"},
		"a place that moves with what is added": {func(s sinner) storetest.Store { return walksByCount{s} },
			"walking/each subject that was there comes exactly once, whatever is added and raised meanwhile"},
		"a cursor taken for the beginning": {func(s sinner) storetest.Store { return takesAnyCursor{s} },
			"walking/a cursor that the walk did not give is an error"},
		"an account written under any version": {func(s sinner) storetest.Store { return putsAnyAccount{s} },
			"writing an account under its version/of those that write on top of one version exactly one wins"},
		"an account that a late write takes back": {func(s sinner) storetest.Store { return putsAnyAccount{s} },
			"however the store breaks under writing an account/a write that is delivered again later takes nothing back"},
		"consents that a change makes": {func(s sinner) storetest.Store { return makesConsents{s} },
			"writing a subject's consents under its version/a change of a row that is not there is a conflict with nothing and makes none"},
		"consents whose loser is told that it won": {func(s sinner) storetest.Store { return losesConsents{s} },
			"writing a subject's consents under its version/no change is lost among many that read, change and write"},
		"a page of accounts that skips one": {func(s sinner) storetest.Store { return skipsAccounts{s} },
			"keeping people, whatever else there is/accounts come in the order of their keys, page by page, and nothing else"},
		"a session that is made twice": {func(s sinner) storetest.Store { return losesSessions{s} },
			"keeping sessions/of those that make one id exactly one wins"},
		"a use after the end": {func(s sinner) storetest.Store { return usesEnded{s} },
			"keeping sessions/an end stands, the first with its time, and use revives nothing"},
		"an idle end that is told to have moved": {func(s sinner) storetest.Store { return usesEnded{s} },
			"keeping sessions/use moves the idle end on and nothing else, and never back"},
		"an end that is not written": {func(s sinner) storetest.Store { return endsNothing{s} },
			"keeping sessions/whoever ends it beside many that use it has ended it"},
		"a client's own grants in its list": {func(s sinner) storetest.Store { return listsMachines{s} },
			"listing/a client's grants that have a subject come in the order of their ids, page by page, and no other's"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := find(t, sin.check)
			honest := open(t)
			if found := observe(t, c, honest); len(found) > 0 {
				t.Fatalf("the check finds without the sin: %s", found[0])
			}
			over, planted := newOverlay(), open(t)
			// What only some schedules show is found in one of a few runs.
			var found []string
			for try := 0; try < 20 && len(found) == 0; try++ {
				found = observe(t, c, storetest.Env{Store: sin.sinful(sinner{planted.Store, over}), Other: sin.sinful(sinner{planted.Other, over})})
			}
			if len(found) == 0 {
				t.Fatal("the check finds nothing")
			}
			t.Logf("found: %s", found[0])
		})
	}
}

// TestEveryCheckHasItsSentence keeps names apart and readable.
func TestEveryCheckHasItsSentence(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range storetest.Checks() {
		name := c.Group + "/" + c.Name
		if seen[name] || len(strings.Fields(c.Name)) < 4 || c.Run == nil {
			t.Errorf("%q is repeated, or no sentence", name)
		}
		seen[name] = true
	}
	if len(seen) < 300 {
		t.Errorf("there are only %d checks", len(seen))
	}
}

func find(t *testing.T, name string) storetest.Check {
	t.Helper()
	for _, c := range storetest.Checks() {
		if c.Group+"/"+c.Name == name {
			return c
		}
	}
	t.Fatalf("there is no check %q", name)
	return storetest.Check{}
}

// observed is a T that remembers.
type observed struct {
	ctx   context.Context
	mu    sync.Mutex
	found []string
}

func (*observed) Helper() {}

func (o *observed) Errorf(format string, args ...any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.found = append(o.found, fmt.Sprintf(format, args...))
}

func (o *observed) Fatalf(format string, args ...any) {
	o.Errorf(format, args...)
	runtime.Goexit()
}

func (o *observed) Context() context.Context { return o.ctx }

// observe runs one check and gives what it found.
func observe(t *testing.T, c storetest.Check, env storetest.Env) []string {
	o := &observed{ctx: t.Context()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.Run(o, env)
	}()
	<-done
	return o.found
}
