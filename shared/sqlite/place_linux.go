package sqlite

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

const hasModes = true

// identify needs no open descriptor, whose close would drop SQLite's locks.
func identify(path string) (identity, error) {
	var s unix.Statx_t
	if err := unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_INO|unix.STATX_BTIME, &s); err != nil {
		var old unix.Stat_t // a kernel or sandbox without statx
		if err := unix.Stat(path, &old); err != nil {
			return identity{}, err
		}
		return identity{inode: int64(old.Ino)}, nil
	}
	id := identity{inode: int64(s.Ino)}
	if s.Mask&unix.STATX_BTIME != 0 {
		id.born = s.Btime.Sec*1e9 + int64(s.Btime.Nsec)
	}
	return id, nil
}

// network are the file systems of other machines, by statfs's magic number:
// neither their locks nor their shared memory hold between two of them.
var network = map[uint32]string{
	0x00006969: "NFS", 0x0000517b: "SMB", 0xff534d42: "CIFS", 0xfe534d42: "SMB", 0x5346414f: "AFS", 0x6b414653: "AFS",
	0x73757245: "Coda", 0x0000564c: "NCP", 0x00c36400: "Ceph", 0x0bd00bd0: "Lustre", 0x47504653: "GPFS", 0x7461636f: "OCFS2",
	0x01161970: "GFS2", 0x19830326: "FhGFS",
}

const fuse = 0x65735546

func checkFileSystem(folder string) error {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return fmt.Errorf("cannot tell which file system %s is on: %w", folder, err)
	}
	name := network[uint32(s.Type)]
	if uint32(s.Type) == fuse {
		// fuseblk is a disk of this machine, virtiofs its host's; fuse.sshfs and its like are far away.
		mounts, err := os.Open("/proc/self/mountinfo")
		if err != nil {
			return fmt.Errorf("cannot tell which file system %s is on: %w", folder, bare(err))
		}
		defer func() { _ = mounts.Close() }()
		if t := mountType(bufio.NewScanner(mounts), folder); t == "fuse" || strings.HasPrefix(t, "fuse.") {
			name = t
		}
	}
	if name != "" {
		return fmt.Errorf("the folder %s is on a network file system (%s), where SQLite cannot keep its promises; choose a folder on a local disk", folder, name)
	}
	return nil
}

// mountType finds the file system of the deepest mount above the folder in
// the lines of mountinfo; see proc(5).
func mountType(lines *bufio.Scanner, folder string) string {
	best, found := "", ""
	for lines.Scan() {
		before, after, ok := strings.Cut(lines.Text(), " - ")
		fields := strings.Fields(before)
		if !ok || len(fields) < 5 {
			continue
		}
		point := strings.ReplaceAll(fields[4], `\040`, " ")
		rel, err := filepath.Rel(point, folder)
		if err != nil || rel == ".." || strings.HasPrefix(rel, "../") || len(point) < len(best) {
			continue
		}
		best, found = point, strings.SplitN(after, " ", 2)[0]
	}
	return found
}
