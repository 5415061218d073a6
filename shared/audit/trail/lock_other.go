//go:build !unix

package trail

import (
	"io/fs"
	"os"
)

const noFollow = 0

// lock does nothing here: an open file cannot be renamed on such a system, so
// one that another process has open grows on.
func lock(*os.File) (unlock func(), err error) { return func() {}, nil }

// keepPrivate has nothing to look at: who may read and write a file says its
// folder's access list.
func keepPrivate(*os.File, fs.FileInfo) error { return nil }
