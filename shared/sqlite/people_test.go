package sqlite_test

import (
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

// people puts n of every row of people into a store.
func people(t *testing.T, s *sqlite.Store, n int, now time.Time) {
	t.Helper()
	for i := range n {
		d := secret.NewText(fmt.Sprint("person ", i)).Digest()
		for _, err := range []error{
			s.PutUser(t.Context(), &user.Account{Key: user.Key(d), Version: 1, Subject: fmt.Sprint("subject ", i), State: user.On, Email: "ana@example.com",
				Password: secret.NewText("$argon2id$hash"), Op: secret.Op{1}, Created: now, Updated: now}, 0),
			s.CreateSession(t.Context(), &session.Session{ID: d, Account: user.Key(d), Subject: fmt.Sprint("subject ", i), Label: "ana", Born: now, IdleEnd: now.Add(time.Minute),
				AbsoluteEnd: now.Add(time.Hour), ExpiresAt: now.Add(2 * time.Hour), Op: secret.Op{1}}),
			s.PutConsents(t.Context(), &authorization.Consents{Subject: fmt.Sprint("subject ", i), Version: 1, Op: secret.Op{1}, Updated: now,
				Apps: []authorization.App{{ClientID: "app", Scope: []string{"read"}, Since: now.Truncate(time.Second).UTC()}}}, 0),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestExpiredSessionsGoWithLaterWrites(t *testing.T) {
	now := time.Now()
	s := open(t, path(t), sqlite.Options{Now: func() time.Time { return now }})
	people(t, s, 120, now)
	now = now.Add(3 * time.Hour)
	for i, want := range []int64{20, 0} { // one hundred with each group, and nothing else of people
		if err := s.Deny(t.Context(), grant.Denial{JTI: fmt.Sprint(i), At: now, ExpiresAt: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		sessions, err := s.Count(`SELECT count(*) FROM sessions`)
		others, err2 := s.Count(`SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM consents)`)
		if err != nil || err2 != nil || sessions != want || others != 240 {
			t.Errorf("after write %d there are %d sessions and %d other rows (%v, %v)", i+1, sessions, others, err, err2)
		}
	}
}

// A row that we cannot have written is an outage that holds none of it, and the
// check finds it without telling what a session is found by.
func TestADamagedRowOfAPersonIsAnOutageAndFound(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	people(t, s, 1, time.Now())
	d := secret.NewText("person 0").Digest()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for table, changes := range map[string][]string{
		"users":    {`state = 'maybe'`, `state = 'on', op = x'01'`, `op = NULL, ver = 9223372036854775807`},
		"sessions": {`account = x'01'`, `account = zeroblob(32), op = x'01'`, `op = NULL, generation = -1`},
		"consents": {`apps = '{'`, `apps = '[{"grants":[{"id":"zz"}]}]'`, `apps = '[]', ver = -1`},
	} {
		for _, change := range changes {
			alter(t, p, `UPDATE `+table+` SET `+change)
			if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) != 1 || !strings.Contains(found[0], "table "+table) ||
				table == "sessions" && strings.Contains(found[0], fmt.Sprintf("%x", d[:4])) {
				t.Errorf("after %s: the check finds %v, %v", change, found, err)
			}
			s := open(t, p, sqlite.Options{})
			var err error
			switch table {
			case "users":
				_, err = s.FindUser(t.Context(), user.Key(d))
				if _, listed := s.ListUsers(t.Context(), user.Key{}, 10); listed == nil {
					t.Errorf("after %s the accounts are listed", change)
				}
			case "sessions":
				_, err = s.FindSession(t.Context(), d)
			default:
				_, err = s.FindConsents(t.Context(), "subject 0")
			}
			if err == nil || strings.Contains(err.Error(), "zz") || !strings.Contains(err.Error(), p+" is damaged") {
				t.Errorf("after %s: %v", change, err)
			}
			_ = s.Close()
		}
		alter(t, p, `DELETE FROM `+table)
	}
	if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) > 0 {
		t.Errorf("once the rows are gone the check finds %v, %v", found, err)
	}
}

func TestABackupHoldsPeople(t *testing.T) {
	now := time.Now()
	s := open(t, path(t), sqlite.Options{})
	people(t, s, 3, now)
	info := backedUp(t, s)
	to := filepath.Join(t.TempDir(), "new", "s.db")
	r, err := sqlite.BeginRestore(t.Context(), to, info.Path, sqlite.RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	restored := open(t, to, sqlite.Options{})
	for i := range 3 {
		d := secret.NewText(fmt.Sprint("person ", i)).Digest()
		for what, find := range map[string]func(*sqlite.Store) (any, error){
			"session":  func(s *sqlite.Store) (any, error) { return s.FindSession(t.Context(), d) },
			"consents": func(s *sqlite.Store) (any, error) { return s.FindConsents(t.Context(), fmt.Sprint("subject ", i)) },
			"password": func(s *sqlite.Store) (any, error) {
				a, err := s.FindUser(t.Context(), user.Key(d))
				return a.Password.Reveal() + a.Subject, err
			},
		} {
			want, err := find(s)
			got, err2 := find(restored)
			if err != nil || err2 != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("a restored %s is another (%v, %v)", what, err, err2)
			}
		}
	}
}
