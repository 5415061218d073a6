package sqlite_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// revokedInTheLog gives a database that a process left by dying: the grant is
// in the file, and its revocation in the log alone.
func revokedInTheLog(t *testing.T) string {
	t.Helper()
	p := path(t)
	if out, err := another(t, "issue", p).CombinedOutput(); err != nil {
		t.Fatalf("the other process: %v: %s", err, out)
	}
	if out, err := another(t, "die", p).CombinedOutput(); err == nil || len(out) > 0 {
		t.Fatalf("the other process: %v: %s", err, out)
	}
	return p
}

func remove(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

func TestAFilePartedFromItsLogIsRefusedUntilAccepted(t *testing.T) {
	for name, part := range map[string]func(t *testing.T, p string) string{
		"the log was removed": func(t *testing.T, p string) string {
			remove(t, p+"-wal", p+"-shm")
			return p
		},
		"the file was moved without its log": func(t *testing.T, p string) string {
			to := filepath.Join(filepath.Dir(p), "moved.db")
			if err := os.Rename(p, to); err != nil {
				t.Fatal(err)
			}
			return to
		},
		"a backup was written over it in place": func(t *testing.T, p string) string {
			_ = open(t, p, sqlite.Options{}).Close()
			backup, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			s := open(t, p, sqlite.Options{})
			if _, err := rules.RevokeGrant(t.Context(), s, born(t, s, 1)[0].Grant, "asked"); err != nil {
				t.Fatal(err)
			}
			_ = s.Close()
			write(t, p, backup)
			return p
		},
		"the log was removed after a clean end": func(t *testing.T, p string) string {
			_ = open(t, p, sqlite.Options{}).Close()
			remove(t, p+"-wal", p+"-shm")
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := part(t, revokedInTheLog(t))
			for range 2 { // a refusal must not make the log that it misses
				s, err := sqlite.Open(t.Context(), p, sqlite.Options{})
				if err == nil {
					_ = s.Close()
				}
				if !errors.Is(err, sqlite.ErrCopied) || !strings.Contains(err.Error(), "rescind restore accept") {
					t.Fatalf("opening: %v", err)
				}
			}
			if _, err := os.Lstat(p + "-wal"); err == nil && name != "a backup was written over it in place" {
				t.Error("a refusal made a log")
			}
			for _, o := range []sqlite.Options{{Accept: true}, {}} {
				if err := open(t, p, o).Close(); err != nil {
					t.Errorf("%+v: %v", o, err)
				}
			}
		})
	}
}

func TestTheLogStaysHoweverTheProcessesEnd(t *testing.T) {
	p := path(t)
	there := func(when string) {
		t.Helper()
		if _, err := os.Lstat(p + "-wal"); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}
	_ = open(t, p, sqlite.Options{}).Close() // nothing was written after the schema
	there("made and closed")
	for first := range 2 {
		both := []*sqlite.Store{open(t, p, sqlite.Options{}), open(t, p, sqlite.Options{})}
		born(t, both[0], 3)
		born(t, both[1], 3)
		_ = both[first].Close()
		there("the first closed")
		born(t, both[1-first], 3)
		_ = both[1-first].Close()
		there("both closed")
	}
	if info, err := os.Lstat(p + "-wal"); err != nil || info.Size() != 0 {
		t.Errorf("a clean end left %d bytes in the log (%v)", info.Size(), err)
	}
	if out, err := another(t, "die", p).CombinedOutput(); err == nil || len(out) > 0 {
		t.Fatalf("the other process: %v: %s", err, out)
	}
	there("killed")
	s := open(t, p, sqlite.Options{})
	if n, err := s.Count(`SELECT count(*) FROM grants`); err != nil || n != 19 {
		t.Errorf("%d grants (%v)", n, err)
	}
}

// Two names of one file have two logs, and neither sees what is in the other.
func TestAFileOfTwoNamesIsRefused(t *testing.T) {
	p := closed(t)
	other := p + ".other"
	if err := os.Link(p, other); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{p, other} {
		for _, o := range []sqlite.Options{{}, {Accept: true}} {
			s, err := sqlite.Open(t.Context(), name, o)
			if err == nil {
				_ = s.Close()
				t.Fatalf("%s opened with %+v", name, o)
			}
			if !strings.Contains(err.Error(), "more than one name") {
				t.Errorf("%v", err)
			}
		}
	}
	remove(t, other)
	open(t, p, sqlite.Options{})
}

func TestOnlyTheOwnersFilesAreOpened(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give files away")
	}
	const stranger = 65534
	for _, suffix := range []string{"", "-wal", "-turn", "/.."} {
		p := closed(t)
		if err := os.Chown(filepath.Clean(p+suffix), stranger, -1); err != nil {
			t.Fatal(err)
		}
		s, err := sqlite.Open(t.Context(), p, sqlite.Options{})
		if err == nil {
			_ = s.Close()
			t.Errorf("with a stranger's %q it opened", suffix)
		} else if !strings.Contains(err.Error(), "chown") || !strings.Contains(err.Error(), "65534") {
			t.Errorf("%v", err)
		}
	}
	folder := t.TempDir()
	if err := os.Chown(folder, stranger, -1); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Open(t.Context(), filepath.Join(folder, "x.db"), sqlite.Options{}); err == nil {
		t.Error("it was made in a stranger's folder")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("a refusal left %v (%v)", left, err)
	}
}

func TestALogWithoutItsFileIsKept(t *testing.T) {
	p := revokedInTheLog(t)
	if err := os.Rename(p, p+".moved"); err != nil {
		t.Fatal(err)
	}
	if s, err := sqlite.Open(t.Context(), p, sqlite.Options{}); err == nil {
		_ = s.Close()
		t.Fatal("another database was made beside the log")
	} else if !strings.Contains(err.Error(), "bring that back") {
		t.Errorf("%v", err)
	}
	if err := os.Rename(p+".moved", p); err != nil {
		t.Fatal(err)
	}
	if n, err := open(t, p, sqlite.Options{}).Count(`SELECT count(*) FROM grants WHERE rev_at IS NOT NULL`); err != nil || n != 1 {
		t.Errorf("%d revoked grants (%v)", n, err)
	}
}

func TestAFailedWriteHasReadsLook(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	if err := os.Rename(p, p+".moved"); err != nil {
		t.Fatal(err)
	}
	if _, err := rules.Issue(t.Context(), s, birth()); err == nil {
		t.Error("a write succeeded")
	}
	if _, err := s.Generation(t.Context()); err == nil {
		t.Error("a read succeeded after a write had failed")
	}
}

func TestReadsEndWithTheFile(t *testing.T) {
	for name, lose := range map[string]func(t *testing.T, p string){
		"the file was moved": func(t *testing.T, p string) {
			if err := os.Rename(p, p+".moved"); err != nil {
				t.Fatal(err)
			}
		},
		"the file was replaced": func(t *testing.T, p string) {
			content, err := os.ReadFile(p)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Rename(write(t, p+".new", content), p); err != nil {
				t.Fatal(err)
			}
		},
		"the log was removed": func(t *testing.T, p string) { remove(t, p+"-wal") },
	} {
		t.Run(name, func(t *testing.T) {
			p := path(t)
			s := open(t, p, sqlite.Options{})
			g := born(t, s, 1)[0]
			lose(t, p)
			for end := time.Now().Add(2 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				_, err := s.Find(t.Context(), grant.Keys{Grants: ids(g)})
				if err != nil {
					if !strings.Contains(err.Error(), "moved or replaced") {
						t.Errorf("reading: %v", err)
					}
					break
				}
				if time.Now().After(end) {
					t.Fatal("reads go on")
				}
			}
			if _, err := s.Generation(t.Context()); err == nil {
				t.Error("a read succeeded after one had failed")
			}
			if _, err := rules.Issue(t.Context(), s, birth()); err == nil {
				t.Error("a write succeeded")
			}
		})
	}
}

func TestTheLogStaysSmallUnderSteadyLoad(t *testing.T) {
	p := path(t)
	s := open(t, p, sqlite.Options{})
	g := born(t, s, 1)[0]
	ctx, stop := context.WithTimeout(t.Context(), 4*time.Second)
	defer stop()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := s.Find(context.Background(), grant.Keys{Grants: ids(g)}); err != nil {
					t.Errorf("reading: %v", err)
					return
				}
			}
		})
	}
	for range 16 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if _, err := rules.Issue(context.Background(), s, birth()); err != nil {
					t.Errorf("writing: %v", err)
					return
				}
			}
		})
	}
	largest := int64(0)
	for ctx.Err() == nil {
		if info, err := os.Stat(p + "-wal"); err == nil {
			largest = max(largest, info.Size())
		}
		time.Sleep(20 * time.Millisecond)
	}
	wg.Wait()
	if largest > 48<<20 {
		t.Errorf("the log grew to %d MB", largest>>20)
	}
}
