package sqlite

import (
	"fmt"

	"golang.org/x/sys/unix"
)

const hasModes = true

func identify(path string) (identity, error) {
	var s unix.Stat_t
	if err := unix.Stat(path, &s); err != nil {
		return identity{}, err
	}
	return identity{int64(s.Ino), s.Btim.Nano()}, nil
}

func checkFileSystem(folder string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return fmt.Errorf("cannot tell which file system %s is on: %w", folder, err)
	}
	if s.Flags&unix.MNT_LOCAL == 0 {
		return fmt.Errorf("the folder %s is on a network file system (%s), where SQLite cannot keep its promises; choose a folder on a local disk",
			folder, unix.ByteSliceToString(s.Fstypename[:]))
	}
	return nil
}
