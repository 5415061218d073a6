package sqlite_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/shared/sqlite"
)

// A store that cannot be opened may be an old copy: it is no backup of now.
func TestAStoreThatCouldNotBeOpenedIsNotStampedWithNow(t *testing.T) {
	for _, step := range []string{"", sqlite.StepMark} {
		r := newRestoring(t)
		copied, err := os.ReadFile(r.path)
		if err != nil {
			t.Fatal(err)
		}
		remove(t, r.path, r.path+"-turn")
		write(t, filepath.Join(filepath.Dir(r.path), "other"), nil) // takes the inode
		write(t, r.path, copied)
		if step != "" {
			r.killedAt(step)
			b, err := sqlite.BeginRestore(t.Context(), r.path, r.backup, sqlite.RestoreOptions{})
			if err != nil {
				t.Fatal(err)
			}
			b.Abort()
		} else if done := r.restore(); done.Kept == nil || !strings.Contains(done.Kept.Error(), "stays as it is") {
			t.Errorf("kept: %v", done.Kept)
		}
		names := asideOf(t, r.path)
		if len(names) == 0 {
			t.Fatal("nothing was set aside")
		}
		info, err := sqlite.ReadBackup(names[0])
		if err == nil {
			t.Errorf("killed at %q: the copy became a backup of %v", step, info.TakenAt)
		}
		r.litter()
	}
}

// Of a store whose accept was cut off nobody knows how much was replayed.
func TestAStoreThatWasHalfAcceptedIsABackupOfNoTime(t *testing.T) {
	r := newRestoring(t)
	_, err := sqlite.AcceptAfter(t.Context(), r.path, sqlite.Options{}, func(*sqlite.Store) error { return errHalf })
	if err == nil {
		t.Fatal("accepted")
	}
	done := r.restore()
	info, err := sqlite.ReadBackup(done.Aside)
	if err != nil || done.Kept != nil || info.TakenAt.Year() != 1970 {
		t.Errorf("%+v, %v, kept %v", info, err, done.Kept)
	}
	r.litter()
}

func TestABackupOfTheFutureIsRefused(t *testing.T) {
	p := path(t)
	for ahead, ok := range map[time.Duration]bool{time.Minute: true, 2 * time.Hour: false} {
		s := open(t, p, sqlite.Options{Now: func() time.Time { return time.Now().Add(ahead) }})
		info := backedUp(t, s)
		_ = s.Close()
		r, err := sqlite.BeginRestore(t.Context(), path(t), info.Path, sqlite.RestoreOptions{})
		if err == nil {
			r.Abort()
		}
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "clock") {
			t.Errorf("%v ahead: %v", ahead, err)
		}
	}
}

func TestABackupIntoAnothersFolderIsRefused(t *testing.T) {
	s := open(t, path(t), sqlite.Options{})
	open := t.TempDir()
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	theirs := t.TempDir()
	folders := map[string]string{open: "everybody"}
	if os.Geteuid() == 0 {
		if err := os.Chown(theirs, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		folders[theirs] = "12345"
	}
	for folder, says := range folders {
		_, err := s.Backup(t.Context(), filepath.Join(folder, "backup"), sqlite.BackupOptions{})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
		if names, err := os.ReadDir(folder); err != nil || len(names) > 0 {
			t.Errorf("left %v, %v", names, err)
		}
	}
}

// Whoever puts another file in the place of the one that is written gets
// neither the backup nor our write to theirs.
func TestAFileThatWasExchangedUnderABackupIsRefused(t *testing.T) {
	for name, exchange := range map[string]func(to, victim string) error{
		"a link": func(to, victim string) error { return os.Symlink(victim, to) },
		"a file": func(to, victim string) error { return os.Link(victim, to) },
	} {
		s := open(t, path(t), sqlite.Options{})
		born(t, s, 1)
		theirs, err := os.ReadFile(backedUp(t, s).Path)
		if err != nil {
			t.Fatal(err)
		}
		victim := write(t, filepath.Join(t.TempDir(), "victim"), theirs)
		to := filepath.Join(t.TempDir(), "backup")
		_, err = s.Backup(t.Context(), to, sqlite.BackupOptions{Progress: func(int64, int64) {
			remove(t, to+".partial")
			if err := exchange(to+".partial", victim); err != nil {
				t.Error(err)
			}
		}})
		if err == nil || !strings.Contains(err.Error(), "was exchanged") {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Lstat(to); err == nil {
			t.Errorf("%s became the backup", name)
		}
		if b, err := os.ReadFile(victim); err != nil || !bytes.Equal(b, theirs) {
			t.Errorf("%s: the victim was changed, %v", name, err)
		}
	}
}

// A hostile file's names would speak to the terminal.
func TestFindingsArePrintable(t *testing.T) {
	r := newRestoring(t)
	s := open(t, r.path, sqlite.Options{Accept: true})
	_ = s.Close()
	alter(t, r.path, "CREATE TABLE \"x\x1b]0;y\x07"+strings.Repeat("z", 5000)+"\" (n NULL, m)", "INSERT INTO \"x\x1b]0;y\x07"+strings.Repeat("z", 5000)+"\" (n) VALUES (NULL)", `PRAGMA writable_schema = ON`,
		"UPDATE sqlite_schema SET sql = replace(sql, 'n NULL, m', 'n NOT NULL, m')")
	found, err := sqlite.Check(t.Context(), r.path)
	if len(found) == 0 {
		t.Fatalf("nothing was found (%v)", err)
	}
	for _, text := range found {
		if strings.ContainsAny(text, "\x1b\x07") || len(text) > 1000 || !strings.Contains(text, "\ufffd") {
			t.Errorf("%.80q, %d bytes", text, len(text))
		}
	}
}
