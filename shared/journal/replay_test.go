package journal_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/journal"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

// world is a store, and a copy of it as it was at a moment.
type world struct {
	t          *testing.T
	dir        string
	now        time.Time
	live, then *sqlite.Store
	rules      grant.Rules
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), now: time.Now().UTC().Truncate(time.Second)}
	w.rules = grant.Defaults(func() time.Time { return w.now }, rand.Reader)
	w.live = w.open("live", sqlite.Options{})
	return w
}

func (w *world) open(name string, o sqlite.Options) *sqlite.Store {
	w.t.Helper()
	o.Now = func() time.Time { return w.now }
	s, err := sqlite.Open(w.t.Context(), filepath.Join(w.dir, name), o)
	w.must(err)
	w.t.Cleanup(func() { _ = s.Close() })
	return s
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) manager(s client.Store) client.Manager {
	return client.Manager{Store: s, Now: func() time.Time { return w.now }, Rand: rand.Reader}
}

func (w *world) create(id string) *client.Client {
	w.t.Helper()
	c, _, err := w.manager(w.live).Create(w.t.Context(), id, client.Policy{Type: client.Confidential, GrantTypes: []string{oauth.GrantClientCredentials}, Scope: oauth.Scope{"a"}})
	w.must(err)
	return c
}

func (w *world) issue(c *client.Client, subject string) token.GrantID {
	w.t.Helper()
	generation, err := w.live.Generation(w.t.Context())
	w.must(err)
	tokens, err := w.rules.Issue(w.t.Context(), w.live, grant.Birth{Client: c, Generation: generation, Subject: subject, Scope: oauth.Scope{"a"}, Refresh: subject != ""})
	w.must(err)
	return tokens.Grant
}

// backup copies the live store, an hour after all that was done, and lets some
// days go by.
func (w *world) backup() (taken time.Time) {
	w.t.Helper()
	w.now = w.now.Add(time.Hour)
	to := filepath.Join(w.dir, "then")
	info, err := w.live.Backup(w.t.Context(), to, sqlite.BackupOptions{})
	w.must(err)
	w.then = w.open("then", sqlite.Options{Accept: true})
	w.now = w.now.Add(72 * time.Hour)
	return info.TakenAt
}

func (w *world) journal(since time.Time) (entries []journal.Entry) {
	w.t.Helper()
	w.must(journal.Collect(w.t.Context(), w.live, since, func(e journal.Entry) error {
		entries = append(entries, e)
		return nil
	}, nil))
	// Through its text, as an operator has it.
	_, again, err := readAll(bytes.NewReader(written(w.t, entries)))
	w.must(err)
	if !reflect.DeepEqual(again, entries) {
		w.t.Error("the journal's text is another")
	}
	return entries
}

func replay(ctx context.Context, w *world, s journal.Target, entries []journal.Entry) (map[string]journal.ClientChange, journal.Counts, error) {
	changed := map[string]journal.ClientChange{}
	r := journal.Replayer{Store: s, Now: func() time.Time { return w.now }, Rand: rand.Reader,
		Changed: func(c journal.ClientChange) { changed[c.ID] = c }}
	counts, err := r.Replay(ctx, each(entries))
	return changed, counts, err
}

func each(entries []journal.Entry) func() (journal.Entry, error) {
	return func() (e journal.Entry, err error) {
		if len(entries) == 0 {
			return e, io.EOF
		}
		e, entries = entries[0], entries[1:]
		return e, nil
	}
}

func (w *world) client(s client.Store, id string) *client.Client {
	w.t.Helper()
	c, err := s.FindClient(w.t.Context(), id)
	w.must(err)
	return c
}

func TestReplayedIntoABackupEverythingIsAsDeadAsItWas(t *testing.T) {
	w := newWorld(t)
	ctx, m := t.Context(), w.manager(w.live)
	for _, id := range []string{"same", "off", "deleted", "revoked", "dropped", "rotated", "renamed", "on"} {
		w.create(id)
	}
	_, _, err := m.RotateSecret(ctx, "dropped")
	w.must(err)
	w.now = w.now.Add(time.Second)
	_, _, err = m.RotateSecret(ctx, "dropped")
	w.must(err)
	_, err = m.Disable(ctx, "on")
	w.must(err)
	ended, kept := w.issue(w.client(w.live, "same"), "alice"), w.issue(w.client(w.live, "same"), "alice")
	_, err = w.rules.RevokeSubject(ctx, w.live, "before")
	w.must(err)
	taken := w.backup()

	late := w.issue(w.client(w.live, "same"), "alice")
	revoked, err := w.rules.RevokeGrant(ctx, w.live, ended, "asked")
	w.must(err)
	_, err = w.rules.RevokeGrant(ctx, w.live, late, "asked")
	w.must(err)
	epoch, err := w.rules.RevokeSubject(ctx, w.live, "bob")
	w.must(err)
	denial := grant.Denial{JTI: "jti", At: w.now, Reason: "asked", ExpiresAt: w.now.Add(time.Hour)}
	w.must(w.live.Deny(ctx, denial))
	w.must(w.live.Deny(ctx, grant.Denial{JTI: "expired", At: w.now.Add(-time.Hour), ExpiresAt: w.now}))
	_, err = m.Disable(ctx, "off")
	w.must(err)
	_, err = m.Delete(ctx, "deleted")
	w.must(err)
	_, err = m.RaiseEpoch(ctx, "revoked")
	w.must(err)
	_, err = m.DropOldSecret(ctx, "dropped")
	w.must(err)
	_, _, err = m.RotateSecret(ctx, "rotated")
	w.must(err)
	_, err = m.DropOldSecret(ctx, "rotated")
	w.must(err)
	_, err = m.Enable(ctx, "on")
	w.must(err)
	_, err = m.Update(ctx, "renamed", func(p *client.Policy) error { p.Name = "x"; return nil })
	w.must(err)
	w.create("new")
	w.create("new-and-deleted")
	_, err = m.Delete(ctx, "new-and-deleted")
	w.must(err)

	entries := w.journal(taken)
	for _, e := range entries {
		if e.Client != nil && e.Client.ID == "same" {
			t.Error("a client that nobody touched is in the journal")
		}
	}
	changed, counts, err := replay(ctx, w, w.then, entries)
	w.must(err)
	want := map[string]journal.ClientChange{
		"off":             {ID: "off", Off: true},
		"deleted":         {ID: "deleted", Deleted: true},
		"revoked":         {ID: "revoked", Raised: true},
		"dropped":         {ID: "dropped", Dropped: 1},
		"rotated":         {ID: "rotated", Dropped: 1, Lost: 1, NoSecret: true},
		"renamed":         {ID: "renamed", Older: true},
		"on":              {ID: "on", LeftOff: true, Raised: true},
		"new":             {ID: "new", Missing: true},
		"new-and-deleted": {ID: "new-and-deleted", Deleted: true},
	}
	if !reflect.DeepEqual(changed, want) {
		t.Errorf("changed: %+v", changed)
	}
	if counts.Entries != int64(len(entries)) || counts.Grants != 1 || counts.GrantsGone != 1 || counts.Subjects != 1 || counts.Denied != 2 || counts.ClientsGone != 1 {
		t.Errorf("%+v of %d", counts, len(entries))
	}
	w.checkDead(entries, ended, kept, revoked.Stand, epoch, denial)

	// Again, and once more after being cut off by a failing store: nothing moves.
	before := w.clients()
	_, _, err = replay(ctx, w, w.then, entries)
	w.must(err)
	if after := w.clients(); !reflect.DeepEqual(before, after) {
		t.Error("replaying again changed clients")
	}
	w.checkDead(entries, ended, kept, revoked.Stand, epoch, denial)
}

func (w *world) clients() []*client.Client {
	w.t.Helper()
	list, err := w.then.ListClients(w.t.Context(), "", 100)
	w.must(err)
	return list
}

func (w *world) checkDead(entries []journal.Entry, ended, kept token.GrantID, stand grant.Revocation, epoch int64, denial grant.Denial) {
	w.t.Helper()
	rows, err := w.then.Find(w.t.Context(), grant.Keys{Grants: []token.GrantID{ended, kept}, Subjects: []string{"bob", "carol"}, Denied: []string{"jti", "expired"}})
	w.must(err)
	if g := rows.Grants[0]; !g.Revoked.At.Equal(stand.At) || g.Revoked.Reason != "asked" {
		w.t.Errorf("the grant's end is %v %q", g.Revoked.At, g.Revoked.Reason)
	}
	if !rows.Grants[1].Revoked.At.IsZero() || rows.Subjects[0] != epoch || rows.Subjects[1] != 0 || rows.Denied[0] != denial || !rows.Denied[1].At.IsZero() {
		w.t.Errorf("%+v", rows)
	}
	for _, e := range entries {
		if e.Client == nil || e.Client.ID == "new" {
			continue
		}
		now, was := w.client(w.then, e.Client.ID), w.client(w.live, e.Client.ID)
		if now.Epoch < was.Epoch || was.State != client.On && now.State == client.On || was.State == client.Deleted && now.State != client.Deleted {
			w.t.Errorf("client %s is %s with epoch %d, and was %s with %d", now.ID, now.State, now.Epoch, was.State, was.Epoch)
		}
		for _, s := range now.Secrets {
			alive := was.State == client.Deleted
			for _, k := range was.Secrets {
				alive = alive || s.Same(k)
			}
			if !alive {
				w.t.Errorf("a secret of client %s is back", now.ID)
			}
		}
	}
}

// Every call of the store fails once in turn, before or after it was made: the
// replay stops with the error, and run again it ends as one that never failed.
func TestAReplayThatWasCutOffIsRunAgain(t *testing.T) {
	w := newWorld(t)
	ctx, m := t.Context(), w.manager(w.live)
	for _, id := range []string{"a", "b", "c"} {
		w.create(id)
	}
	g := w.issue(w.client(w.live, "a"), "alice")
	taken := w.backup()
	_, err := w.rules.RevokeGrant(ctx, w.live, g, "asked")
	w.must(err)
	_, err = m.Disable(ctx, "a")
	w.must(err)
	_, err = m.Delete(ctx, "b")
	w.must(err)
	_, _, err = m.RotateSecret(ctx, "c")
	w.must(err)
	_, err = m.DropOldSecret(ctx, "c")
	w.must(err)
	entries := w.journal(taken)
	s := broken.Wrap(w.then)
	s.FailAll()
	if _, _, err := replay(ctx, w, s, entries); !errors.Is(err, broken.ErrInjected) {
		t.Errorf("on a store that fails: %v", err)
	}
	s.Heal()
	ctx2, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := replay(ctx2, w, s, entries); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for n := 1; n < len(entries); n++ { // a prefix alone, and then all of it
		_, _, err := replay(ctx, w, s, entries[:n])
		w.must(err)
	}
	_, _, err = replay(ctx, w, s, entries)
	w.must(err)
	if a, b, c := w.client(s, "a"), w.client(s, "b"), w.client(s, "c"); a.State != client.Off || b.State != client.Deleted || len(c.Secrets) != 0 {
		t.Errorf("a is %s, b is %s, c has %d secrets", a.State, b.State, len(c.Secrets))
	}
	bad := append([]journal.Entry{{}}, entries...)
	if _, _, err := replay(ctx, w, s, bad); err == nil {
		t.Error("an entry that is none is replayed")
	}
}
