// Package faultvfs is SQLite's own file access with every sync in a test's
// hands: counted, held up, or failed. Killing a process proves nothing of
// durability, for the kernel's page cache survives it; this does.
//
// It is for tests only, and must not know what is stored.
package faultvfs

import (
	"fmt"
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// VFS is one registered VFS.
type VFS struct {
	base   uintptr // the platform's sqlite3_vfs
	syncs  atomic.Int64
	onSync atomic.Pointer[func() error]

	mu    sync.Mutex
	ours  map[uintptr]uintptr // a base's sqlite3_io_methods to our copy
	names uintptr             // kept for as long as the VFS
}

// C calls functions, not closures: these lead from what they are given to the VFS.
var (
	byVFS     sync.Map // sqlite3_vfs of ours to *VFS
	byMethods sync.Map // sqlite3_io_methods of ours to file
)

type file struct {
	vfs  *VFS
	sync uintptr // the base's xSync
}

// Register makes a VFS under a name that none has yet, for sqlite.Options.VFS.
// It stays for the life of the process.
func Register(name string) (*VFS, error) {
	tls := libc.NewTLS()
	defer tls.Close()
	v := &VFS{base: lib.Xsqlite3_vfs_find(tls, 0), ours: map[uintptr]uintptr{}}
	if v.base == 0 {
		return nil, fmt.Errorf("faultvfs: SQLite has no VFS on this platform")
	}
	var err error
	if v.names, err = libc.CString(name); err != nil {
		return nil, err
	}
	p := clone[lib.Tsqlite3_vfs](tls, v.base)
	c := at[lib.Tsqlite3_vfs](p)
	c.FpNext, c.FzName, c.FxOpen = 0, v.names, pointer(open)
	byVFS.Store(p, v)
	if rc := lib.Xsqlite3_vfs_register(tls, p, 0); rc != lib.SQLITE_OK {
		return nil, fmt.Errorf("faultvfs: registering: SQLite error %d", rc)
	}
	return v, nil
}

// Syncs is how many syncs succeeded so far, of all files.
func (v *VFS) Syncs() int64 { return v.syncs.Load() }

// OnSync has f called before each sync; its error fails the sync. nil ends it.
func (v *VFS) OnSync(f func() error) {
	if f == nil {
		v.onSync.Store(nil)
		return
	}
	v.onSync.Store(&f)
}

// open is xOpen: the base's, and then our xSync in the file's methods.
func open(tls *libc.TLS, vfs, name, f uintptr, flags int32, out uintptr) int32 {
	found, _ := byVFS.Load(vfs)
	v := found.(*VFS)
	type xOpen = func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
	rc := function[xOpen](at[lib.Tsqlite3_vfs](v.base).FxOpen)(tls, v.base, name, f, flags, out)
	if methods := &at[lib.Tsqlite3_file](f).FpMethods; rc == lib.SQLITE_OK && *methods != 0 {
		*methods = v.methods(tls, *methods)
	}
	return rc
}

func (v *VFS) methods(tls *libc.TLS, base uintptr) uintptr {
	v.mu.Lock()
	defer v.mu.Unlock()
	if ours, ok := v.ours[base]; ok {
		return ours
	}
	p := clone[lib.Tsqlite3_io_methods](tls, base)
	m := at[lib.Tsqlite3_io_methods](p)
	byMethods.Store(p, file{v, m.FxSync})
	m.FxSync = pointer(syncFile)
	v.ours[base] = p
	return p
}

// syncFile is xSync.
func syncFile(tls *libc.TLS, f uintptr, flags int32) int32 {
	found, _ := byMethods.Load(at[lib.Tsqlite3_file](f).FpMethods)
	of := found.(file)
	if on := of.vfs.onSync.Load(); on != nil {
		if err := (*on)(); err != nil {
			return lib.SQLITE_IOERR_FSYNC
		}
	}
	type xSync = func(*libc.TLS, uintptr, int32) int32
	rc := function[xSync](of.sync)(tls, f, flags)
	if rc == lib.SQLITE_OK {
		of.vfs.syncs.Add(1)
	}
	return rc
}

// pointer is a declared function as the translated C knows functions.
func pointer[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f})) }

func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ p uintptr }{p})) }

// at is C memory as the struct that it holds.
func at[T any](p uintptr) *T { return *(**T)(unsafe.Pointer(&p)) }

func clone[T any](tls *libc.TLS, p uintptr) uintptr {
	var t T
	to := lib.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(t)))
	*at[T](to) = *at[T](p)
	return to
}
