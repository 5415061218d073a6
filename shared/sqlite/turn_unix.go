//go:build unix

package sqlite

import (
	"encoding/binary"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// turn is a file beside the database, of which SQLite knows nothing. By a lock
// on it a process shows that it waits to write; and it holds how many commits
// there were, so that a database that has fewer is known as an older one put
// back in place. A power failure may set the number back, which only forgets.
type turn struct{ f *os.File }

// note writes the number after its COMMIT. What cannot be noted is not missed:
// the COMMIT stands.
func (t turn) note(commits int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(commits))
	_, _ = t.f.WriteAt(b[:], 0)
}

// noted is the number; 0 where there is none.
func (t turn) noted() int64 {
	var b [8]byte
	if _, err := t.f.ReadAt(b[:], 0); err != nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b[:]))
}

func openTurn(path string) (turn, error) {
	f, err := os.OpenFile(path+"-turn", os.O_RDWR|os.O_CREATE, 0o600)
	return turn{f}, err
}

// wanted tells whether another process waits.
func (t turn) wanted() bool {
	if err := t.flock(unix.LOCK_EX | unix.LOCK_NB); err != nil {
		return errors.Is(err, unix.EWOULDBLOCK)
	}
	_ = t.flock(unix.LOCK_UN)
	return false
}

// want shows that this process waits; several may at a time. had takes it back.
func (t turn) want() { _ = t.flock(unix.LOCK_SH) }
func (t turn) had()  { _ = t.flock(unix.LOCK_UN) }

func (t turn) close() { _ = t.f.Close() }

func (t turn) flock(how int) error {
	for {
		if err := unix.Flock(int(t.f.Fd()), how); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
