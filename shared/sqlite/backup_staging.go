package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// stagingSuffix is of the file in which a restore makes the new store.
const stagingSuffix = ".restoring"

// removeStaging takes away what a restore prepared; never once it was begun.
func removeStaging(path string) {
	for _, suffix := range ofStaging {
		_ = os.Remove(path + stagingSuffix + suffix)
	}
}

var ofStaging = []string{"", "-wal", "-shm", "-turn", "-journal", "-lock"}

// clearStaging removes what a restore that was killed had prepared, unless a
// process has it open.
func clearStaging(path string) error {
	for _, suffix := range ofStaging {
		if _, err := os.Lstat(path + stagingSuffix + suffix); err == nil {
			lock, err := enter(path+stagingSuffix, true)
			if err != nil {
				return err
			}
			removeStaging(path)
			lock.close()
			return nil
		}
	}
	return nil
}

// asideName is a free name for the store that was.
func asideName(path string, now time.Time) string {
	base := path + ".before-" + now.UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		name := base
		if n > 1 {
			name = fmt.Sprintf("%s-%d", base, n)
		}
		if _, err := os.Lstat(name); errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
}
