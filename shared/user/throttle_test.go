package user_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/user"
)

// attack fails from n sources, as often as each may.
func (w *world) attack(email string, n int) {
	w.Helper()
	for i := range n {
		for range user.PairBurst {
			_ = w.verify(email, wrong, fmt.Sprintf("203.0.113.%d", i))
		}
	}
}

func TestNobodyCanLockTheOwnerOut(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	if err := w.verify(email, right, here); err != nil {
		t.Fatal(err)
	}
	w.attack(email, 50)
	if err := w.verify(email, right, there); err != nil {
		t.Errorf("the owner at a new place is answered %v", err)
	}
	for n := range user.PairBurst - 1 {
		if err := w.verify(email, wrong, here); !errors.Is(err, user.ErrCredentials) {
			t.Errorf("the owner's mistake %d, where they signed in before, is answered %v", n+1, err)
		}
	}
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("the owner, where they signed in before, is answered %v", err)
	}
}

func TestUnderAttackWhoFailedWaitsLongerFromTheirOwnLastTryOn(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	w.attack(email, 10)
	if err := w.verify(email, wrong, here); !errors.Is(err, user.ErrCredentials) {
		t.Fatal(err)
	}
	var throttled *user.ErrThrottled
	if err := w.verify(email, right, here); !errors.As(err, &throttled) || throttled.RetryAfter != user.AttackedPause {
		t.Errorf("after one failure the answer is %v", err)
	}
	for range 5 { // the attack goes on all the time
		w.clock = w.clock.Add(user.AttackedPause / 5)
		w.attack(email, 60)
	}
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("others' failures prolong the wait: %v", err)
	}
}

func TestGuessingAtOneAccountFromManySourcesIsSlow(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	const sources = 8
	for range 60 { // an hour, each source as fast as it may
		w.attack(email, sources)
		w.clock = w.clock.Add(time.Minute)
	}
	// Without the account's own limit each would have its burst and one more each minute.
	if n, _ := w.hashes.Since(); n > sources*(60/5+1)+user.AccountBurst || n < sources*60/5 {
		t.Errorf("%d guesses were looked at in an hour", n)
	}
}

func TestWhoFailsAtAccountAfterAccountHasToWait(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	spray := func(source string) (looked int) {
		for n := range 3 * user.SourceBurst {
			if err := w.verify(fmt.Sprintf("user%d@example.com", n), wrong, source); errors.Is(err, user.ErrCredentials) {
				looked++
			}
		}
		return looked
	}
	if n := spray(here); n != user.SourceBurst {
		t.Errorf("%d accounts were tried from one source", n)
	}
	if err := w.verify(email, right, there); err != nil {
		t.Errorf("another source is answered %v", err)
	}
	// Who has an account cannot wash off what they did to others'.
	if err := w.verify(email, right, here); !isThrottled(err) {
		t.Errorf("a source that failed everywhere is answered %v", err)
	}
	w.clock = w.clock.Add(10 * time.Second)
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("after a moment: %v", err)
	}
	if first, second := w.verify("one@example.com", wrong, here), w.verify("two@example.com", wrong, here); isThrottled(first) || !isThrottled(second) {
		t.Errorf("signing in gave the source tries at others: %v, %v", first, second)
	}
	// And who signed in here is not held up by a neighbour behind the same address.
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("the neighbour of an attacker is answered %v", err)
	}
}

func TestASourceIsANetworkThatOneCallerHas(t *testing.T) {
	for _, c := range []struct {
		what, a, b string
		same       bool
	}{
		{"two addresses of one /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"two /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"an IPv4 address and its mapped form", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"two mapped addresses", "::ffff:192.0.2.2", "::ffff:192.0.2.1", false},
		{"two IPv4 addresses", "192.0.2.1", "192.0.2.2", false},
		{"a zone", "fe80::1%eth0", "fe80::1%eth1", true},
		{"what is no address", "somewhere", "elsewhere", false},
	} {
		w := newWorld(t)
		w.create(email)
		for range user.PairBurst {
			_ = w.verify(email, wrong, c.a)
		}
		if got := isThrottled(w.verify(email, right, c.b)); got != c.same {
			t.Errorf("%s are one source: %t", c.what, got)
		}
	}
}

func TestTheThrottlesMemoryIsBounded(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	if err := w.verify(email, right, here); err != nil {
		t.Fatal(err)
	}
	for n := range user.MostBuckets + 500 {
		_ = w.verify("no email", wrong, fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255))
	}
	if n := w.accounts.Buckets(); n > 4*user.MostBuckets {
		t.Errorf("it remembers %d things", n)
	}
	w.clock = w.clock.Add(24 * time.Hour)
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("the owner is answered %v", err)
	}
}

func TestAClockSetBackLocksNobodyOut(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	for range user.PairBurst {
		_ = w.verify(email, wrong, here)
	}
	w.clock = w.clock.Add(-time.Hour)
	var throttled *user.ErrThrottled
	if err := w.verify(email, right, here); !errors.As(err, &throttled) || throttled.RetryAfter > user.AttackedPause {
		t.Errorf("the answer is %v", err)
	}
}

func TestManyGuessesAtOnceGetNoMoreThanOneAfterAnother(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	var throttled, wrongs int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			err := w.verify(email, wrong, here)
			mu.Lock()
			defer mu.Unlock()
			if isThrottled(err) {
				throttled++
			} else if errors.Is(err, user.ErrCredentials) {
				wrongs++
			} else {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if hashes, _ := w.hashes.Since(); wrongs != user.PairBurst || hashes != user.PairBurst || throttled != 60-user.PairBurst {
		t.Errorf("%d guesses were looked at with %d hashes", wrongs, hashes)
	}
}

func TestThrottledLooksAtNothingNotEvenTheRightPassword(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	for _, who := range []string{email, "nobody@example.com"} {
		for range user.PairBurst {
			if err := w.verify(who, wrong, here); !errors.Is(err, user.ErrCredentials) {
				t.Fatal(err)
			}
		}
		w.store.Reset()
		w.hashes.Since()
		var throttled *user.ErrThrottled
		if err := w.verify(who, right, here); !errors.As(err, &throttled) || throttled.RetryAfter != time.Minute {
			t.Errorf("%s is answered %v", who, err)
		}
		if hashes, _ := w.hashes.Since(); hashes != 0 || w.store.Count(broken.Any) != 0 {
			t.Errorf("%s: %d hashes and %d reads", who, hashes, w.store.Count(broken.Any))
		}
	}
	w.clock = w.clock.Add(time.Minute)
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("after the wait: %v", err)
	}
}
