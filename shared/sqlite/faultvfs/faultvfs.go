// Package faultvfs is SQLite's own file access in a test's hands. VFS counts
// every sync, holds it up, or fails it; Power forgets at a chosen moment what
// was not synced, all of it or any part. Killing a process proves nothing of
// durability, for the kernel's page cache survives it; these do.
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

	mu   sync.Mutex
	ours map[uintptr]uintptr // a base's sqlite3_io_methods to our copy
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
	v := &VFS{ours: map[uintptr]uintptr{}}
	base, ours, err := register(name, func(c *lib.Tsqlite3_vfs) { c.FxOpen = pointer(open) })
	if err != nil {
		return nil, err
	}
	v.base = base
	byVFS.Store(ours, v)
	return v, nil
}

// register gives SQLite a copy of the platform's VFS, changed.
func register(name string, change func(*lib.Tsqlite3_vfs)) (base, ours uintptr, err error) {
	tls := libc.NewTLS()
	defer tls.Close()
	if base = lib.Xsqlite3_vfs_find(tls, 0); base == 0 {
		return 0, 0, fmt.Errorf("faultvfs: SQLite has no VFS on this platform")
	}
	text, err := libc.CString(name) // kept for as long as the VFS
	if err != nil {
		return 0, 0, err
	}
	ours = clone[lib.Tsqlite3_vfs](tls, base)
	c := at[lib.Tsqlite3_vfs](ours)
	c.FpNext, c.FzName = 0, text
	change(c)
	if rc := lib.Xsqlite3_vfs_register(tls, ours, 0); rc != lib.SQLITE_OK {
		return 0, 0, fmt.Errorf("faultvfs: registering: SQLite error %d", rc)
	}
	return base, ours, nil
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
