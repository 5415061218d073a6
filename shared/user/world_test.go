package user_test

import (
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

// world is accounts on a real store that can break, and a clock that only the
// test moves.
type world struct {
	*testing.T
	accounts *user.Accounts
	store    *broken.Store
	db       *sqlite.Store // the same, which never breaks and counts nothing
	hashes   *user.Hashes
	clock    time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{T: t, store: broken.Wrap(db), db: db, clock: time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("elsewhere", 3600))}
	now := func() time.Time { return w.clock }
	raiser := grant.SubjectEnder{Rules: grant.Defaults(now, rand.Reader), Store: w.store}
	w.accounts = user.NewAccounts(w.store, raiser, now, rand.Reader)
	w.hashes = w.accounts.CountHashes()
	return w
}

// epoch is a subject's current one.
func (w *world) epoch(subject string) int64 {
	w.Helper()
	read, err := w.db.Find(w.Context(), grant.Keys{Subjects: []string{subject}})
	if err != nil {
		w.Fatal(err)
	}
	return read.Subjects[0]
}

func (w *world) row(key user.Key) *user.Account {
	w.Helper()
	a, err := w.db.FindUser(w.Context(), key)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// rewrite puts a row past the rules, as somebody else's change.
func (w *world) rewrite(key user.Key, edit func(*user.Account)) {
	w.Helper()
	a := *w.row(key)
	a.Version++
	edit(&a)
	if err := w.db.PutUser(w.Context(), &a, a.Version-1); err != nil {
		w.Fatal(err)
	}
}

// fail has every call of a verb fail until Heal.
func (w *world) fail(verb broken.Verb) { w.store.Inject(broken.Fault{Verb: verb}) }

// onCall runs f before each call of a verb, but for those that f makes itself.
func (w *world) onCall(verb broken.Verb, f func()) {
	within := false
	w.store.Hook(func(c broken.Call) {
		if c.Verb == verb && !c.After && !within {
			within = true
			f()
			within = false
		}
	})
}

const (
	email = "Ann@Example.com"
	here  = "192.0.2.1"
	there = "198.51.100.7"
)

var (
	right = secret.NewText("tr0ub4dor & three")
	wrong = secret.NewText("tr0ub4dor & seven")
)

func (w *world) create(email string) *user.Account {
	w.Helper()
	a, err := w.accounts.Create(w.Context(), email, right)
	if err != nil {
		w.Fatal(err)
	}
	w.hashes.Since()
	w.store.Reset()
	return a
}

func (w *world) verify(email string, password secret.Text, source string) error {
	_, err := w.accounts.Verify(w.Context(), email, password, source)
	return err
}

func isThrottled(err error) bool { return errors.As(err, new(*user.ErrThrottled)) }
