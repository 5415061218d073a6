package authorization_test

import (
	"errors"
	"testing"

	"rescind/shared/authorization"
	"rescind/shared/grant"
)

// TestLostAnswersOfTheRow: an approval whose row landed hands out its code; one
// whose row did not, none.
func TestLostAnswersOfTheRow(t *testing.T) {
	w := newWorld(t)
	lost := errors.New("no answer")
	w.afterPut = func() error { return lost }
	code := w.approve(w.approval("web"))
	if w.dead(code.GrantID()) != "" {
		t.Error("the grant is dead")
	}
	w.afterPut, w.beforePut = nil, func() error { return lost }
	if _, err := w.rules.Approve(t.Context(), w, w.approval("web")); !errors.Is(err, lost) {
		t.Errorf("a row that was not written gives %v", err)
	}
	w.beforePut = func() error { return lost }
	if _, err := w.rules.Cut(t.Context(), w, "ann", "web"); !errors.Is(err, lost) {
		t.Errorf("a cut that was not written gives %v", err)
	}
	if w.dead(code.GrantID()) != "" {
		t.Error("the cut that failed did something")
	}
	w.afterPut = func() error { return lost }
	if w.cut("web"); w.dead(code.GrantID()) != grant.DeadRevoked {
		t.Error("the cut whose answer was lost did not end the grant")
	}
}

// TestACutCountsOnce: where the write of a cut landed and its answer was lost, and
// the row has moved on since, a form that was shown after it is good.
func TestACutCountsOnce(t *testing.T) {
	w := newWorld(t)
	code := w.approve(w.approval("web"))
	var shown authorization.Approval
	w.moveOn(func() {
		shown = w.approval("web")
		w.approve(w.approval("other"))
	})
	if w.cut("web"); w.dead(code.GrantID()) != grant.DeadRevoked || w.covers("web", "read") {
		t.Error("the cut left something")
	}
	if after := w.approve(shown); w.dead(after.GrantID()) != "" {
		t.Error("what was consented to after the cut is dead")
	}
}

// TestAnApprovalIsListedOnce: also where its row landed and has moved on since.
func TestAnApprovalIsListedOnce(t *testing.T) {
	w := newWorld(t)
	w.moveOn(func() { w.approve(w.approval("other")) })
	code := w.approve(w.approval("web"))
	row, err := w.FindConsents(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	if made := row.App("web").Grants; len(made) != 1 || made[0].ID != code.GrantID() || w.dead(code.GrantID()) != "" {
		t.Errorf("the row lists %d grants", len(made))
	}
}

// TestAConsentSinceTheCutStands: of what stood before the cut nothing is left, and
// what somebody consented to since its write landed is not cut by it once more.
func TestAConsentSinceTheCutStands(t *testing.T) {
	w := newWorld(t)
	code := w.approve(w.approval("web", "scope", "read write"))
	w.moveOn(func() { w.approve(w.approval("web")) })
	if w.cut("web"); w.dead(code.GrantID()) != grant.DeadRevoked || w.covers("web", "write") {
		t.Error("the cut left something")
	}
	if !w.covers("web", "read") {
		t.Error("the cut counted twice")
	}
}

// TestAnApprovalOfEarlierEpochs: what was decided before everything was cut, and is
// written after somebody has consented again, takes nothing of that away.
func TestAnApprovalOfEarlierEpochs(t *testing.T) {
	w := newWorld(t)
	stale := w.approval("web", "scope", "read write")
	if _, _, err := w.rules.CutAll(t.Context(), w, "ann", 0); err != nil {
		t.Fatal(err)
	}
	code := w.approve(w.approval("web"))
	if _, err := w.rules.Approve(t.Context(), w, stale); !errors.Is(err, authorization.ErrWithdrawn) {
		t.Errorf("it gives %v", err)
	}
	if !w.covers("web", "read") || w.covers("web", "write") || w.dead(code.GrantID()) != "" {
		t.Error("the newer consent is another one now")
	}
}
