//go:build unix

package sqlite

import (
	"io/fs"
	"syscall"
)

// ownership is a file's owner and how many names it has; false where the
// system does not say.
func ownership(info fs.FileInfo) (uid int, names uint64, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), uint64(s.Nlink), true
}
