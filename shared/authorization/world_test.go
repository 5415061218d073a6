package authorization_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

// world is a store with clients, and a clock that the test moves.
type world struct {
	*sqlite.Store
	t     *testing.T
	now   time.Time
	rules authorization.Rules

	// beforePut runs before a row of consents is written, and may fail it.
	beforePut func() error
	afterPut  func() error
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return w.now }
	var err error
	if w.Store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{Now: clock}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	w.rules = authorization.Rules{Grants: grant.Defaults(clock, rand.Reader)}
	manager := client.Manager{Store: w.Store, Now: clock, Rand: rand.Reader}
	for _, id := range []string{"web", "other"} {
		p := webClient().Policy
		p.Name = id
		if _, _, err := manager.Create(t.Context(), id, p); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w *world) PutConsents(ctx context.Context, c *authorization.Consents, ver int64) error {
	if w.beforePut != nil {
		hook := w.beforePut
		w.beforePut = nil
		if err := hook(); err != nil {
			return err
		}
	}
	if err := w.Store.PutConsents(ctx, c, ver); err != nil {
		return err
	}
	if w.afterPut != nil {
		return w.afterPut()
	}
	return nil
}

// moveOn has the answer to the next write of a row be lost, and others write the
// row before the write is tried again.
func (w *world) moveOn(others func()) {
	w.afterPut = func() error {
		w.afterPut = nil
		others()
		stored, err := w.FindConsents(w.t.Context(), "ann")
		return errors.Join(err, &authorization.Conflict{Stored: stored})
	}
}

// approval is what a browser would hand in for a request that was just read.
func (w *world) approval(clientID string, pairs ...string) authorization.Approval {
	w.t.Helper()
	rows, err := w.Find(w.t.Context(), grant.Keys{Clients: []string{clientID}, Subjects: []string{"ann"}})
	if err != nil {
		w.t.Fatal(err)
	}
	c := rows.Clients[0]
	r, err := authorization.Parse(ask(append([]string{"client_id", clientID}, pairs...)...), c)
	if err != nil {
		w.t.Fatal(err)
	}
	consents, err := w.FindConsents(w.t.Context(), "ann")
	if err != nil {
		w.t.Fatal(err)
	}
	return authorization.Approval{Client: c, Request: r, Subject: "ann", Withdrawn: consents.App(clientID).Withdrawn,
		Epochs: grant.Epochs{Client: c.Epoch, Subject: rows.Subjects[0], Store: rows.Generation}}
}

func (w *world) approve(a authorization.Approval) token.Value {
	w.t.Helper()
	code, err := w.rules.Approve(w.t.Context(), w, a)
	if err != nil {
		w.t.Fatal(err)
	}
	return code
}

func (w *world) cut(clientID string) int {
	w.t.Helper()
	n, err := w.rules.Cut(w.t.Context(), w, "ann", clientID)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// dead says why the code's grant is dead, "" where it lives.
func (w *world) dead(id token.GrantID) string {
	w.t.Helper()
	rows, err := w.Find(w.t.Context(), grant.Keys{Grants: []token.GrantID{id}, Subjects: []string{"ann"}})
	if err != nil {
		w.t.Fatal(err)
	}
	g := rows.Grants[0]
	if g == nil {
		return grant.DeadUnknown
	}
	owner, err := w.FindClient(w.t.Context(), g.ClientID)
	if err != nil {
		w.t.Fatal(err)
	}
	return g.Dead(grant.Current{Client: owner, Subject: rows.Subjects[0], Store: rows.Generation}, w.now)
}

func (w *world) list() []authorization.Access {
	w.t.Helper()
	all, more, err := w.rules.List(w.t.Context(), w, "ann")
	if err != nil || more {
		w.t.Fatal(more, err)
	}
	return all
}

func (w *world) covers(clientID, scope string) bool {
	w.t.Helper()
	a := w.approval(clientID)
	c, err := w.FindConsents(w.t.Context(), "ann")
	if err != nil {
		w.t.Fatal(err)
	}
	asked, _ := oauth.ParseScope(scope)
	return c.App(clientID).Covers(asked, a.Request.Audience, a.Epochs)
}
