package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
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
	note := unfinished{Doing: doingRestore, Accepts: len(before) > 0, Unread: r.why != nil}
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
		done.Aside, done.Kept = aside, keepAside(aside, note, r.o)
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

var errUnread = errors.New("it could not be opened, so nobody knows from when it is; it stays as it is")

// keepAside makes the store that was a backup like any other: in one file, and
// so that no server takes it for a store. One that could not be opened may be
// an older copy: called a backup of now, it would undo at its own restore what
// was ended since. One that was half accepted is a backup of no time.
func keepAside(aside string, u unfinished, o RestoreOptions) error {
	taken := o.filled().Now().UTC()
	switch {
	case u.Unread:
		return errUnread
	case u.Accepts:
		taken = time.UnixMilli(1).UTC()
	}
	return makeBackup(aside, taken, o)
}

func makeBackup(aside string, taken time.Time, o RestoreOptions) error {
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
		err = mark(c, taken)
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
	u, err := lock.unfinished(path)
	if err != nil {
		return err
	}
	if u == nil || u.Doing != doingRestore {
		return clearStaging(path)
	}
	aside := filepath.Join(filepath.Dir(path), filepath.Base(u.Aside))
	if _, err := os.Lstat(path + stagingSuffix); err == nil {
		if err := takeBack(path, aside, u.Present); err != nil {
			return fmt.Errorf("taking back a restore that was cut off: %w", err)
		}
		if u.Accepts {
			// In this order: a restore's note without its new store beside is one that was through.
			if err := lock.begin(path, unfinished{Doing: doingAccept}); err != nil {
				return err
			}
			removeStaging(path)
			return nil
		}
		return endExchange(path, lock)
	}
	if _, err := os.Lstat(path); err != nil {
		return fmt.Errorf("a restore of %s was cut off, and neither its new store nor the old one is there: %w; look for %s, put it back and empty %[1]s-lock", path, bare(err), aside)
	}
	if u.Present {
		_ = keepAside(aside, *u, o) // where it cannot be read it stays as it is
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
