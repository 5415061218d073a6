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

func TestTheRightPasswordGivesTheAccount(t *testing.T) {
	w := newWorld(t)
	made := w.create(email)
	a, err := w.accounts.Verify(t.Context(), " ann@EXAMPLE.com ", right, here)
	if err != nil || a.Subject != made.Subject || a.Email != "Ann@Example.com" || a.Version != 1 {
		t.Errorf("the answer is %v", err)
	}
	if err := w.verify(email, wrong, here); !errors.Is(err, user.ErrCredentials) {
		t.Errorf("a wrong password is answered %v", err)
	}
}

// Who may not sign in learns neither by the answer nor by the work done for it
// whether there is such an account: one read, one hash at today's cost. Work is
// counted, not timed: a count fails on every machine.
func TestWhoMayNotSignInIsAnsweredAlikeWithTheSameWork(t *testing.T) {
	for what, setUp := range map[string]func(w *world) error{
		"an unknown email": func(*world) error { return nil },
		"a wrong password": func(w *world) error { w.create(email); return nil },
		"an account that is off": func(w *world) error {
			w.create(email)
			return w.accounts.Disable(w.Context(), email)
		},
		"an account that was deleted": func(w *world) error {
			w.create(email)
			return w.accounts.Delete(w.Context(), email)
		},
		"an upstream account's email": func(w *world) error {
			_, err := w.accounts.Upstream(w.Context(), "https://idp.example", "42", email, "Ann")
			return err
		},
		"a row without a password": func(w *world) error {
			w.rewrite(w.create(email).Key, func(a *user.Account) { a.Password = secret.Text{} })
			return nil
		},
	} {
		for name, password := range map[string]secret.Text{"wrong": wrong, "right": right, "empty": secret.NewText("")} {
			if what == "a wrong password" && name == "right" {
				continue
			}
			t.Run(what+", with the password that is "+name, func(t *testing.T) {
				w := newWorld(t)
				if err := setUp(w); err != nil {
					t.Fatal(err)
				}
				w.hashes.Since()
				w.store.Reset()
				a, err := w.accounts.Verify(t.Context(), email, password, here)
				if a != nil || err != user.ErrCredentials {
					t.Errorf("the answer is %v", err)
				}
				all, current := w.hashes.Since()
				if all != 1 || current != 1 || w.store.Count(broken.Any) != 1 {
					t.Errorf("it took %d hashes, %d of them at today's cost, and %d reads", all, current, w.store.Count(broken.Any))
				}
			})
		}
	}
}

func TestWhatCannotBeRightIsNotHashedWhoeverItIsFor(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	long := secret.NewText(strings.Repeat("x", 257))
	for _, c := range []struct{ what, email string }{{"there", email}, {"not there", "bob@example.com"}} {
		if err := w.verify(c.email, long, here); !errors.Is(err, user.ErrCredentials) {
			t.Errorf("%s: the answer is %v", c.what, err)
		}
	}
	if err := w.verify("no email", right, here); !errors.Is(err, user.ErrCredentials) {
		t.Errorf("no email: the answer is %v", err)
	}
	if all, _ := w.hashes.Since(); all != 0 {
		t.Errorf("%d were hashed", all)
	}
	// But it is throttled, or asking would be free.
	for range user.PairBurst {
		_ = w.verify(email, long, there)
	}
	if err := w.verify(email, right, there); !isThrottled(err) {
		t.Errorf("after too many: %v", err)
	}
}

func TestAnOutageIsNoWrongPasswordAndTakesNoTry(t *testing.T) {
	w := newWorld(t)
	w.create(email)
	w.store.FailAll()
	for range 3 * user.PairBurst {
		if err := w.verify(email, right, here); !errors.Is(err, broken.ErrInjected) {
			t.Fatalf("the answer is %v", err)
		}
	}
	w.store.Heal()
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("after the outage: %v", err)
	}
	w.rewrite(mustKey(t, email), func(a *user.Account) { a.Password = secret.NewText("$argon2id$damaged") })
	if err := w.verify(email, right, here); err == nil || errors.Is(err, user.ErrCredentials) || strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged row is answered %v", err)
	}
}

func TestAnOlderHashIsReplacedAtASignIn(t *testing.T) {
	w := newWorld(t)
	old := w.create(email)
	w.rewrite(old.Key, func(a *user.Account) { a.Password = user.Cheaper(right.Reveal()) })
	if err := w.verify(email, wrong, here); !errors.Is(err, user.ErrCredentials) || w.row(old.Key).Version != 2 {
		t.Errorf("a wrong password changes the row: %v", err)
	}
	w.fail(broken.PutUser)
	if err := w.verify(email, right, here); err != nil {
		t.Errorf("what cannot be replaced keeps its owner out: %v", err)
	}
	w.store.Heal()
	a, err := w.accounts.Verify(t.Context(), email, right, here)
	if err != nil || a.Version != 3 || user.IsStale(a.Password) || w.row(old.Key).Version != 3 {
		t.Fatalf("it is not replaced: %v", err)
	}
	if err := w.accounts.Recheck(t.Context(), a); err != nil {
		t.Errorf("who was replaced must sign in again: %v", err)
	}
	if w.epoch(a.Subject) != 0 {
		t.Error("replacing a hash ends the user's grants")
	}
	if err := w.verify(email, right, here); err != nil || w.row(old.Key).Version != 3 {
		t.Errorf("it is replaced again: %v", err)
	}
}

// A new password that comes while the old one is being hashed again must stand.
func TestAReplacedHashNeverUndoesANewPassword(t *testing.T) {
	w := newWorld(t)
	old := w.create(email)
	w.rewrite(old.Key, func(a *user.Account) { a.Password = user.Cheaper(right.Reveal()) })
	w.onCall(broken.PutUser, sync.OnceFunc(func() {
		if err := w.accounts.SetPassword(t.Context(), email, wrong); err != nil {
			t.Error(err)
		}
	}))
	a, err := w.accounts.Verify(t.Context(), email, right, here)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.accounts.Recheck(t.Context(), a); !errors.Is(err, user.ErrCredentials) {
		t.Errorf("the old password still signs in: %v", err)
	}
	if err := w.verify(email, right, here); !errors.Is(err, user.ErrCredentials) {
		t.Errorf("the old password came back: %v", err)
	}
}

// The race that Recheck is for: whatever moment the power is taken away at, a
// sign-in either is refused or carries an epoch that has been passed.
func TestNoSignInSurvivesWhatIsDoneMeanwhile(t *testing.T) {
	for what, take := range map[string]func(w *world, ctx context.Context) error{
		"a new password": func(w *world, ctx context.Context) error { return w.accounts.SetPassword(ctx, email, wrong) },
		"a switch-off":   func(w *world, ctx context.Context) error { return w.accounts.Disable(ctx, email) },
		"a deletion":     func(w *world, ctx context.Context) error { return w.accounts.Delete(ctx, email) },
		"off and on": func(w *world, ctx context.Context) error {
			return errors.Join(w.accounts.Disable(ctx, email), w.accounts.Enable(ctx, email))
		},
		"deleted and made anew": func(w *world, ctx context.Context) error {
			if err := w.accounts.Delete(ctx, email); err != nil {
				return err
			}
			_, err := w.accounts.Create(ctx, email, right)
			return err
		},
	} {
		for step := range 4 {
			t.Run(fmt.Sprintf("%s, at step %d", what, step), func(t *testing.T) {
				w := newWorld(t)
				w.create(email)
				now := func(at int) {
					if at != step {
						return
					}
					if err := take(w, t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				var hashed bool
				w.hashes.During = func() {
					if !hashed {
						hashed = true
						now(0)
					}
				}
				a, err := w.accounts.Verify(t.Context(), email, right, here)
				if err != nil {
					t.Fatal(err)
				}
				now(1)
				carried := w.epoch(a.Subject)
				now(2)
				err = w.accounts.Recheck(t.Context(), a)
				now(3)
				if err == nil && carried >= w.epoch(a.Subject) {
					t.Error("the sign-in lives on")
				}
				if step < 3 && !errors.Is(err, user.ErrCredentials) {
					t.Errorf("Recheck answers %v", err)
				}
			})
		}
	}
}

func TestRecheckTellsAnOutage(t *testing.T) {
	w := newWorld(t)
	a := w.create(email)
	if err := w.accounts.Recheck(t.Context(), a); err != nil {
		t.Errorf("an unchanged account: %v", err)
	}
	w.store.FailAll()
	if err := w.accounts.Recheck(t.Context(), a); !errors.Is(err, broken.ErrInjected) {
		t.Errorf("the answer is %v", err)
	}
}
