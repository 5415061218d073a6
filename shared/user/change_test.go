package user_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

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
			w.raiser.before = func(subject string) {
				raised = true
				if subject != a.Subject || w.row(a.Key).Version != 2 || w.epoch(subject) != 0 {
					t.Error("the subject is ended before the row says why")
				}
			}
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
		for _, broken := range []string{"find", "put", "raise"} {
			t.Run(name+" without "+broken, func(t *testing.T) {
				w := newWorld(t)
				a := w.create(email)
				w.store.before = func(verb string) error {
					if verb == broken {
						return errInjected
					}
					return nil
				}
				if broken == "raise" {
					w.raiser.fail = errInjected
				}
				for range 2 {
					if err := w.change(name); !errors.Is(err, errInjected) || strings.Contains(strings.ToLower(err.Error()), "ann") {
						t.Fatalf("the answer is %v", err)
					}
				}
				w.store.before, w.raiser.fail = nil, nil
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
			w.store.after = func(verb string) error {
				if verb == "put" {
					w.store.after = nil
					return errInjected
				}
				return nil
			}
			if err := w.change(name); err != nil || w.row(a.Key).Version != version+1 {
				t.Errorf("the answer is %v", err)
			}
		})
	}
	t.Run("create", func(t *testing.T) {
		w := newWorld(t)
		w.store.after = func(verb string) error {
			if verb == "put" {
				w.store.after = nil
				return errInjected
			}
			return nil
		}
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
		w.store.before = func(verb string) error {
			if verb == "put" {
				cancel() // the caller goes away in the middle
			}
			return nil
		}
		var err error
		switch name {
		case "disable":
			err = w.accounts.Disable(ctx, email)
		case "delete":
			err = w.accounts.Delete(ctx, email)
		default:
			err = w.accounts.SetPassword(ctx, email, wrong)
		}
		w.store.before = nil
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
	w.raiser.fail = errInjected
	if err := w.change("disable"); !errors.Is(err, errInjected) {
		t.Fatal(err)
	}
	if err := w.change("enable"); !errors.Is(err, errInjected) || w.row(a.Key).State != user.Off {
		t.Errorf("who was switched off half-way comes alive with all they had: %v", err)
	}
	w.raiser.fail = nil
	w.raiser.before = func(string) {
		if w.row(a.Key).State != user.Off {
			t.Error("the row is on before what it had is ended")
		}
	}
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
	w.store.before = func(verb string) error {
		if verb != "put" {
			return nil
		}
		w.store.before = nil
		if err := w.change("enable"); err != nil {
			t.Error(err)
		}
		between = w.epoch(a.Subject) // a sign-in of this moment
		w.raiser.fail = errInjected
		_ = w.change("disable")
		w.raiser.fail = nil
		return nil
	}
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
		w.store.before = func(verb string) error {
			if verb == "put" && left > 0 {
				left--
				w.store.mu.Lock()
				defer w.store.mu.Unlock()
				moved := w.store.all[a.Key]
				moved.Version++
				w.store.all[a.Key] = moved
			}
			return nil
		}
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
