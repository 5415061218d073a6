//go:build !unix

package trail

import "os"

// lock does nothing here: an open file cannot be renamed on such a system, so
// one that another process has open grows on.
func lock(*os.File) (unlock func(), err error) { return func() {}, nil }
