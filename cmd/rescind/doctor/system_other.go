//go:build !linux && !darwin

package doctor

import "io/fs"

func ownership(fs.FileInfo) (uid int, links uint64, known bool) { return 0, 0, false }

func freeSpace(string) (free int64, known bool, err error) { return 0, false, nil }
