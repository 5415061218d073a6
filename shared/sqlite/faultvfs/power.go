package faultvfs

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// Power is a VFS whose power can fail. Its syncs reach no real disk: what they
// make durable is kept in memory, and a file that is not opened by it is not
// its business (nor is the shared memory of the log's index, which SQLite
// makes anew after a failure).
type Power struct {
	base uintptr

	mu     sync.Mutex
	disk   disk
	open   map[uintptr]opened // by sqlite3_file
	stands map[string]bool    // names that are durable, of files that were not opened yet
	steps  int64              // writes, truncations, syncs and deletions so far
	failAt int64              // the power fails at this step; 0 never
	after  bool               // the step is still made
	failed bool
	lies   bool

	methods map[uintptr]uintptr // a base's sqlite3_io_methods to ours
}

var (
	powerByVFS     sync.Map // sqlite3_vfs of ours to *Power
	powerByMethods sync.Map // sqlite3_io_methods of ours to powered
)

// opened is one opening of a file.
type opened struct {
	name   string
	folder bool // whether its first sync is to sync the folder too
}

// powered is what a file's methods lead to.
type powered struct {
	p    *Power
	base *lib.Tsqlite3_io_methods
}

// RegisterPower makes such a VFS under a name that none has yet.
func RegisterPower(name string) (*Power, error) {
	p := &Power{open: map[uintptr]opened{}, methods: map[uintptr]uintptr{}, disk: disk{map[string]*image{}}}
	base, ours, err := register(name, func(c *lib.Tsqlite3_vfs) { c.FxOpen, c.FxDelete = pointer(powerOpen), pointer(powerDelete) })
	if err != nil {
		return nil, err
	}
	p.base = base
	powerByVFS.Store(ours, p)
	return p, nil
}

// Stands tells that all files of a folder are durable as they are, as after a
// time without writes; others that are opened later were made just now. A
// folder that is not there has none.
func (p *Power) Stands(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stands = map[string]bool{}
	for _, e := range entries {
		p.stands[filepath.Join(folder, e.Name())] = true
	}
	return nil
}

// FailAt has the power fail n steps from now. A step is a write, a truncation,
// a sync or a deletion; with after it is still made, and then nobody hears of
// it. From then on every step and every opening is an error.
func (p *Power) FailAt(n int64, after bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failAt, p.after = p.steps+n, after
}

// Steps is how many there were.
func (p *Power) Steps() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.steps
}

// Failed tells whether the power has failed.
func (p *Power) Failed() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failed
}

// Lie has syncs succeed that make nothing durable, as some disks' do.
func (p *Power) Lie(lies bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lies = lies
}

// Restore has the power back, after a loss: the files are then as the disk
// kept them. Everything that had them open must be closed by then. It tells
// how many changes had not been synced.
func (p *Power) Restore(l Loss, r *rand.Rand) (unsynced int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.disk.files {
		unsynced += len(f.since)
	}
	err = p.disk.fail(l, r)
	p.disk, p.open = disk{map[string]*image{}}, map[uintptr]opened{}
	p.failed, p.failAt = false, 0
	return unsynced, err
}

// step counts one and tells whether it is to be made and whether it succeeds.
func (p *Power) step() (made, ok bool) {
	if p.failed {
		return false, false
	}
	if p.steps++; p.failAt == 0 || p.steps < p.failAt {
		return true, true
	}
	p.failed = true
	return p.after, false
}

type (
	xOpen     = func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32
	xDelete   = func(*libc.TLS, uintptr, uintptr, int32) int32
	xWrite    = func(*libc.TLS, uintptr, uintptr, int32, int64) int32
	xTruncate = func(*libc.TLS, uintptr, int64) int32
	xSync     = func(*libc.TLS, uintptr, int32) int32
	xFileSize = func(*libc.TLS, uintptr, uintptr) int32
)

func powerOpen(tls *libc.TLS, vfs, name, f uintptr, flags int32, out uintptr) int32 {
	found, _ := powerByVFS.Load(vfs)
	p := found.(*Power)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed {
		at[lib.Tsqlite3_file](f).FpMethods = 0
		return lib.SQLITE_CANTOPEN
	}
	rc := function[xOpen](at[lib.Tsqlite3_vfs](p.base).FxOpen)(tls, p.base, name, f, flags, out)
	methods := &at[lib.Tsqlite3_file](f).FpMethods
	if rc != lib.SQLITE_OK || *methods == 0 {
		return rc
	}
	content, ok := content(tls, f)
	if !ok {
		return lib.SQLITE_IOERR
	}
	const logs = lib.SQLITE_OPEN_WAL | lib.SQLITE_OPEN_MAIN_JOURNAL | lib.SQLITE_OPEN_SUPER_JOURNAL
	of := opened{libc.GoString(name), flags&logs != 0 && flags&lib.SQLITE_OPEN_CREATE != 0}
	p.open[f] = of
	p.disk.found(of.name, content, p.stands[of.name])
	*methods = p.ours(tls, *methods)
	return rc
}

// content reads a whole file by the handle that is open: opening another and
// closing it would drop this process's locks.
func content(tls *libc.TLS, f uintptr) ([]byte, bool) {
	m := at[lib.Tsqlite3_io_methods](at[lib.Tsqlite3_file](f).FpMethods)
	size := lib.Xsqlite3_malloc(tls, 8)
	defer lib.Xsqlite3_free(tls, size)
	if rc := function[xFileSize](m.FxFileSize)(tls, f, size); rc != lib.SQLITE_OK {
		return nil, false
	}
	n := *at[int64](size)
	if n == 0 {
		return []byte{}, true
	}
	buf := lib.Xsqlite3_malloc64(tls, uint64(n))
	defer lib.Xsqlite3_free(tls, buf)
	if rc := function[xWrite](m.FxRead)(tls, f, buf, int32(n), 0); rc != lib.SQLITE_OK {
		return nil, false
	}
	return append([]byte{}, bytesAt(buf, int(n))...), true
}

func bytesAt(p uintptr, n int) []byte { return unsafe.Slice(at[byte](p), n) }

func (p *Power) ours(tls *libc.TLS, base uintptr) uintptr {
	if ours, ok := p.methods[base]; ok {
		return ours
	}
	to := clone[lib.Tsqlite3_io_methods](tls, base)
	m := at[lib.Tsqlite3_io_methods](to)
	m.FxWrite, m.FxTruncate, m.FxSync = pointer(powerWrite), pointer(powerTruncate), pointer(powerSync)
	powerByMethods.Store(to, powered{p, at[lib.Tsqlite3_io_methods](base)})
	p.methods[base] = to
	return to
}

// do makes one step on a file, as far as there is power.
func do(f uintptr, make func(of powered, name string) int32) int32 {
	found, _ := powerByMethods.Load(at[lib.Tsqlite3_file](f).FpMethods)
	of := found.(powered)
	of.p.mu.Lock()
	defer of.p.mu.Unlock()
	made, ok := of.p.step()
	rc := int32(lib.SQLITE_OK)
	if made {
		rc = make(of, of.p.open[f].name)
	}
	if !ok {
		return lib.SQLITE_IOERR
	}
	return rc
}

func powerWrite(tls *libc.TLS, f, buf uintptr, n int32, offset int64) int32 {
	return do(f, func(of powered, name string) int32 {
		of.p.disk.change(name, change{offset, append([]byte{}, bytesAt(buf, int(n))...)})
		return function[xWrite](of.base.FxWrite)(tls, f, buf, n, offset)
	})
}

func powerTruncate(tls *libc.TLS, f uintptr, size int64) int32 {
	return do(f, func(of powered, name string) int32 {
		of.p.disk.change(name, change{at: size})
		return function[xTruncate](of.base.FxTruncate)(tls, f, size)
	})
}

func powerSync(_ *libc.TLS, f uintptr, _ int32) int32 {
	return do(f, func(of powered, name string) int32 {
		if of.p.lies {
			return lib.SQLITE_OK
		}
		of.p.disk.sync(name)
		if of.p.open[f].folder { // as SQLite's own does it, once
			of.p.disk.syncFolder(filepath.Dir(name))
			of.p.open[f] = opened{name: name}
		}
		return lib.SQLITE_OK
	})
}

func powerDelete(tls *libc.TLS, vfs, name uintptr, syncFolder int32) int32 {
	found, _ := powerByVFS.Load(vfs)
	p := found.(*Power)
	p.mu.Lock()
	defer p.mu.Unlock()
	made, ok := p.step()
	rc := int32(lib.SQLITE_OK)
	if made {
		p.disk.remove(libc.GoString(name), syncFolder != 0)
		delete(p.stands, libc.GoString(name))
		rc = function[xDelete](at[lib.Tsqlite3_vfs](p.base).FxDelete)(tls, p.base, name, 0)
	}
	if !ok {
		return lib.SQLITE_IOERR_DELETE
	}
	return rc
}
