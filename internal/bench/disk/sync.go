// Package disk measures the disk below a store. It must not know what is stored.
package disk

import (
	"os"
	"path/filepath"
	"slices"
	"time"
)

// SyncTime is the median of 200 appends of 4 KiB, each made durable, to a file
// in dir.
func SyncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	took := make([]time.Duration, 0, 200)
	for range cap(took) {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		start := time.Now()
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
