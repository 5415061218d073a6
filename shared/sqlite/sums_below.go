package sqlite

import (
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// The functions here hand a call on to the VFS below, which finds its own file
// behind ours.

type (
	xFile              = func(*libc.TLS, uintptr) int32
	xFileNumber        = func(*libc.TLS, uintptr, int32) int32
	xFileSize          = func(*libc.TLS, uintptr, int64) int32
	xFilePointer       = func(*libc.TLS, uintptr, uintptr) int32
	xFileNumberPointer = func(*libc.TLS, uintptr, int32, uintptr) int32
	xReadWrite         = func(*libc.TLS, uintptr, uintptr, int32, int64) int32
)

// below is the methods of the VFS below for a file of ours.
func below(f uintptr) *lib.Tsqlite3_io_methods {
	return at[lib.Tsqlite3_io_methods](at[lib.Tsqlite3_file](f + fileRoom).FpMethods)
}

// sumsMethods gives our methods over others; what those lack ours lack too. 0
// where there is no memory.
func sumsMethods(tls *libc.TLS, base uintptr) uintptr {
	sums.Lock()
	defer sums.Unlock()
	if ours, ok := sums.methods[base]; ok {
		return ours
	}
	ours := clone[lib.Tsqlite3_io_methods](tls, base)
	if ours == 0 {
		return 0
	}
	m := at[lib.Tsqlite3_io_methods](ours)
	for method, to := range map[*uintptr]uintptr{
		&m.FxRead: code(sumsRead), &m.FxWrite: code(sumsWrite), &m.FxFileControl: code(sumsControl), &m.FxFetch: code(sumsFetch),
		&m.FxClose: code(sumsClose), &m.FxTruncate: code(sumsTruncate), &m.FxSync: code(sumsSync), &m.FxFileSize: code(sumsFileSize),
		&m.FxLock: code(sumsLock), &m.FxUnlock: code(sumsUnlock), &m.FxCheckReservedLock: code(sumsCheckReservedLock),
		&m.FxSectorSize: code(sumsSectorSize), &m.FxDeviceCharacteristics: code(sumsDeviceCharacteristics),
		&m.FxShmMap: code(sumsShmMap), &m.FxShmLock: code(sumsShmLock), &m.FxShmBarrier: code(sumsShmBarrier), &m.FxShmUnmap: code(sumsShmUnmap),
		&m.FxUnfetch: code(sumsUnfetch),
	} {
		if *method != 0 {
			*method = to
		}
	}
	sums.methods[base] = ours
	return ours
}

func sumsClose(tls *libc.TLS, f uintptr) int32 {
	return function[xFile](below(f).FxClose)(tls, f+fileRoom)
}

func sumsTruncate(tls *libc.TLS, f uintptr, size int64) int32 {
	return function[xFileSize](below(f).FxTruncate)(tls, f+fileRoom, size)
}

func sumsSync(tls *libc.TLS, f uintptr, flags int32) int32 {
	return function[xFileNumber](below(f).FxSync)(tls, f+fileRoom, flags)
}

func sumsFileSize(tls *libc.TLS, f, size uintptr) int32 {
	return function[xFilePointer](below(f).FxFileSize)(tls, f+fileRoom, size)
}

func sumsLock(tls *libc.TLS, f uintptr, lock int32) int32 {
	return function[xFileNumber](below(f).FxLock)(tls, f+fileRoom, lock)
}

func sumsUnlock(tls *libc.TLS, f uintptr, lock int32) int32 {
	return function[xFileNumber](below(f).FxUnlock)(tls, f+fileRoom, lock)
}

func sumsCheckReservedLock(tls *libc.TLS, f, out uintptr) int32 {
	return function[xFilePointer](below(f).FxCheckReservedLock)(tls, f+fileRoom, out)
}

func sumsSectorSize(tls *libc.TLS, f uintptr) int32 {
	return function[xFile](below(f).FxSectorSize)(tls, f+fileRoom)
}

func sumsDeviceCharacteristics(tls *libc.TLS, f uintptr) int32 {
	return function[xFile](below(f).FxDeviceCharacteristics)(tls, f+fileRoom)
}

func sumsShmMap(tls *libc.TLS, f uintptr, region, size, extend int32, out uintptr) int32 {
	return function[func(*libc.TLS, uintptr, int32, int32, int32, uintptr) int32](below(f).FxShmMap)(tls, f+fileRoom, region, size, extend, out)
}

func sumsShmLock(tls *libc.TLS, f uintptr, first, n, flags int32) int32 {
	return function[func(*libc.TLS, uintptr, int32, int32, int32) int32](below(f).FxShmLock)(tls, f+fileRoom, first, n, flags)
}

func sumsShmBarrier(tls *libc.TLS, f uintptr) {
	function[func(*libc.TLS, uintptr)](below(f).FxShmBarrier)(tls, f+fileRoom)
}

func sumsShmUnmap(tls *libc.TLS, f uintptr, remove int32) int32 {
	return function[xFileNumber](below(f).FxShmUnmap)(tls, f+fileRoom, remove)
}

func sumsUnfetch(tls *libc.TLS, f uintptr, offset int64, p uintptr) int32 {
	return function[func(*libc.TLS, uintptr, int64, uintptr) int32](below(f).FxUnfetch)(tls, f+fileRoom, offset, p)
}

func sumsDelete(tls *libc.TLS, vfs, name uintptr, syncFolder int32) int32 {
	base := at[lib.Tsqlite3_vfs](vfs).FpAppData
	return function[func(*libc.TLS, uintptr, uintptr, int32) int32](at[lib.Tsqlite3_vfs](base).FxDelete)(tls, base, name, syncFolder)
}

func sumsAccess(tls *libc.TLS, vfs, name uintptr, flags int32, out uintptr) int32 {
	base := at[lib.Tsqlite3_vfs](vfs).FpAppData
	return function[func(*libc.TLS, uintptr, uintptr, int32, uintptr) int32](at[lib.Tsqlite3_vfs](base).FxAccess)(tls, base, name, flags, out)
}

func sumsFullPathname(tls *libc.TLS, vfs, name uintptr, n int32, out uintptr) int32 {
	base := at[lib.Tsqlite3_vfs](vfs).FpAppData
	return function[func(*libc.TLS, uintptr, uintptr, int32, uintptr) int32](at[lib.Tsqlite3_vfs](base).FxFullPathname)(tls, base, name, n, out)
}

// code is a declared function as the translated C knows functions.
func code[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&struct{ f F }{f})) }

func function[F any](p uintptr) F { return *(*F)(unsafe.Pointer(&struct{ p uintptr }{p})) }

// at is SQLite's memory as the struct that it holds.
func at[T any](p uintptr) *T { return (*T)(pointer(p)) }

func clone[T any](tls *libc.TLS, p uintptr) uintptr {
	var t T
	to := lib.Xsqlite3_malloc(tls, int32(unsafe.Sizeof(t)))
	if to != 0 {
		*at[T](to) = *at[T](p)
	}
	return to
}
