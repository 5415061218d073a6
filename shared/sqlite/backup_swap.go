package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// unfinished is the note of a restore or accept in the lock's file.
type unfinished struct {
	Doing   string `json:"doing"`
	Aside   string `json:"aside,omitempty"`   // the name, in the store's folder, for the store that was
	Present bool   `json:"present,omitempty"` // there was one
	Accepts bool   `json:"accepts,omitempty"` // and its accepting had been cut off
}

const (
	doingRestore = "restore"
	doingAccept  = "accept"
)

// enter takes the lock of a store, to use it or to restore it alone.
func enter(path string, alone bool) (inUse, error) {
	lock, taken, err := openLock(path, alone)
	switch {
	case taken && alone:
		return lock, fmt.Errorf("%w: %s; stop every server and command that uses it, and run this again", ErrInUse, path)
	case taken:
		return lock, fmt.Errorf("%s is being restored or accepted; try again once that is through", path)
	case err != nil:
		return lock, fmt.Errorf("cannot lock %s-lock: %w; make it your own file, or choose another folder", path, bare(err))
	case alone:
		return lock, nil
	}
	if err := checkUnfinished(path); err != nil {
		lock.close()
		return inUse{}, err
	}
	return lock, nil
}

// Unfinished says that a restore or accept of the store at path was cut off,
// and what to do; nil where that is not so, or nothing is there.
func Unfinished(path string) error { return checkUnfinished(path) }

// checkUnfinished refuses a store whose restore or accept was cut off.
func checkUnfinished(path string) error {
	info, err := os.Lstat(path + "-lock")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	var u unfinished
	if note, err := os.ReadFile(path + "-lock"); err != nil {
		return fmt.Errorf("cannot read %s-lock: %w; make it your own file", path, bare(err))
	} else if json.Unmarshal(note, &u) == nil && u.Doing == doingAccept {
		return fmt.Errorf("%s was being accepted with a journal, and that was cut off: what was ended since the backup may be alive in it; run `rescind restore accept --replay FILE --store sqlite:%[1]s` again", path)
	}
	return fmt.Errorf("a restore of %s was cut off; run `rescind restore FILE --store sqlite:%[1]s` again, which ends it or takes it back before it begins anew", path)
}

// begin makes the note durable.
func (l inUse) begin(path string, u unfinished) error {
	note, err := json.Marshal(u)
	if err == nil {
		err = errors.Join(l.write(note), syncFolder(filepath.Dir(path)))
	}
	if err != nil {
		return fmt.Errorf("writing %s-lock: %w; see to its disk", path, bare(err))
	}
	return nil
}

// Restored is what a restore did.
type Restored struct {
	Generation int64
	Aside      string // where the store that was is now; empty where there was none
	Kept       error  // why that could not be made a backup: it is as it was, with its log; nil where it was
}

// besideFile are moved together with the file, before it.
var besideFile = []string{"-wal", "-shm", "-turn", "-journal"}

// Finish puts the new store in place and moves the one that was aside. From its
// first step to its last no process opens either. The log goes before the file
// on every way, so wherever a power failure stops it, no file stands beside a
// log that is not its own.
func (r *Restore) Finish(ctx context.Context) (done Restored, err error) {
	defer r.Abort()
	if done.Generation, err = r.staged.Generation(ctx); err != nil {
		return done, err
	}
	if r.present != nil {
		_ = r.present.Close()
	}
	_ = r.staged.Close()
	before, err := r.lock.note()
	if err != nil {
		return done, err
	}
	note := unfinished{Doing: doingRestore, Accepts: len(before) > 0}
	if _, err := os.Lstat(r.path); err == nil {
		note.Present = true
	}
	aside := asideName(r.path, r.o.filled().Now())
	note.Aside = filepath.Base(aside)
	r.o.Step(StepBegin, 0, 0)
	if err := r.lock.begin(r.path, note); err != nil {
		return done, errors.Join(err, r.lock.write(before))
	}
	r.staging = false // Abort must leave it alone from here on
	if err := r.exchange(aside, note.Present); err != nil {
		return done, fmt.Errorf("exchanging the files of %s: %w; run the restore again, which takes back what was done", r.path, bare(err))
	}
	r.o.Step(StepMark, 0, 0)
	if note.Present {
		done.Aside, done.Kept = aside, makeBackup(aside, r.o)
	}
	r.o.Step(StepEnd, 0, 0)
	return done, endExchange(r.path, r.lock)
}

func (r *Restore) exchange(aside string, present bool) error {
	folder := filepath.Dir(r.path)
	r.o.Step(StepLog, 0, 0)
	for _, suffix := range besideFile {
		if err := move(r.path+suffix, aside+suffix); err != nil {
			return err
		}
	}
	if err := syncFolder(folder); err != nil {
		return err
	}
	r.o.Step(StepAside, 0, 0)
	if present {
		if err := errors.Join(os.Rename(r.path, aside), syncFolder(folder)); err != nil {
			return err
		}
	}
	r.o.Step(StepPlace, 0, 0)
	staging := r.path + stagingSuffix
	if err := errors.Join(os.Rename(staging+"-wal", r.path+"-wal"), move(staging+"-turn", r.path+"-turn"), syncFolder(folder)); err != nil {
		return err
	}
	return errors.Join(os.Rename(staging, r.path), syncFolder(folder))
}

// move renames a file that may be missing.
func move(from, to string) error {
	if err := os.Rename(from, to); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// endExchange takes away what is left of the new store's making, and the note.
func endExchange(path string, lock inUse) error {
	removeStaging(path)
	if err := errors.Join(syncFolder(filepath.Dir(path)), lock.write(nil)); err != nil {
		return fmt.Errorf("the new store is in place, but %s-lock cannot be written: %w; see to its disk and run the restore again", path, bare(err))
	}
	return nil
}

// makeBackup makes the store that was a backup like any other: in one file, and
// so that no server takes it for a store.
func makeBackup(aside string, o RestoreOptions) error {
	c, err := dial(aside, o.VFS, 0)
	if err != nil {
		return err
	}
	defer c.close()
	if err = configure(c); err == nil {
		_, err = checkOwner(c)
	}
	if errors.Is(err, errBackup) { // a restore that was cut off did it
		err = nil
	} else if err == nil {
		err = mark(c, o.filled().Now().UTC())
	}
	if err == nil {
		for _, suffix := range besideFile {
			_ = os.Remove(aside + suffix)
		}
	}
	return err
}

// recoverRestore ends or takes back a restore that was cut off. The new store
// in its place is all that counts as done: then what is left is done too.
func recoverRestore(path string, lock inUse, o RestoreOptions) error {
	note, err := lock.note()
	if err != nil || len(note) == 0 {
		return err
	}
	var u unfinished
	if json.Unmarshal(note, &u) != nil { // the note itself was cut off: nothing had been moved
		return lock.write(nil)
	}
	if u.Doing != doingRestore {
		return nil
	}
	aside := filepath.Join(filepath.Dir(path), filepath.Base(u.Aside))
	if _, err := os.Lstat(path + stagingSuffix); err == nil {
		if err := takeBack(path, aside, u.Present); err != nil {
			return fmt.Errorf("taking back a restore that was cut off: %w", err)
		}
		if u.Accepts {
			removeStaging(path)
			return lock.begin(path, unfinished{Doing: doingAccept})
		}
		return endExchange(path, lock)
	}
	if _, err := os.Lstat(path); err != nil {
		return fmt.Errorf("a restore of %s was cut off, and neither its new store nor the old one is there: %w; look for %s, put it back and empty %[1]s-lock", path, bare(err), aside)
	}
	if u.Present {
		_ = makeBackup(aside, o) // where it cannot be read it stays as it is
	}
	return endExchange(path, lock)
}

// takeBack puts the old store's files back in their place.
func takeBack(path, aside string, present bool) error {
	folder := filepath.Dir(path)
	_, err := os.Lstat(path)
	if present && errors.Is(err, fs.ErrNotExist) { // all of it was moved; what is there is the new store's
		for _, suffix := range besideFile {
			if err := os.Remove(path + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		if err := errors.Join(syncFolder(folder), os.Rename(aside, path), syncFolder(folder)); err != nil {
			return err
		}
	}
	for _, suffix := range besideFile {
		if err := move(aside+suffix, path+suffix); err != nil {
			return err
		}
	}
	return nil
}
