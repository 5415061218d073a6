//go:build !unix

package sqlite

import "io/fs"

// ownership is for systems with users by number; elsewhere the folder's access
// list has to say who may write.
func ownership(fs.FileInfo) (uid int, names uint64, ok bool) { return 0, 0, false }
