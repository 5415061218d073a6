//go:build !unix

package sqlite

import "os"

const noFollow = 0

// inUse is without a lock where there is no flock; there a file that is open
// cannot be renamed, so that a restore under a server fails as well.
type inUse struct{ f *os.File }

func openLock(path string, _ bool) (l inUse, taken bool, err error) {
	f, err := os.OpenFile(path+"-lock", os.O_RDWR|os.O_CREATE, 0o600)
	return inUse{f}, false, err
}

func lockWhole(*os.File) bool { return true }

func (l inUse) close() {
	if l.f != nil {
		_ = l.f.Close()
	}
}

func syncFolder(string) error { return nil }
