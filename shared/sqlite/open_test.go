package sqlite_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// closed makes a database and gives its path.
func closed(t *testing.T) string {
	t.Helper()
	p := path(t)
	if err := open(t, p, sqlite.Options{}).Close(); err != nil {
		t.Fatal(err)
	}
	return p
}

func alter(t *testing.T, path string, statements ...string) {
	t.Helper()
	if err := sqlite.Exec(path, statements...); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The sentences are what an operator reads before exit status 1. Permissions
// alone prove nothing here, since tests may run as root.
func TestOpenRefusesWith(t *testing.T) {
	for _, c := range []struct {
		name string
		at   func(t *testing.T) string
		o    sqlite.Options
		says []string
	}{
		{"a folder below a file", func(t *testing.T) string { return filepath.Join(write(t, path(t), nil), "below", "x.db") },
			sqlite.Options{}, []string{"not a directory", "choose"}},
		{"a folder that nobody can make", func(*testing.T) string { return "/proc/rescind/x.db" },
			sqlite.Options{}, []string{"cannot make the folder /proc/rescind", "choose a folder that you may write to"}},
		{"a file that nobody can make", func(*testing.T) string { return "/proc/self/x.db" },
			sqlite.Options{}, []string{"cannot make the database /proc/self/x.db", "choose a folder that you may write to"}},
		{"a folder as the file", func(t *testing.T) string { return t.TempDir() },
			sqlite.Options{}, []string{"is not a regular file", "name another"}},
		{"a file of something else", func(t *testing.T) string {
			return write(t, path(t), bytes.Repeat([]byte("not a database\n"), 1000))
		}, sqlite.Options{}, []string{"is not a database", "move it away"}},
		{"a damaged file", func(t *testing.T) string {
			p := closed(t)
			b, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			copy(b[100:4096], bytes.Repeat([]byte{0xff}, 4096))
			return write(t, p, b)
		}, sqlite.Options{}, []string{"is damaged", "put a backup in its place"}},
		{"a database that lacks a table", func(t *testing.T) string {
			p := closed(t)
			alter(t, p, `DROP TABLE meta`)
			return p
		}, sqlite.Options{}, []string{"is damaged"}},
		{"a newer database", func(t *testing.T) string {
			p := closed(t)
			alter(t, p, newer)
			return p
		}, sqlite.Options{}, []string{"was made by a newer rescind; upgrade this program"}},
		{"a database of no version", func(t *testing.T) string {
			p := closed(t)
			alter(t, p, `PRAGMA user_version = 0`)
			return p
		}, sqlite.Options{}, []string{"is damaged"}},
		{"another program's database", func(t *testing.T) string {
			p := write(t, path(t), nil)
			alter(t, p, `CREATE TABLE theirs (x)`)
			return p
		}, sqlite.Options{}, []string{"belongs to another program; name another file"}},
		{"no database where one must be", func(t *testing.T) string { return path(t) }, sqlite.Options{MustExist: true}, []string{"there is no database", "start the server once"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := sqlite.Open(t.Context(), c.at(t), c.o)
			if err == nil {
				_ = s.Close()
				t.Fatal("it opened")
			}
			for _, says := range c.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("the error does not say %q: %s", says, err)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is more than one line: %s", err)
			}
		})
	}
}

func TestOpenLeavesAnotherProgramsFileAlone(t *testing.T) {
	p := write(t, path(t), nil)
	alter(t, p, `CREATE TABLE theirs (x)`)
	before, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), p, sqlite.Options{}); err == nil {
		t.Fatal("it opened")
	}
	after, err := os.ReadFile(p)
	if err != nil || !bytes.Equal(before, after) {
		t.Fatalf("the file was changed (%v)", err)
	}
}

func TestEveryConnectionSyncs(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	writer, readers, err := s.Synchronous()
	if err != nil || writer != 2 || len(readers) != 4 {
		t.Fatalf("PRAGMA synchronous: the writer has %d, the readers %v (%v)", writer, readers, err)
	}
	for _, n := range readers {
		if n != 2 {
			t.Errorf("a reader has synchronous %d", n)
		}
	}
}

func TestOnlyTheOwnerMayReadTheFiles(t *testing.T) {
	p := path(t)
	modes := func() {
		t.Helper()
		for name, want := range map[string]os.FileMode{filepath.Dir(p): 0o700, p: 0o600, p + "-wal": 0o600, p + "-shm": 0o600, p + "-turn": 0o600} {
			info, err := os.Stat(name)
			if err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v (%v), not %v", filepath.Base(name), info.Mode().Perm(), err, want)
			}
		}
	}
	s := open(t, p, sqlite.Options{})
	born(t, s, 1)
	modes()
	for _, name := range []string{p, p + "-wal", p + "-shm", p + "-turn"} {
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	open(t, p, sqlite.Options{})
	modes()
}

func TestAFolderOpenToEverybody(t *testing.T) {
	folder := t.TempDir()
	for mode, want := range map[os.FileMode]string{0o777: "chmod 700", 0o777 | os.ModeSticky: "", 0o770: ""} {
		if err := os.Chmod(folder, mode); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		s, err := sqlite.Open(t.Context(), filepath.Join(folder, "x.db"), sqlite.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("mode %v: %v", mode, err)
			}
			continue
		}
		if err != nil || !strings.Contains(log.String(), "others may write") {
			t.Errorf("mode %v: %v, log %q", mode, err, &log)
		}
		_ = s.Close()
	}
}

func TestACopyIsRefusedUntilAccepted(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	g := born(t, s, 1)[0]
	before, err := s.Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	content, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	kept := write(t, p+".copy", content) // while the original stands, so that the inode is another
	if err := os.Rename(kept, p); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), p, sqlite.Options{})
	if !errors.Is(err, sqlite.ErrCopied) || !strings.Contains(err.Error(), "rescind restore accept") {
		t.Fatalf("a copy: %v", err)
	}
	for _, o := range []sqlite.Options{{Accept: true}, {}} {
		s := open(t, p, o)
		rows, err := s.Find(t.Context(), grant.Keys{Grants: ids(g)})
		if err != nil || rows.Generation <= before || rows.Grants[0] == nil {
			t.Fatalf("after accepting: %+v, %v; the generation was %d", rows, err, before)
		}
		_ = s.Close()
	}
}

func TestAcceptRaisesTheGenerationPastTheStoredOne(t *testing.T) {
	p := path(t)
	then := time.UnixMilli(1_800_000_000_000)
	s := open(t, p, sqlite.Options{Now: func() time.Time { return then }})
	_ = s.Close()
	s = open(t, p, sqlite.Options{Accept: true, Now: func() time.Time { return then.Add(-time.Hour) }})
	if n, err := s.Generation(t.Context()); err != nil || n != then.UnixMilli()+1 {
		t.Fatalf("generation %d (%v)", n, err)
	}
}
