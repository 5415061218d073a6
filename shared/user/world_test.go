package user_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

var errInjected = errors.New("the store is away")

// rows is a store of accounts in memory that keeps the interface's promises.
type rows struct {
	mu     sync.Mutex
	all    map[user.Key]user.Account
	finds  int
	before func(verb string) error // refuses a call
	after  func(verb string) error // loses an answer
}

func (s *rows) call(verb string, do func() error) error {
	if s.before != nil {
		if err := s.before(verb); err != nil {
			return err
		}
	}
	s.mu.Lock()
	err := do()
	s.mu.Unlock()
	if s.after != nil {
		return errors.Join(err, s.after(verb))
	}
	return err
}

func (s *rows) FindUser(_ context.Context, key user.Key) (found *user.Account, err error) {
	err = s.call("find", func() error {
		s.finds++
		if a, ok := s.all[key]; ok {
			found = &a
		}
		return nil
	})
	return found, err
}

func (s *rows) PutUser(ctx context.Context, a *user.Account, ver int64) error {
	return s.call("put", func() error {
		if err := ctx.Err(); err != nil {
			return err
		}
		stored, ok := s.all[a.Key]
		switch {
		case ok && stored.Version != ver:
			return &user.Conflict{Stored: &stored}
		case !ok && ver != 0:
			return &user.Conflict{}
		case a.Version != ver+1 || a.Op.IsZero():
			return errors.New("the row's version or op is wrong")
		}
		s.all[a.Key] = *a
		return nil
	})
}

func (s *rows) ListUsers(_ context.Context, after user.Key, limit int) (list []*user.Account, err error) {
	err = s.call("list", func() error {
		for key, a := range s.all {
			if bytes.Compare(key[:], after[:]) > 0 {
				list = append(list, &a)
			}
		}
		slices.SortFunc(list, func(a, b *user.Account) int { return bytes.Compare(a.Key[:], b.Key[:]) })
		list = list[:min(limit, len(list))]
		return nil
	})
	return list, err
}

// raiser is the rules over a real store, which can break.
type raiser struct {
	grant.SubjectEnder
	fail   error
	before func(subject string)
}

func (r *raiser) EndSubject(ctx context.Context, subject string) error {
	if r.before != nil {
		r.before(subject)
	}
	if r.fail != nil {
		return r.fail
	}
	return r.SubjectEnder.EndSubject(ctx, subject)
}

// world is accounts on stores that can break, and a clock that only the test moves.
type world struct {
	*testing.T
	accounts *user.Accounts
	store    *rows
	raiser   *raiser
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
	w := &world{T: t, store: &rows{all: map[user.Key]user.Account{}}, clock: time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.FixedZone("elsewhere", 3600))}
	now := func() time.Time { return w.clock }
	w.raiser = &raiser{SubjectEnder: grant.SubjectEnder{Rules: grant.Defaults(now, rand.Reader), Store: db}}
	w.accounts = user.NewAccounts(w.store, w.raiser, now, rand.Reader)
	w.hashes = w.accounts.CountHashes()
	return w
}

// epoch is a subject's current one.
func (w *world) epoch(subject string) int64 {
	w.Helper()
	read, err := w.raiser.Store.Find(w.Context(), grant.Keys{Subjects: []string{subject}})
	if err != nil {
		w.Fatal(err)
	}
	return read.Subjects[0]
}

func (w *world) row(key user.Key) *user.Account {
	w.Helper()
	a, err := w.store.FindUser(w.Context(), key)
	if err != nil {
		w.Fatal(err)
	}
	return a
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
	return a
}

func (w *world) verify(email string, password secret.Text, source string) error {
	_, err := w.accounts.Verify(w.Context(), email, password, source)
	return err
}

func isThrottled(err error) bool { return errors.As(err, new(*user.ErrThrottled)) }
