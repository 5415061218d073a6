package sqlite

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unsafe"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

var patch = sync.OnceFunc(lib.PatchIssue199) // the page size on arm64; the driver does the same

// fault is an error of SQLite's.
type fault struct {
	code int32  // extended result code
	text string // SQLite's sentence; it names tables and columns, never values
	page uint32 // whose checksum is wrong, and then the sentence is ours; else 0
}

func (f *fault) Error() string {
	if f.page != 0 {
		return f.text
	}
	return fmt.Sprintf("SQLite: %s (%d)", f.text, f.code)
}

func (f *fault) primary() int32 { return f.code & 0xff }

// conn is one connection, for one goroutine at a time.
type conn struct {
	tls   *libc.TLS
	db    uintptr
	file  uintptr // the database's *summed
	cell  uintptr // room for one pointer that SQLite gives out
	buf   uintptr // room for the value that is being bound
	room  int
	stmts map[string]*stmt
}

// dial opens an existing database file. vfs is empty for the platform's. The
// log stays where it is when the last connection closes: a database that has
// none was parted from it.
func dial(path, vfs string, busy time.Duration) (*conn, error) {
	c, err := openConn(path, vfs, lib.SQLITE_OPEN_READWRITE)
	if err != nil {
		return nil, err
	}
	*(*int32)(pointer(c.cell)) = 1
	if rc := lib.Xsqlite3_file_control(c.tls, c.db, 0, lib.SQLITE_FCNTL_PERSIST_WAL, c.cell); rc != lib.SQLITE_OK {
		err := c.fault(rc)
		c.close()
		return nil, err
	}
	lib.Xsqlite3_busy_timeout(c.tls, c.db, int32(busy.Milliseconds()))
	return c, nil
}

// dialUnchanged opens a file to look at it without its log and without a lock,
// and leaves nothing beside it.
func dialUnchanged(path, vfs string) (*conn, error) {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") { // C:/data
		path = "/" + path
	}
	uri := url.URL{Scheme: "file", Path: path, RawQuery: "immutable=1"}
	return openConn(uri.String(), vfs, lib.SQLITE_OPEN_READONLY|lib.SQLITE_OPEN_URI)
}

func openConn(path, vfs string, flags int32) (*conn, error) {
	patch()
	c := &conn{tls: libc.NewTLS(), stmts: map[string]*stmt{}}
	if c.cell = lib.Xsqlite3_malloc(c.tls, int32(unsafe.Sizeof(c.cell))); c.cell == 0 {
		err := c.fault(lib.SQLITE_NOMEM)
		c.close()
		return nil, err
	}
	name, err := libc.CString(path)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, name)
	if vfs, err = sumsOver(vfs); err != nil {
		c.close()
		return nil, err
	}
	with, err := libc.CString(vfs)
	if err != nil {
		c.close()
		return nil, err
	}
	defer libc.Xfree(c.tls, with)
	rc := lib.Xsqlite3_open_v2(c.tls, name, c.cell, flags|lib.SQLITE_OPEN_NOMUTEX|lib.SQLITE_OPEN_EXRESCODE, with)
	c.db = pointerAt(c.cell)
	if rc != lib.SQLITE_OK {
		err := c.fault(rc)
		c.close()
		return nil, err
	}
	if rc := lib.Xsqlite3_file_control(c.tls, c.db, 0, lib.SQLITE_FCNTL_FILE_POINTER, c.cell); rc != lib.SQLITE_OK {
		err := c.fault(rc)
		c.close()
		return nil, err
	}
	c.file = pointerAt(c.cell)
	return c, nil
}

// close gives everything back, and where this is the file's last connection
// moves the log into the file.
func (c *conn) close() {
	for _, s := range c.stmts {
		lib.Xsqlite3_finalize(c.tls, s.p)
	}
	lib.Xsqlite3_close_v2(c.tls, c.db)
	lib.Xsqlite3_free(c.tls, c.buf)
	lib.Xsqlite3_free(c.tls, c.cell)
	c.tls.Close()
}

func (c *conn) fault(rc int32) error {
	if f := c.damage(rc); f != nil {
		return f
	}
	text := libc.GoString(lib.Xsqlite3_errstr(c.tls, rc))
	if c.db != 0 && lib.Xsqlite3_extended_errcode(c.tls, c.db) == rc {
		text = libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))
	}
	return &fault{code: rc, text: printable(text)}
}

// prepare gives the connection's one statement for an SQL text.
func (c *conn) prepare(sql string) (*stmt, error) {
	if s, ok := c.stmts[sql]; ok {
		return s, nil
	}
	text, err := libc.CString(sql)
	if err != nil {
		return nil, err
	}
	defer libc.Xfree(c.tls, text)
	if rc := lib.Xsqlite3_prepare_v3(c.tls, c.db, text, -1, lib.SQLITE_PREPARE_PERSISTENT, c.cell, 0); rc != lib.SQLITE_OK {
		return nil, c.fault(rc)
	}
	s := &stmt{c: c, p: pointerAt(c.cell)}
	c.stmts[sql] = s
	return s, nil
}

// start prepares, binds and takes the first step. Whoever got no error resets.
func (c *conn) start(sql string, args ...any) (s *stmt, row bool, err error) {
	if s, err = c.prepare(sql); err != nil {
		return nil, false, err
	}
	for i, a := range args {
		if err = s.bind(int32(i+1), a); err != nil {
			return nil, false, err
		}
	}
	if row, err = s.step(); err != nil {
		s.reset()
		return nil, false, err
	}
	return s, row, nil
}

// exec runs a statement to its end and gives how many rows it changed.
func (c *conn) exec(sql string, args ...any) (changed int64, err error) {
	s, row, err := c.start(sql, args...)
	if err != nil {
		return 0, err
	}
	defer s.reset()
	for row {
		if row, err = s.step(); err != nil {
			return 0, err
		}
	}
	return lib.Xsqlite3_changes64(c.tls, c.db), nil
}

// number runs a query for one integer; 0 where there is no row.
func (c *conn) number(sql string, args ...any) (int64, error) {
	s, row, err := c.start(sql, args...)
	if err != nil {
		return 0, err
	}
	defer s.reset()
	if !row {
		return 0, nil
	}
	return s.int(0), nil
}

// text runs a query for one string; empty where there is no row.
func (c *conn) text(sql string, args ...any) (string, error) {
	s, row, err := c.start(sql, args...)
	if err != nil {
		return "", err
	}
	defer s.reset()
	if !row {
		return "", nil
	}
	return string(s.view(0)), nil
}

// inTransaction tells whether one is open; some errors end it.
func (c *conn) inTransaction() bool { return lib.Xsqlite3_get_autocommit(c.tls, c.db) == 0 }

// checkpoint moves what it can of the log into the file, and gives how many
// pages the log had. Where how is not PASSIVE it may wait as long as the
// connection's busy timeout; to be too late is no error, and restarted false.
func (c *conn) checkpoint(how int32) (pages int32, restarted bool, err error) {
	*(*int32)(pointer(c.cell)) = 0
	rc := lib.Xsqlite3_wal_checkpoint_v2(c.tls, c.db, 0, how, c.cell, 0)
	pages = *(*int32)(pointer(c.cell))
	if rc != lib.SQLITE_OK && rc&0xff != lib.SQLITE_BUSY && rc&0xff != lib.SQLITE_LOCKED {
		return pages, false, c.fault(rc)
	}
	return pages, rc == lib.SQLITE_OK, nil
}

// memory gives n bytes of SQLite's own memory, which Go's collector neither
// moves nor frees.
func memory(p uintptr, n int) []byte {
	if p == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(pointer(p)), n)
}

// pointer is the address p of SQLite's memory.
func pointer(p uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&p)) }

func pointerAt(p uintptr) uintptr { return *(*uintptr)(pointer(p)) }
