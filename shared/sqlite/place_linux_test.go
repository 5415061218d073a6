package sqlite

import (
	"bufio"
	"strings"
	"testing"
)

func TestMountType(t *testing.T) {
	const mounts = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:40 / /home/me/far\040away rw shared:5 - fuse.sshfs host: rw
31 22 0:41 / /home rw - xfs /dev/vdb rw
`
	for folder, want := range map[string]string{
		"/srv": "ext4", "/home/me": "xfs", "/home/me/far away/data": "fuse.sshfs", "/homestead": "ext4",
	} {
		if got := mountType(bufio.NewScanner(strings.NewReader(mounts)), folder); got != want {
			t.Errorf("%s: %q, not %q", folder, got, want)
		}
	}
}
