package doctor

import "golang.org/x/sys/unix"

// identify is the inode's number and when it began; 0 where the system does
// not say.
func identify(path string) (inode, born int64) {
	var s unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &s); err != nil {
		return 0, 0
	}
	if s.Mask&unix.STATX_BTIME != 0 {
		born = s.Btime.Sec*1e9 + int64(s.Btime.Nsec)
	}
	return int64(s.Ino), born
}
