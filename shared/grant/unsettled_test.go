package grant

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"rescind/shared/secret"
)

func newOp(t *testing.T) secret.Op {
	op, err := secret.NewOp(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// TestUnsettledAnswersAreGivenOnce, within their minute, and to the write that
// they belong to.
func TestUnsettledAnswersAreGivenOnce(t *testing.T) {
	var u Unsettled
	a, b := newOp(t), newOp(t)
	u.keep(a, Tokens{ClientID: "a"}, noon)
	if _, ok := u.take(b, noon); ok {
		t.Error("another write's answer is given")
	}
	if got, ok := u.take(a, noon.Add(unsettledFor-1)); !ok || got.ClientID != "a" {
		t.Error("the answer is not given")
	}
	if _, ok := u.take(a, noon); ok {
		t.Error("the answer is given twice")
	}
	u.keep(a, Tokens{}, noon)
	if _, ok := u.take(a, noon.Add(unsettledFor)); ok {
		t.Error("the answer is given for ever")
	}
	var none *Unsettled
	none.keep(a, Tokens{}, noon)
	if _, ok := none.take(a, noon); ok {
		t.Error("what remembers nothing gives an answer")
	}
}

// TestAnOutageCannotFillAProcess with answers, nor keep it full.
func TestAnOutageCannotFillAProcess(t *testing.T) {
	var u Unsettled
	for i := range 3 * maxUnsettled {
		u.keep(newOp(t), Tokens{ClientID: fmt.Sprint(i)}, noon)
	}
	if len(u.held) != maxUnsettled {
		t.Errorf("%d answers are kept", len(u.held))
	}
	last := newOp(t)
	u.keep(last, Tokens{}, noon.Add(2*time.Minute))
	if _, ok := u.take(last, noon.Add(2*time.Minute)); !ok || len(u.held) != 0 {
		t.Errorf("what is over is kept: %d", len(u.held))
	}
}
