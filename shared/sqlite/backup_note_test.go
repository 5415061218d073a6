package sqlite

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var errCutOff = errors.New("cut off")

// cutAccept is a store whose accept with a journal was cut off.
func cutAccept(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "s.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if _, err := AcceptAfter(t.Context(), path, Options{}, func(*Store) error { return errCutOff }); !errors.Is(err, errCutOff) {
		t.Fatal(err)
	}
	return path
}

func refused(t *testing.T, path, why, says string) {
	t.Helper()
	s, err := Open(t.Context(), path, Options{})
	if err == nil {
		_ = s.Close()
		t.Fatalf("%s: it opens", why)
	}
	if !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v", why, err)
	}
}

// An empty file says that all is well, so a note is never emptied on the way
// to another.
func TestANoteIsWrittenOverTheOneBefore(t *testing.T) {
	path := cutAccept(t)
	before, err := os.ReadFile(path + "-lock")
	if err != nil || len(before) == 0 || len(before)%noteBytes != 0 {
		t.Fatalf("the note has %d bytes, %v", len(before), err)
	}
	f, err := os.OpenFile(path+"-lock", os.O_RDWR|os.O_APPEND, 0) // to which WriteAt fails, as where a crash comes before it
	if err != nil {
		t.Fatal(err)
	}
	lock := inUse{f}
	defer lock.close()
	if err := lock.begin(path, unfinished{Doing: doingRestore, Aside: "x"}); err == nil {
		t.Fatal("the note was written")
	}
	if after, err := os.ReadFile(path + "-lock"); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the note is %q, %v", after, err)
	}
	refused(t, path, "after a write that failed", "--replay")
}

// Whether an accept was pending, a note that cannot be read does not say.
func TestANoteThatCannotBeReadStaysRefused(t *testing.T) {
	path := cutAccept(t)
	if err := os.WriteFile(path+"-lock", []byte(`{"doing":"acc`), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, path, "torn", "cannot be read")
	if _, err := AcceptAfter(t.Context(), path, Options{}, nil); err == nil || !strings.Contains(err.Error(), "--replay") {
		t.Errorf("accepted without a journal: %v", err)
	}
	backup := filepath.Join(t.TempDir(), "backup")
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "other.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Backup(t.Context(), backup, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	if r, err := BeginRestore(t.Context(), path, backup, RestoreOptions{}); err == nil {
		r.Abort()
		t.Error("restored over a note that cannot be read")
	}
	refused(t, path, "after all that", "cannot be read")
	if _, err := AcceptAfter(t.Context(), path, Options{}, func(*Store) error { return nil }); err != nil {
		t.Errorf("accepted with a journal: %v", err)
	}
}

// A first note of which only the length reached the disk: nothing was begun.
func TestANoteOfZerosIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if err := os.WriteFile(path+"-lock", make([]byte, noteBytes), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := AcceptAfter(t.Context(), path, Options{}, nil); err != nil {
		t.Fatal(err)
	}
}

func TestAPlainAcceptDoesNotForgetAJournal(t *testing.T) {
	path := cutAccept(t)
	if _, err := AcceptAfter(t.Context(), path, Options{}, nil); err == nil || !strings.Contains(err.Error(), "--replay") {
		t.Errorf("accepted without the journal: %v", err)
	}
	refused(t, path, "after a plain accept", "--replay")
	if _, err := AcceptAfter(t.Context(), path, Options{}, func(*Store) error { return nil }); err != nil {
		t.Fatal(err)
	}
}

// Taking a restore back must not lose the accept that had been cut off before
// it, wherever that is cut off itself.
func TestTakingBackKeepsAPendingAccept(t *testing.T) {
	path := cutAccept(t)
	if err := os.WriteFile(path+stagingSuffix, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	lock, err := enter(path, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.begin(path, unfinished{Doing: doingRestore, Aside: "s.db.before-x", Present: true, Accepts: true}); err != nil {
		t.Fatal(err)
	}
	if err := recoverRestore(path, lock, RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	lock.close()
	refused(t, path, "taken back", "--replay")
	if _, err := os.Lstat(path + stagingSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the staging is left: %v", err)
	}
}

// What a restore prepares beside the store is a store itself by then, in which
// nothing was replayed yet.
func TestWhatARestorePreparesIsOpenedByNobodyElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.db")
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup")
	if _, err := s.Backup(t.Context(), backup, BackupOptions{}); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	r, err := BeginRestore(t.Context(), path, backup, RestoreOptions{})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, path+stagingSuffix, "under the restore", "being restored")
	// It is killed: its locks go, its files stay.
	_ = r.staged.Close()
	_ = r.present.Close()
	r.stagingLock.close()
	r.lock.close()
	refused(t, path+stagingSuffix, "after a kill", "cut off")
	if _, err := AcceptAfter(context.Background(), path, Options{}, nil); err != nil {
		t.Fatal(err)
	}
	if names, err := filepath.Glob(path + stagingSuffix + "*"); err != nil || len(names) > 0 {
		t.Errorf("left %v, %v", names, err)
	}
}
