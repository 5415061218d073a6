package sqlite

import (
	"context"
	"errors"
	"fmt"

	lib "modernc.org/sqlite/lib"
)

var (
	errForeign = errors.New("another program's database")
	errNewer   = errors.New("a newer schema")
	errNoWAL   = errors.New("no write-ahead log")
	errBehind  = fmt.Errorf("fewer writes than were counted, as in %w", ErrCopied)
	errParted  = fmt.Errorf("no -wal file beside %w", ErrCopied)
)

// explain turns what Open met into one sentence that says what to do.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, errBackup):
		return &backupError{path}
	case errors.Is(err, errParted):
		return fmt.Errorf("%s is %w, or was parted from %[1]s-wal, which holds the latest revocations: they would be undone; put that file back beside it, or run `rescind restore accept --store sqlite:%[1]s`, which ends all grants in it", path, ErrCopied)
	case errors.Is(err, errBehind):
		return fmt.Errorf("%s has %w: an older file was put in its place, or %[1]s-wal, which holds the latest writes, is damaged or was cut off, and what was revoked by them would be alive again; put the right files back, or run `rescind restore accept --store sqlite:%[1]s`, which ends all grants in it", path, err)
	case errors.Is(err, ErrCopied):
		return fmt.Errorf("%s is %w: what was revoked after the copy was made would be alive again; run `rescind restore accept --store sqlite:%[1]s`, which ends all grants in it", path, ErrCopied)
	case errors.Is(err, errForeign):
		return fmt.Errorf("%s belongs to another program; name another file", path)
	case errors.Is(err, errNewer):
		return fmt.Errorf("%s was made by a newer rescind; upgrade this program", path)
	case errors.Is(err, errNoWAL):
		return fmt.Errorf("the file system of %s lacks the locking and shared memory that SQLite's write-ahead log needs; choose a folder on a local disk", path)
	case errors.Is(err, errDamaged):
		return damaged(path, err)
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	f := (*fault)(nil)
	if !errors.As(err, &f) {
		return fmt.Errorf("opening the database %s: %w", path, err)
	}
	switch f.primary() {
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("%s is not a database (%w); move it away, or name another file", path, err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_ERROR, lib.SQLITE_MISMATCH, lib.SQLITE_FORMAT: // ERROR: a table of ours is not there
		return damaged(path, err)
	case lib.SQLITE_BUSY:
		return fmt.Errorf("another process has %s locked (%w); end it, or try again", path, err)
	case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_CANTOPEN, lib.SQLITE_AUTH:
		return fmt.Errorf("%s, or its folder, cannot be written (%w); make both your own, or choose another folder", path, err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("the disk of %s is full (%w); make room on it", path, err)
	case lib.SQLITE_PROTOCOL, lib.SQLITE_NOLFS:
		return explain(path, errNoWAL)
	}
	switch f.code {
	case lib.SQLITE_IOERR_LOCK, lib.SQLITE_IOERR_RDLOCK, lib.SQLITE_IOERR_UNLOCK, lib.SQLITE_IOERR_CHECKRESERVEDLOCK,
		lib.SQLITE_IOERR_SHMOPEN, lib.SQLITE_IOERR_SHMSIZE, lib.SQLITE_IOERR_SHMLOCK, lib.SQLITE_IOERR_SHMMAP:
		return explain(path, errNoWAL)
	}
	return fmt.Errorf("the database %s cannot be used (%w); see to its disk", path, err)
}

func damaged(path string, err error) error {
	return fmt.Errorf("%s is damaged (%w); to put a backup in its place stop the server and run `rescind restore FILE --store sqlite:%[1]s`", path, err)
}
