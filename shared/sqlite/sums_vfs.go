package sqlite

import (
	"encoding/binary"
	"fmt"
	"sync"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// summed is a sqlite3_file of ours, in SQLite's memory: the database or its log.
// The sqlite3_file of the VFS below stands behind it. SQLite uses it in one
// goroutine at a time, as it does the connection that it belongs to.
type summed struct {
	methods uintptr
	db      uintptr // the database's; its fields below count for the log too
	next    int64   // of a log: where the page goes whose header was written last
	number  uint32  // that page's
	bad     uint32  // a page whose sum was wrong, until it was told
	// badInLog tells of bad, on that pages have sums, making that they are just
	// getting them, moving that a checkpoint moves pages out of the log.
	badInLog, on, making, moving bool
}

// fileRoom is summed's size, so that what is behind it is aligned.
const fileRoom = (unsafe.Sizeof(summed{}) + 15) &^ 15

var sums = struct {
	sync.Mutex
	names   map[string]string   // of a VFS to that of ours over it
	methods map[uintptr]uintptr // sqlite3_io_methods to ours over them
}{names: map[string]string{}, methods: map[uintptr]uintptr{}}

// sumsOver gives the name of a VFS that checks every page that it reads of a
// database or its log, and otherwise does as the given one; empty is the
// platform's. It stays for the life of the process.
func sumsOver(vfs string) (string, error) {
	sums.Lock()
	defer sums.Unlock()
	if name, ok := sums.names[vfs]; ok {
		return name, nil
	}
	tls := libc.NewTLS()
	defer tls.Close()
	below, err := uintptr(0), error(nil)
	if vfs != "" {
		if below, err = libc.CString(vfs); err != nil {
			return "", err
		}
		defer libc.Xfree(tls, below)
	}
	base := lib.Xsqlite3_vfs_find(tls, below)
	if base == 0 {
		return "", fmt.Errorf("SQLite has no VFS %q on this platform", vfs)
	}
	name := "rescind-sums-" + vfs
	text, err := libc.CString(name) // kept for as long as the VFS
	if err != nil {
		return "", err
	}
	ours := clone[lib.Tsqlite3_vfs](tls, base)
	if ours == 0 {
		return "", &fault{code: lib.SQLITE_NOMEM, text: "out of memory"}
	}
	v := at[lib.Tsqlite3_vfs](ours)
	v.FpNext, v.FzName, v.FpAppData = 0, text, base
	v.FszOsFile += int32(fileRoom)
	v.FxOpen, v.FxDelete, v.FxAccess, v.FxFullPathname = code(sumsOpen), code(sumsDelete), code(sumsAccess), code(sumsFullPathname)
	if rc := lib.Xsqlite3_vfs_register(tls, ours, 0); rc != lib.SQLITE_OK {
		return "", &fault{code: rc, text: "registering a VFS"}
	}
	sums.names[vfs] = name
	return name, nil
}

// sumsOpen is xOpen. What is neither database nor log is the VFS's below.
func sumsOpen(tls *libc.TLS, vfs, name, f uintptr, flags int32, out uintptr) int32 {
	base := at[lib.Tsqlite3_vfs](vfs).FpAppData
	open := function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](at[lib.Tsqlite3_vfs](base).FxOpen)
	if flags&(lib.SQLITE_OPEN_MAIN_DB|lib.SQLITE_OPEN_WAL) == 0 {
		return open(tls, base, name, f, flags, out)
	}
	file := at[summed](f)
	*file = summed{db: f}
	if flags&lib.SQLITE_OPEN_WAL != 0 {
		file.db = lib.Xsqlite3_database_file_object(tls, name)
	}
	rc := open(tls, base, name, f+fileRoom, flags, out)
	if methods := at[lib.Tsqlite3_file](f + fileRoom).FpMethods; methods != 0 {
		if file.methods = sumsMethods(tls, methods); file.methods == 0 {
			_ = function[xFile](at[lib.Tsqlite3_io_methods](methods).FxClose)(tls, f+fileRoom)
			return lib.SQLITE_NOMEM
		}
	}
	return rc
}

// sumsRead is xRead. A page whose sum is wrong is SQLITE_CORRUPT, which SQLite
// hands on as it does its own findings.
func sumsRead(tls *libc.TLS, f, buf uintptr, n int32, offset int64) int32 {
	rc := function[xReadWrite](below(f).FxRead)(tls, f+fileRoom, buf, n, offset)
	if !isPage(n) || rc != lib.SQLITE_OK && rc != lib.SQLITE_IOERR_SHORT_READ {
		return rc
	}
	db, page := at[summed](at[summed](f).db), memory(buf, int(n))
	if db.making {
		return rc
	}
	if !db.on {
		if _, db.on = beginsFile(page); !db.on {
			return rc
		}
	}
	if rc != lib.SQLITE_OK && isZero(page) { // behind the end, where SQLite finds zeros
		return rc
	}
	inLog, number := at[summed](f).db != f, numberOn(page)
	if place := uint32(offset/int64(n)) + 1; !inLog && place != number || !sumIsRight(page) {
		if !inLog {
			number = place
		}
		db.bad, db.badInLog = number, inLog
		return lib.SQLITE_CORRUPT
	}
	return rc
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// sumsWrite is xWrite. A page gets its sum where SQLite first writes it: in the
// log, or in the file where it goes past that. A checkpoint moves it as it is,
// so what the log's disk did to it meanwhile is never signed anew.
func sumsWrite(tls *libc.TLS, f, buf uintptr, n int32, offset int64) int32 {
	file, b := at[summed](f), memory(buf, int(n))
	db, inLog := at[summed](file.db), file.db != f
	switch {
	case inLog && n == 24: // a frame's header
		file.number, file.next = binary.BigEndian.Uint32(b), offset+24
	case isPage(n):
		if is, has := beginsFile(b); is && !db.making {
			db.on = db.on || has
		}
		number := uint32(offset/int64(n)) + 1
		if inLog {
			number = file.number
		}
		switch {
		case !db.on && !db.making:
		case inLog && offset != file.next: // SQLite writes no page so; it would have no number
			return lib.SQLITE_IOERR_WRITE
		case !db.moving:
			putSum(b, number)
		case numberOn(b) != number:
			db.bad, db.badInLog = number, true
			return lib.SQLITE_CORRUPT
		}
	}
	return function[xReadWrite](below(f).FxWrite)(tls, f+fileRoom, buf, n, offset)
}

// sumsControl is xFileControl, by which SQLite tells when a checkpoint writes.
func sumsControl(tls *libc.TLS, f uintptr, op int32, arg uintptr) int32 {
	switch op {
	case lib.SQLITE_FCNTL_CKPT_START:
		at[summed](f).moving = true
	case lib.SQLITE_FCNTL_CKPT_DONE:
		at[summed](f).moving = false
	}
	return function[xFileNumberPointer](below(f).FxFileControl)(tls, f+fileRoom, op, arg)
}

// sumsFetch is xFetch: no page is mapped, so that every page is read.
func sumsFetch(_ *libc.TLS, _ uintptr, _ int64, _ int32, out uintptr) int32 {
	*at[uintptr](out) = 0
	return lib.SQLITE_OK
}
