//go:build linux || darwin

package doctor

import (
	"io/fs"
	"syscall"

	"golang.org/x/sys/unix"
)

// ownership is a file's owner and how many names it has.
func ownership(info fs.FileInfo) (uid int, links uint64, known bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), uint64(s.Nlink), true
}

// freeSpace is what an ordinary user may still write, in bytes.
func freeSpace(dir string) (free int64, known bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false, err
	}
	return int64(s.Bavail) * int64(s.Bsize), true, nil
}
