package journal_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
	"rescind/shared/journal"
)

func TestAJournalHoldsNoSecret(t *testing.T) {
	w := newWorld(t)
	w.create("app")
	_, text, err := w.manager(w.live).RotateSecret(t.Context(), "app")
	w.must(err)
	g := w.issue(w.client(w.live, "app"), "alice")
	_, err = w.rules.RevokeGrant(t.Context(), w.live, g, strings.Repeat("é", 2000))
	w.must(err)
	b := written(t, w.journal(time.Time{}.AddDate(1, 0, 0)))
	digest := text.Digest()
	if bytes.Contains(b, []byte("rsc_")) || bytes.Contains(b, digest[:]) || len(b) > 4000 {
		t.Errorf("%d bytes, or a secret", len(b))
	}
}

// A walk goes on over pages, and an outage in it is one.
func TestCollectReadsEveryPage(t *testing.T) {
	w := newWorld(t)
	c := w.create("app")
	for range 1201 {
		g := w.issue(c, "")
		_, err := w.live.Revoke(t.Context(), g, "", grant.Revocation{At: w.now, Reason: "x"})
		w.must(err)
	}
	rows := int64(0)
	n := 0
	w.must(journal.Collect(t.Context(), w.live, w.now, func(journal.Entry) error { n++; return nil }, func(r int64) { rows = r }))
	if n != 1202 || rows != 1202 {
		t.Errorf("%d entries of %d rows", n, rows)
	}
	if err := journal.Collect(t.Context(), w.live, w.now, func(journal.Entry) error { return errDisk }, nil); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	s := broken.Wrap(w.live)
	s.FailAll()
	if err := journal.Collect(t.Context(), s, w.now, func(journal.Entry) error { return nil }, nil); !errors.Is(err, broken.ErrInjected) {
		t.Errorf("%v", err)
	}
}
