package user_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/secret"
	"rescind/shared/user"
)

// change is one that takes power away, by its name.
func (w *world) change(name string) error {
	ctx := w.Context()
	switch name {
	case "disable":
		return w.accounts.Disable(ctx, email)
	case "delete":
		return w.accounts.Delete(ctx, email)
	case "enable":
		return w.accounts.Enable(ctx, email)
	}
	return w.accounts.SetPassword(ctx, email, wrong)
}

var endings = []string{"disable", "delete", "set-password"}

func TestEachEndingWritesTheRowAndThenEndsTheSubject(t *testing.T) {
	for _, name := range endings {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.create(email)
			raised := false
			w.onCall(broken.RaiseSubjectEpoch, func() {
				raised = true
				if w.row(a.Key).Version != 2 || w.epoch(a.Subject) != 0 {
					t.Error("the subject is ended before the row says why")
				}
			})
			if err := w.change(name); err != nil || !raised || w.epoch(a.Subject) < w.clock.UnixMilli() {
				t.Errorf("the subject is at epoch %d, %v", w.epoch(a.Subject), err)
			}
			if err := w.verify(email, right, here); !errors.Is(err, user.ErrCredentials) {
				t.Errorf("the old password is answered %v", err)
			}
		})
	}
}

func TestAnEndingThatWasCutOffIsNoSuccessAndIsRepeated(t *testing.T) {
	for _, name := range endings {
		for _, verb := range []broken.Verb{broken.FindUser, broken.PutUser, broken.Find, broken.RaiseSubjectEpoch} {
			t.Run(name+" without "+string(verb), func(t *testing.T) {
				w := newWorld(t)
				a := w.create(email)
				w.fail(verb)
				for range 2 {
					if err := w.change(name); !errors.Is(err, broken.ErrInjected) || strings.Contains(strings.ToLower(err.Error()), "ann") {
						t.Fatalf("the answer is %v", err)
					}
				}
				w.store.Heal()
				if err := w.change(name); err != nil || w.epoch(a.Subject) == 0 {
					t.Errorf("repeated: %v", err)
				}
				before := w.epoch(a.Subject)
				if err := w.change(name); err != nil || w.epoch(a.Subject) <= before {
					t.Errorf("a second time nothing is ended: %v", err)
				}
			})
		}
	}
}

func TestAWriteWhoseAnswerWasLostCounts(t *testing.T) {
	for _, name := range append(endings, "enable") {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.create(email)
			if name == "enable" {
				if err := w.change("disable"); err != nil {
					t.Fatal(err)
				}
			}
			version := w.row(a.Key).Version
			w.store.Inject(broken.Fault{Verb: broken.PutUser, N: 1, Mode: broken.Lost})
			if err := w.change(name); err != nil || w.row(a.Key).Version != version+1 {
				t.Errorf("the answer is %v", err)
			}
		})
	}
	t.Run("create", func(t *testing.T) {
		w := newWorld(t)
		w.store.Inject(broken.Fault{Verb: broken.PutUser, N: 1, Mode: broken.Lost})
		a, err := w.accounts.Create(t.Context(), email, right)
		if err != nil || w.row(a.Key).Subject != a.Subject {
			t.Errorf("the answer is %v", err)
		}
	})
}

func TestWhoGoesAwayLeavesNothingHalfDone(t *testing.T) {
	for _, name := range endings {
		w := newWorld(t)
		a := w.create(email)
		ctx, cancel := context.WithCancel(t.Context())
		w.onCall(broken.PutUser, cancel) // the caller goes away in the middle
		var err error
		switch name {
		case "disable":
			err = w.accounts.Disable(ctx, email)
		case "delete":
			err = w.accounts.Delete(ctx, email)
		default:
			err = w.accounts.SetPassword(ctx, email, wrong)
		}
		if err != nil || w.epoch(a.Subject) == 0 {
			t.Errorf("%s is cut off half-way: %v", name, err)
		}
	}
}

func TestEnableRevivesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.create(email)
	if err := w.change("enable"); err != nil || w.row(a.Key).Version != 1 || w.epoch(a.Subject) != 0 {
		t.Errorf("enabling who is on changes something: %v", err)
	}
	w.fail(broken.RaiseSubjectEpoch)
	if err := w.change("disable"); !errors.Is(err, broken.ErrInjected) {
		t.Fatal(err)
	}
	if err := w.change("enable"); !errors.Is(err, broken.ErrInjected) || w.row(a.Key).State != user.Off {
		t.Errorf("who was switched off half-way comes alive with all they had: %v", err)
	}
	w.store.Heal()
	w.onCall(broken.RaiseSubjectEpoch, func() {
		if w.row(a.Key).State != user.Off {
			t.Error("the row is on before what it had is ended")
		}
	})
	if err := w.change("enable"); err != nil || w.row(a.Key).State != user.On || w.epoch(a.Subject) == 0 {
		t.Errorf("the answer is %v", err)
	}
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("who is on again is answered %v", err)
	}
}

// Between its raise and its write others may switch the account on and off, and
// be cut off before their own raise.
func TestEnableRaisesAgainWhereTheRowMoved(t *testing.T) {
	w := newWorld(t)
	a := w.create(email)
	if err := w.change("disable"); err != nil {
		t.Fatal(err)
	}
	var between int64
	w.onCall(broken.PutUser, sync.OnceFunc(func() {
		if err := w.change("enable"); err != nil {
			t.Error(err)
		}
		between = w.epoch(a.Subject) // a sign-in of this moment
		w.fail(broken.RaiseSubjectEpoch)
		_ = w.change("disable")
		w.store.Heal()
	}))
	if err := w.change("enable"); err != nil || w.epoch(a.Subject) <= between {
		t.Errorf("what was switched off in between lives on: %v", err)
	}
}

func TestADeletedAccountIsAsIfItHadNeverBeen(t *testing.T) {
	w := newWorld(t)
	a := w.create(email)
	if err := w.change("delete"); err != nil {
		t.Fatal(err)
	}
	row := w.row(a.Key)
	if row.State != user.Deleted || row.Email != "" || row.Name != "" || !row.Password.IsEmpty() || row.Subject != a.Subject {
		t.Errorf("the row keeps %+v", row)
	}
	if found, err := w.accounts.Find(t.Context(), email); found != nil || err != nil {
		t.Errorf("it is found: %v", err)
	}
	for _, name := range []string{"disable", "enable", "set-password"} {
		if err := w.change(name); !errors.Is(err, user.ErrUnknown) {
			t.Errorf("%s of a deleted one: %v", name, err)
		}
	}
	if err := w.accounts.Delete(t.Context(), "nobody@example.com"); !errors.Is(err, user.ErrUnknown) {
		t.Errorf("deleting nobody: %v", err)
	}
}

func TestALostRaceIsRunAgainUntilItIsHopeless(t *testing.T) {
	for _, c := range []struct {
		races int
		want  error
	}{{4, nil}, {5, user.ErrContended}} {
		w := newWorld(t)
		a := w.create(email)
		left := c.races
		w.onCall(broken.PutUser, func() {
			if left > 0 {
				left--
				w.rewrite(a.Key, func(*user.Account) {})
			}
		})
		if err := w.change("disable"); !errors.Is(err, c.want) {
			t.Errorf("after %d lost races: %v", c.races, err)
		}
	}
}

func TestNoErrorNamesAnybodyOrShowsAPassword(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	for range user.PairBurst {
		_ = w.verify(email, wrong, here)
	}
	_, exists := w.accounts.Create(t.Context(), email, wrong)
	long := secret.NewText(strings.Repeat(wrong.Reveal(), 20))
	for _, err := range []error{
		w.verify(email, wrong, here), w.verify(email, wrong, there), exists, w.accounts.SetPassword(t.Context(), email, long),
		w.accounts.SetPassword(t.Context(), "bob@example.com", wrong), w.verify("bob "+email, wrong, there),
	} {
		if text := fmt.Sprintf("%+v", err); err == nil || strings.Contains(strings.ToLower(text), "example") || strings.Contains(text, wrong.Reveal()) {
			t.Errorf("an error says %q", text)
		}
	}
}

// A new password whose write is on its way for minutes must not come back over
// what was done since.
func TestAWriteThatArrivesLateChangesNothing(t *testing.T) {
	w := newWorld(t)
	a := w.create(email)
	w.store.Inject(broken.Fault{Verb: broken.PutUser, N: 1, Mode: broken.Late})
	if err := w.change("set-password"); !errors.Is(err, broken.ErrInjected) {
		t.Fatalf("the answer is %v", err)
	}
	if err := w.change("disable"); err != nil {
		t.Fatal(err)
	}
	w.store.Deliver(t.Context())
	if row := w.row(a.Key); row.State != user.Off || row.Version != 2 {
		t.Errorf("the row is %s, at version %d", row.State, row.Version)
	}
}
