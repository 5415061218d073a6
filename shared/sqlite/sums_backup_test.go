package sqlite_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rescind/shared/sqlite"
)

// A backup has the sums of the store, however large it is, and one that was
// damaged since is not restored.
func TestABackupIsCheckedWhenRestored(t *testing.T) {
	r := newRestoring(t)
	if found, err := sqlite.Check(t.Context(), r.backup); err != nil || len(found) > 0 {
		t.Fatalf("the check says %v, %v", found, err)
	}
	whole, err := os.ReadFile(r.backup)
	if err != nil {
		t.Fatal(err)
	}
	for page := 2; page <= len(whole)/pageSize; page++ {
		write(t, r.backup, whole)
		flip(t, r.backup, int64(page)*pageSize-1000)
		b, err := sqlite.BeginRestore(t.Context(), r.path, r.backup, sqlite.RestoreOptions{})
		if err == nil {
			b.Abort()
			t.Errorf("with a bit of page %d flipped it is restored", page)
		} else if !strings.Contains(err.Error(), "is damaged") && !strings.Contains(err.Error(), "a damaged one") || !strings.Contains(err.Error(), fmt.Sprintf("page %d has a wrong checksum", page)) {
			t.Errorf("page %d: %v", page, err)
		}
	}
	if r.state("after refusals") != "old" {
		t.Error("a refusal changed the store")
	}
}

// An older store has no sums, and works as it did. A backup of it gets them
// when it is restored.
func TestAnOlderStoreHasSumsOnceItsBackupIsRestored(t *testing.T) {
	from, all, _ := populated(t)
	p := old(t, from, 1)
	var says bytes.Buffer
	s := open(t, p, sqlite.Options{Logger: slog.New(slog.NewTextHandler(&says, nil))})
	rows := found(t, s, all)
	if !strings.Contains(says.String(), "no checksums") || !strings.Contains(says.String(), "rescind restore") {
		t.Errorf("opening it says %q", says.String())
	}
	info := backedUp(t, s)
	_ = s.Close()
	to := filepath.Join(t.TempDir(), "new", "s.db")
	r, err := sqlite.BeginRestore(t.Context(), to, info.Path, sqlite.RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	says.Reset()
	s = open(t, to, sqlite.Options{Logger: slog.New(slog.NewTextHandler(&says, nil))})
	if v, err := s.Count(`PRAGMA user_version`); err != nil || v != sqlite.Version || says.Len() > 0 {
		t.Errorf("restored it has version %d (%v), and says %q", v, err, says.String())
	}
	is := found(t, s, all)
	if len(is.Grants) != len(rows.Grants) || is.Generation <= rows.Generation || !is.Denied[0].At.Equal(rows.Denied[0].At) {
		t.Error("the rows are not those of the backup")
	}
	if a, b := names(t, s), names(t, open(t, path(t), sqlite.Options{})); strings.Join(a, " ") != strings.Join(b, " ") {
		t.Errorf("restored it has %v, made anew %v", a, b)
	}
	born(t, s, 3)
	_ = s.Close()
	if found, err := sqlite.Check(t.Context(), to); err != nil || len(found) > 0 {
		t.Errorf("the check says %v, %v", found, err)
	}
	whole, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	for page := 1; page <= len(whole)/pageSize; page++ {
		if !sqlite.SumIsRight(whole[(page-1)*pageSize : page*pageSize]) {
			t.Errorf("page %d has no sum", page)
		}
	}
}
