package authorization_test

import (
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

func TestAnApprovalIsListedAndRemembered(t *testing.T) {
	w := newWorld(t)
	if w.covers("web", "read") {
		t.Error("what nobody consented to is covered")
	}
	code := w.approve(w.approval("web"))
	if why := w.dead(code.GrantID()); why != "" {
		t.Errorf("the grant is dead: %s", why)
	}
	all := w.list()
	if len(all) != 1 || all[0].Client.ID != "web" || !all[0].Since.Equal(w.now) || all[0].Scope.String() != "read" {
		t.Errorf("the list is %+v", all)
	}
	if !w.covers("web", "read") || w.covers("web", "read write") || w.covers("other", "read") {
		t.Error("the consent covers what it should not, or not what it should")
	}
	w.approve(w.approval("web", "scope", "write"))
	if !w.covers("web", "read write") {
		t.Error("two consents do not add up")
	}
}

func TestACutEndsAllOfOneAppAndNothingElse(t *testing.T) {
	w := newWorld(t)
	first, second, other := w.approve(w.approval("web")), w.approve(w.approval("web")), w.approve(w.approval("other"))
	// One that is in the index only, as an operator makes them.
	a := w.approval("web")
	operators, err := w.rules.Grants.Issue(t.Context(), w, grant.Birth{Client: a.Client, Generation: a.Epochs.Store,
		Subject: "ann", Epoch: a.Epochs.Subject, Scope: oauth.Scope{"read"}, Refresh: true})
	if err != nil {
		t.Fatal(err)
	}
	if n := w.cut("web"); n != 3 {
		t.Errorf("it ended %d grants", n)
	}
	for _, id := range []token.GrantID{first.GrantID(), second.GrantID(), operators.Grant} {
		if w.dead(id) != grant.DeadRevoked {
			t.Error("a grant of the app lives")
		}
	}
	if w.dead(other.GrantID()) != "" {
		t.Error("another app's grant is dead")
	}
	if all := w.list(); len(all) != 1 || all[0].Client.ID != "other" {
		t.Errorf("the list is %+v", all)
	}
	if w.covers("web", "read") {
		t.Error("the consent is remembered")
	}
	if n := w.cut("web"); n != 0 {
		t.Errorf("a second cut ended %d", n)
	}
	if w.dead(w.approve(w.approval("web")).GrantID()) != "" {
		t.Error("nothing can be granted again")
	}
}

// TestACutWhileAGrantIsBeingMade: the grant is there, and its consent row is
// not written yet.
func TestACutWhileAGrantIsBeingMade(t *testing.T) {
	w := newWorld(t)
	w.approve(w.approval("web"))
	a := w.approval("web")
	w.beforePut = func() error { w.cut("web"); return nil }
	_, err := w.rules.Approve(t.Context(), w, a)
	if !errors.Is(err, authorization.ErrWithdrawn) {
		t.Errorf("the approval gives %v", err)
	}
	w.allDead()
	// A request that was read before the cut, and comes after it.
	if _, err := w.rules.Approve(t.Context(), w, a); !errors.Is(err, authorization.ErrWithdrawn) {
		t.Errorf("a stale approval gives %v", err)
	}
	w.allDead()
}

func (w *world) allDead() {
	w.t.Helper()
	ids, err := w.ListGrants(w.t.Context(), "ann", token.GrantID{}, 1000)
	if err != nil || len(ids) == 0 {
		w.t.Fatal(len(ids), err)
	}
	for _, id := range ids {
		if w.dead(id) == "" {
			w.t.Error("a grant lives")
		}
	}
}

func TestWhatEndsAConsent(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(w *world) error
	}{
		{"the subject's epoch", func(w *world) error { _, err := w.rules.Grants.RevokeSubject(t.Context(), w, "ann"); return err }},
		{"the client's epoch", func(w *world) error {
			_, err := client.Manager{Store: w.Store, Now: func() time.Time { return w.now }, Rand: rand.Reader}.RaiseEpoch(t.Context(), "web")
			return err
		}},
		{"a restore", func(w *world) error { return w.RaiseGeneration(t.Context(), w.now.UnixMilli()) }},
	} {
		w := newWorld(t)
		w.approve(w.approval("web", "scope", "read write"))
		w.now = w.now.Add(time.Hour)
		if err := tt.end(w); err != nil {
			t.Fatal(err)
		}
		if w.covers("web", "read") || len(w.list()) != 0 {
			t.Errorf("%s leaves the consent", tt.name)
		}
		w.approve(w.approval("web"))
		if !w.covers("web", "read") || w.covers("web", "write") {
			t.Errorf("after %s a new consent brings back the old one", tt.name)
		}
		if all := w.list(); len(all) != 1 || !all[0].Since.Equal(w.now) {
			t.Errorf("after %s: %+v", tt.name, all)
		}
	}
}

func TestCutAll(t *testing.T) {
	w := newWorld(t)
	code, other := w.approve(w.approval("web")), w.approve(w.approval("other"))
	epoch, first, err := w.rules.CutAll(t.Context(), w, "ann", 0)
	if err != nil || !first || epoch < w.now.UnixMilli() {
		t.Fatal(epoch, first, err)
	}
	if w.dead(code.GrantID()) != grant.DeadSubjectEpoch || w.dead(other.GrantID()) != grant.DeadSubjectEpoch {
		t.Error("a grant lives")
	}
	again, first, err := w.rules.CutAll(t.Context(), w, "ann", 0)
	if err != nil || first || again != epoch {
		t.Errorf("a session of before: %d %v %v", again, first, err)
	}
}

func TestAnAppHasAHundredGrantsAtMost(t *testing.T) {
	w := newWorld(t)
	oldest := w.approve(w.approval("web"))
	for range 99 {
		w.approve(w.approval("web"))
	}
	if w.dead(oldest.GrantID()) != "" {
		t.Fatal("the oldest of a hundred is dead")
	}
	newest := w.approve(w.approval("web"))
	if w.dead(oldest.GrantID()) != grant.DeadRevoked || w.dead(newest.GrantID()) != "" {
		t.Error("the oldest of 101 lives, or the newest does not")
	}
	if n := w.cut("web"); n != 100 {
		t.Errorf("the cut ended %d", n)
	}
}

// TestACodeThatWasNotUsedIsNoAccess once it is too old.
func TestACodeThatWasNotUsedIsNoAccess(t *testing.T) {
	w := newWorld(t)
	a := w.approval("web")
	if _, err := w.rules.Grants.IssueCode(t.Context(), w, grant.Birth{Client: a.Client, Generation: a.Epochs.Store, Subject: "ann",
		Epoch: a.Epochs.Subject, Scope: oauth.Scope{"read"}}, grant.CodeRequest{Challenge: challenge}); err != nil {
		t.Fatal(err)
	}
	if len(w.list()) != 1 {
		t.Error("a code that can be redeemed is not listed")
	}
	if w.now = w.now.Add(time.Minute); len(w.list()) != 0 {
		t.Error("a code that is too old is listed")
	}
}

// TestCutsAndApprovalsRace: whatever the order, after the last cut nothing
// lives that was approved before it.
func TestCutsAndApprovalsRace(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 6 {
				_, err := w.rules.Approve(t.Context(), w, w.approval("web"))
				if err != nil && !errors.Is(err, authorization.ErrWithdrawn) && !errors.Is(err, authorization.ErrContended) {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for range 6 {
			if _, err := w.rules.Cut(t.Context(), w, "ann", "web"); err != nil && !errors.Is(err, authorization.ErrContended) {
				t.Error(err)
			}
		}
	})
	all.Wait()
	w.cut("web")
	w.allDead()
}
