//go:build unix

package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

const noFollow = unix.O_NOFOLLOW

// inUse is a lock on a file beside the database. Every store that is open
// shares it, and a restore has it alone. The file is otherwise empty; while it
// holds a note, a restore or an accept was begun and not finished, and no
// store opens. It is one file for good: never renamed, never replaced.
type inUse struct{ f *os.File }

// openLock takes the lock, shared or alone. It does not wait: taken is true
// where somebody holds it otherwise.
func openLock(path string, alone bool) (l inUse, taken bool, err error) {
	f, err := os.OpenFile(path+"-lock", os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return inUse{}, false, err
	}
	how := unix.LOCK_SH
	if alone {
		how = unix.LOCK_EX
	}
	l = inUse{f}
	if err := (turn{f}).flock(how | unix.LOCK_NB); err != nil {
		l.close()
		return inUse{}, errors.Is(err, unix.EWOULDBLOCK), err
	}
	return l, false, nil
}

// lockWhole locks a file against others that do the same, without waiting.
func lockWhole(f *os.File) bool { return (turn{f}).flock(unix.LOCK_EX|unix.LOCK_NB) == nil }

func (l inUse) close() {
	if l.f != nil {
		_ = l.f.Close()
	}
}

// syncFolder makes new names in a folder durable.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
