package sqlite_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// damage overwrites pages of a file, from the first to before the last,
// counted from 1.
func damage(t *testing.T, path string, first, last int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, int(last-first)*4096), (first-1)*4096); err != nil {
		t.Fatal(err)
	}
}

func TestAWholeStoreHasNoFindings(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	born(t, s, 200)
	for _, when := range []string{"while it is open", "after it was closed"} {
		if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) > 0 {
			t.Errorf("%s: %v, %v", when, found, err)
		}
		_ = s.Close()
	}
	remove(t, p+"-wal", p+"-shm")
	before, err := filepath.Glob(p + "*")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := sqlite.Check(t.Context(), p); err != nil || len(found) > 0 {
		t.Errorf("without a log: %v, %v", found, err)
	}
	if after, err := filepath.Glob(p + "*"); err != nil || len(after) != len(before) {
		t.Errorf("the check left %v beside %v", after, before)
	}
}

// Each page of a store in turn: whatever is on it, it is noticed, and where it
// belongs to a table or index that is said.
func TestADamagedPageIsNoticedAndNamed(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	born(t, s, 100)
	_ = s.Close()
	whole, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	pages := int64(len(whole) / 4096)
	if pages < 20 {
		t.Fatalf("only %d pages", pages)
	}
	named := 0
	for page := int64(1); page <= pages; page++ {
		write(t, p, whole)
		damage(t, p, page, page+1)
		found, err := sqlite.Check(t.Context(), p)
		if err != nil {
			t.Errorf("page %d: %v", page, err)
		}
		if len(found) == 0 {
			t.Errorf("page %d of %d was overwritten, and nothing was found", page, pages)
			continue
		}
		if all := strings.Join(found, "\n"); strings.Contains(all, "table ") || strings.Contains(all, "index ") {
			named++
		}
	}
	if named < int(pages)-2 {
		t.Errorf("of %d pages %d were named", pages, named)
	}
}

func TestCheckSaysWhatItCannotCheck(t *testing.T) {
	junk := write(t, path(t), bytes.Repeat([]byte("junk"), 5000))
	if found, err := sqlite.Check(t.Context(), junk); err != nil || len(found) != 1 || !strings.Contains(found[0], "not a database") {
		t.Errorf("junk: %v, %v", found, err)
	}
	foreign := write(t, path(t), nil)
	alter(t, foreign, `CREATE TABLE theirs (x)`)
	if _, err := sqlite.Check(t.Context(), foreign); err == nil || !strings.Contains(err.Error(), "another program") {
		t.Errorf("another program's: %v", err)
	}
	if _, err := sqlite.Check(t.Context(), filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) && (err == nil || !strings.Contains(err.Error(), "no such file")) {
		t.Errorf("none: %v", err)
	}
	lacking := closed(t)
	alter(t, lacking, `DROP TABLE denied`)
	if found, err := sqlite.Check(t.Context(), lacking); err != nil || len(found) != 1 || !strings.Contains(found[0], "denied") {
		t.Errorf("a table is missing: %v, %v", found, err)
	}
	unreadable := path(t)
	s := open(t, unreadable, sqlite.Options{})
	g := born(t, s, 3)[1]
	_ = s.Close()
	alter(t, unreadable, `UPDATE grants SET a0 = x'00' WHERE id = x'`+g.Grant.String()+`'`)
	if found, err := sqlite.Check(t.Context(), unreadable); err != nil || len(found) != 1 || !strings.Contains(found[0], g.Grant.String()) {
		t.Errorf("a row that cannot be read: %v, %v", found, err)
	}
}

// At run time a damaged page is an outage that names the file, for reads and
// writes alike, and never "unknown".
func TestADamagedPageIsAnOutageThatNamesTheFile(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	all := born(t, s, 500)
	_ = s.Close()
	info, err := os.Stat(p)
	if err != nil {
		t.Fatal(err)
	}
	pages := info.Size() / 4096
	damage(t, p, pages/3, pages)
	s = open(t, p, sqlite.Options{})
	reads, writes := 0, 0
	for _, tokens := range all {
		rows, err := s.Find(t.Context(), grant.Keys{Grants: ids(tokens)})
		if err == nil && rows.Grants[0] == nil {
			t.Error("a grant on a damaged page is unknown")
		}
		if err != nil {
			reads++
			saysFile(t, p, err)
		}
		if _, err := rules.RevokeGrant(t.Context(), s, tokens.Grant, "asked"); err != nil {
			writes++
			saysFile(t, p, err)
		}
	}
	if reads == 0 || writes == 0 {
		t.Errorf("%d reads and %d writes met the damage", reads, writes)
	}
}

func saysFile(t *testing.T, p string, err error) {
	t.Helper()
	if text := err.Error(); !strings.Contains(text, p+" is damaged") || !strings.Contains(text, "SQLite: ") && !strings.Contains(text, "has a wrong checksum") && !strings.Contains(text, "a row") || !strings.Contains(text, "rescind restore") {
		t.Fatalf("the error is %v", err)
	}
}
