package sqlite

import (
	"fmt"
	"time"

	lib "modernc.org/sqlite/lib"

	"rescind/shared/secret"
)

// stmt is a prepared statement of a connection.
type stmt struct {
	c *conn
	p uintptr
}

// bind sets parameter i, from 1. A zero digest, op or time is NULL; a time is
// in milliseconds.
func (s *stmt) bind(i int32, v any) error {
	rc := int32(lib.SQLITE_OK)
	switch v := v.(type) {
	case nil:
		rc = lib.Xsqlite3_bind_null(s.c.tls, s.p, i)
	case int64:
		rc = lib.Xsqlite3_bind_int64(s.c.tls, s.p, i, v)
	case string:
		rc = s.bindText(i, v)
	case []byte:
		rc = s.bindBlob(i, v)
	case secret.Digest:
		if v.IsZero() {
			return s.bind(i, nil)
		}
		rc = s.bindBlob(i, v[:])
	case secret.Op:
		return s.bind(i, secret.Digest(v))
	case time.Time:
		if v.IsZero() {
			return s.bind(i, nil)
		}
		return s.bind(i, v.UnixMilli())
	default:
		return fmt.Errorf("sqlite: no value of type %T can be bound", v)
	}
	if rc != lib.SQLITE_OK {
		return s.c.fault(rc)
	}
	return nil
}

func (s *stmt) bindBlob(i int32, b []byte) int32 {
	room, ok := s.c.scratch(len(b))
	if !ok {
		return lib.SQLITE_NOMEM
	}
	copy(room, b)
	return lib.Xsqlite3_bind_blob(s.c.tls, s.p, i, s.c.buf, int32(len(b)), transient)
}

func (s *stmt) bindText(i int32, v string) int32 {
	room, ok := s.c.scratch(len(v))
	if !ok {
		return lib.SQLITE_NOMEM
	}
	copy(room, v)
	return lib.Xsqlite3_bind_text(s.c.tls, s.p, i, s.c.buf, int32(len(v)), transient)
}

// transient is SQLITE_TRANSIENT: SQLite copies what is bound.
const transient = ^uintptr(0)

// mostBound is the length of the longest value: SQLITE_MAX_LENGTH's default.
const mostBound = 1_000_000_000

// scratch gives n bytes of memory that SQLite can read; false where there are
// not as many.
func (c *conn) scratch(n int) (room []byte, ok bool) {
	if n > mostBound {
		return nil, false
	}
	if n > c.room || c.buf == 0 {
		lib.Xsqlite3_free(c.tls, c.buf)
		c.room = max(256, 2*n)
		if c.buf = lib.Xsqlite3_malloc(c.tls, int32(c.room)); c.buf == 0 {
			c.room = 0
			return nil, false
		}
	}
	return memory(c.buf, n), true
}

func (s *stmt) step() (row bool, err error) {
	switch rc := lib.Xsqlite3_step(s.c.tls, s.p); rc {
	case lib.SQLITE_ROW:
		return true, nil
	case lib.SQLITE_DONE:
		return false, nil
	default:
		return false, s.c.fault(rc)
	}
}

// reset ends the statement's run, and with the last one the read it is part
// of. What it returns is the error that the step already gave.
func (s *stmt) reset() { lib.Xsqlite3_reset(s.c.tls, s.p) }

func (s *stmt) isNull(i int32) bool {
	return lib.Xsqlite3_column_type(s.c.tls, s.p, i) == lib.SQLITE_NULL
}

func (s *stmt) int(i int32) int64 { return lib.Xsqlite3_column_int64(s.c.tls, s.p, i) }

// view gives a text or blob, valid until the next step or reset.
func (s *stmt) view(i int32) []byte {
	p := lib.Xsqlite3_column_blob(s.c.tls, s.p, i)
	return memory(p, int(lib.Xsqlite3_column_bytes(s.c.tls, s.p, i)))
}
