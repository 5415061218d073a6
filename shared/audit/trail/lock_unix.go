//go:build unix

package trail

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// lock waits until no other process renames this file.
func lock(f *os.File) (unlock func(), err error) {
	for {
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX); !errors.Is(err, unix.EINTR) {
			break
		}
	}
	return func() { _ = unix.Flock(int(f.Fd()), unix.LOCK_UN) }, err
}
