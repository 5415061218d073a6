//go:build unix

package trail

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const noFollow = unix.O_NOFOLLOW

// lock waits until no other process renames this file.
func lock(f *os.File) (unlock func(), err error) {
	for {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	return func() { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }, err
}

// keepPrivate refuses a file that is another user's, or that has a second name:
// somebody put it there to have us write to it. One that others may read or
// write is made the owner's only.
func keepPrivate(f *os.File, info fs.FileInfo) error {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		switch us := os.Geteuid(); {
		case int(s.Uid) != us:
			return fmt.Errorf("it belongs to the user with uid %d, and this program runs as uid %d", s.Uid, us)
		case s.Nlink > 1:
			return errors.New("it has more than one name (hard links); remove the others")
		}
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	return f.Chmod(0o600)
}
