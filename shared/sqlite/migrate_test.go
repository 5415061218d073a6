package sqlite_test

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
	"rescind/shared/token"
	"rescind/shared/user"
)

//go:embed testdata/schema1.sql
var schema1 string

// newer is what a program of the next version leaves in a file.
var newer = fmt.Sprintf(`PRAGMA user_version = %d`, sqlite.Version+1)

// schemaOf is what the programs of a version made. Versions 2 and 3 have the
// same, with checksums in version 3.
func schemaOf(version int) string {
	if version == 1 {
		return schema1
	}
	return schema1 + "CREATE INDEX grants_client ON grants (client, id) WHERE subject <> '';\n"
}

// old makes a database of a version that holds the rows of another.
func old(t *testing.T, rowsOf string, version int) string {
	t.Helper()
	p := write(t, path(t), nil)
	if err := sqlite.CreateOld(p, schemaOf(version), version); err != nil {
		t.Fatal(err)
	}
	statements := []string{fmt.Sprintf(`ATTACH '%s' AS other`, rowsOf), `UPDATE meta SET generation = (SELECT generation FROM other.meta)`}
	for _, table := range []string{"clients", "subjects", "grants", "denied"} {
		statements = append(statements, fmt.Sprintf(`INSERT INTO %s SELECT * FROM other.%[1]s`, table))
	}
	alter(t, p, statements...)
	return p
}

// populated is a store that holds some of every row, and what it holds.
func populated(t *testing.T) (path string, all grant.Keys, machine token.GrantID) {
	t.Helper()
	path = closed(t)
	s := open(t, path, sqlite.Options{})
	b := birth()
	b.Subject = ""
	own, err := rules.Issue(t.Context(), s, b)
	if err == nil {
		_, err = rules.RevokeSubject(t.Context(), s, "mallory")
	}
	if err == nil {
		err = s.Deny(t.Context(), grant.Denial{JTI: "jti", At: time.Now(), Reason: "r", ExpiresAt: time.Now().Add(time.Hour)})
	}
	if err != nil {
		t.Fatal(err)
	}
	all = grant.Keys{Grants: append(ids(born(t, s, 3)...), own.Grant), Subjects: []string{"mallory", "alice"}, Denied: []string{"jti"}}
	return path, all, own.Grant
}

func found(t *testing.T, s *sqlite.Store, all grant.Keys) grant.Rows {
	t.Helper()
	rows, err := s.Find(t.Context(), all)
	if err != nil || slices.Contains(rows.Grants, nil) || rows.Subjects[0] == 0 || rows.Denied[0].At.IsZero() {
		t.Fatalf("rows are missing (%v)", err)
	}
	return rows
}

func TestAnOlderFileIsMigratedAndKeepsItsRows(t *testing.T) {
	from, all, machine := populated(t)
	for version, becomes := range map[int]int64{1: sqlite.Sumless, 2: sqlite.Sumless, 3: sqlite.Version} {
		t.Run(fmt.Sprint("version ", version), func(t *testing.T) {
			p := old(t, from, version)
			if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) > 0 {
				t.Errorf("before, the check finds %v, %v", found, err)
			}
			s := open(t, p, sqlite.Options{})
			rows := found(t, s, all)
			if want := found(t, open(t, from, sqlite.Options{}), all); !reflect.DeepEqual(rows, want) {
				t.Error("a row was changed")
			}
			listed, err := s.ListClientGrants(t.Context(), rows.Grants[0].ClientID, token.GrantID{}, 10)
			if err != nil || len(listed) != 3 || slices.Contains(listed, machine) {
				t.Errorf("the client's grants are %v, error %v", listed, err)
			}
			born(t, s, 1)
			account := &user.Account{Key: user.Key{1}, Version: 1, Subject: "s", State: user.On}
			if err := s.PutUser(t.Context(), account, 0); err != nil {
				t.Errorf("an account in it: %v", err)
			}
			if v, err := s.Count(`PRAGMA user_version`); err != nil || v != becomes {
				t.Errorf("the version is %d, error %v", v, err)
			}
			if a, b := names(t, s), names(t, open(t, path(t), sqlite.Options{})); !slices.Equal(a, b) {
				t.Errorf("migrated it has %v, made anew %v", a, b)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) > 0 {
				t.Errorf("the check finds %v, %v", found, err)
			}
			found(t, open(t, p, sqlite.Options{}), all) // a second time there is nothing to do
		})
	}
}

// A program that has an older file open when another migrates it writes nothing
// more into it: it would not know what to leave alone.
func TestAProgramOfAnotherVersionStopsWriting(t *testing.T) {
	p := closed(t)
	s := open(t, p, sqlite.Options{})
	b := birth()
	for _, version := range []int64{sqlite.Sumless, 3, sqlite.Version + 1, sqlite.Version + 2} {
		alter(t, p, fmt.Sprintf(`PRAGMA user_version = %d`, version))
		if _, err := rules.Issue(t.Context(), s, b); err == nil || !strings.Contains(err.Error(), "upgrade") {
			t.Errorf("into a file of version %d: %v", version, err)
		}
	}
	if _, err := sqlite.Open(t.Context(), p, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "newer rescind") {
		t.Errorf("opening it: %v", err)
	}
}

// names are the tables and indexes with the columns of each.
func names(t *testing.T, s *sqlite.Store) []string {
	t.Helper()
	all, err := s.Texts(`SELECT s.type || ' ' || s.name || ' ' || coalesce((SELECT group_concat(c.name || c.type || c."notnull") FROM pragma_table_info(s.name) c),
		(SELECT group_concat(coalesce(c.name, 'rowid')) FROM pragma_index_xinfo(s.name) c)) || CASE WHEN s.sql LIKE '%WHERE subject%' THEN ' partial' ELSE '' END
		FROM sqlite_schema s ORDER BY 1`)
	if err != nil || len(all) < 8 {
		t.Fatalf("%d tables and indexes, %v", len(all), err)
	}
	return all
}

func TestProcessesThatMigrateAtOnceAllOpen(t *testing.T) {
	from, all, _ := populated(t)
	p := old(t, from, 1)
	var both sync.WaitGroup
	for range 6 {
		both.Go(func() {
			s, err := sqlite.Open(t.Context(), p, sqlite.Options{})
			if err != nil {
				t.Errorf("opening: %v", err)
				return
			}
			defer func() { _ = s.Close() }()
			if _, err := s.Find(t.Context(), all); err != nil {
				t.Error(err)
			}
			if _, err := rules.Issue(t.Context(), s, birth()); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
}

// What may be a copy is an operator's to decide about, and stays as it is until then.
func TestACopyOfVersion1IsRefusedAsItIs(t *testing.T) {
	from, all, _ := populated(t)
	b, err := os.ReadFile(old(t, from, 1))
	if err != nil {
		t.Fatal(err)
	}
	p := write(t, path(t), b)
	write(t, p+"-wal", nil)
	if _, err := sqlite.Open(t.Context(), p, sqlite.Options{}); !errors.Is(err, sqlite.ErrCopied) {
		t.Fatalf("opening a copy: %v", err)
	}
	if after, err := os.ReadFile(p); err != nil || len(after) != len(b) {
		t.Errorf("the copy has %d bytes, not %d (%v)", len(after), len(b), err)
	}
	s := open(t, p, sqlite.Options{Accept: true})
	if rows := found(t, s, all); rows.Generation <= rows.Grants[0].Epochs.Store {
		t.Error("the grants in an accepted copy are not ended")
	}
	if v, err := s.Count(`PRAGMA user_version`); err != nil || v != sqlite.Sumless {
		t.Errorf("the version is %d, error %v", v, err)
	}
}
