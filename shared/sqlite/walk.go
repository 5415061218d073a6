package sqlite

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"rescind/shared/grant"
)

// mostWalked bounds a page: a read that lasts keeps the log from beginning anew.
const mostWalked = 1000

// A cursor is its walk's name and where the last row stands: a rowid, which a
// row keeps for as long as it is there, or a subject's key in hexadecimal.
const (
	walkGrants   = "grants:"
	walkDenied   = "denied:"
	walkSubjects = "subjects:"
)

var errCursor = errors.New("sqlite: this is no cursor of this walk; begin it anew")

var (
	pageOfGrants   = `SELECT ` + grantColumns + `, rowid FROM grants WHERE rowid > ? ORDER BY rowid LIMIT ?`
	pageOfDenied   = `SELECT at, why, expires_at, jti, rowid FROM denied WHERE rowid > ? ORDER BY rowid LIMIT ?`
	pageOfSubjects = `SELECT subject, epoch FROM subjects WHERE subject > ? ORDER BY subject LIMIT ?`

	grantRowid = int32(strings.Count(grantColumns, ",") + 1) // the column after them
)

// WalkGrants gives a page of all grants, in the order in which they were made.
func (s *Store) WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
	after, err := parseRowid(walkGrants, from)
	if err != nil {
		return nil, "", err
	}
	return walk(ctx, s, limit, func(st *stmt) (*grant.Grant, grant.Cursor, error) {
		rowid := st.int(grantRowid)
		g, err := readGrant(st)
		if err != nil {
			return nil, "", fmt.Errorf("%s of table grants: %w", grantName(st, rowid), err)
		}
		return g, rowidCursor(walkGrants, rowid), nil
	}, pageOfGrants, after)
}

// grantName is what an error may say of a row that cannot be read.
func grantName(st *stmt, rowid int64) string {
	if id := st.view(0); len(id) == len(grant.Grant{}.ID) {
		return "grant " + hex.EncodeToString(id)
	}
	return fmt.Sprintf("row %d", rowid)
}

// WalkDenied gives a page of all denials, in the order in which they were made.
func (s *Store) WalkDenied(ctx context.Context, from grant.Cursor, limit int) ([]grant.Denial, grant.Cursor, error) {
	after, err := parseRowid(walkDenied, from)
	if err != nil {
		return nil, "", err
	}
	return walk(ctx, s, limit, func(st *stmt) (grant.Denial, grant.Cursor, error) {
		r := row{s: st}
		d := r.denial()
		d.JTI = r.text()
		rowid := r.int()
		if d.At.IsZero() {
			return d, "", fmt.Errorf("row %d of table denied: %w", rowid, errDamaged)
		}
		return d, rowidCursor(walkDenied, rowid), nil
	}, pageOfDenied, after)
}

// WalkSubjects gives a page of the subjects that have an epoch, in the order of
// their keys.
func (s *Store) WalkSubjects(ctx context.Context, from grant.Cursor, limit int) ([]grant.SubjectEpoch, grant.Cursor, error) {
	after, err := parseSubject(from)
	if err != nil {
		return nil, "", err
	}
	return walk(ctx, s, limit, func(st *stmt) (e grant.SubjectEpoch, next grant.Cursor, err error) {
		key := st.view(0)
		next = grant.Cursor(walkSubjects + hex.EncodeToString(key))
		e.Epoch = st.int(1)
		if len(key) != len(e.Key) || !canRise(e.Epoch) {
			return e, "", fmt.Errorf("subject %s of table subjects: %w", hex.EncodeToString(key), errDamaged)
		}
		copy(e.Key[:], key)
		return e, next, nil
	}, pageOfSubjects, after)
}

// walk reads one page, in one snapshot. A page that is not full is the last.
func walk[T any](ctx context.Context, s *Store, limit int, take func(*stmt) (T, grant.Cursor, error), sql string, after any) (page []T, next grant.Cursor, err error) {
	limit = min(max(limit, 1), mostWalked)
	err = s.read(ctx, func(c *reader, _ int64) error {
		return each(c.conn, func(st *stmt) error {
			row, place, err := take(st)
			page, next = append(page, row), place
			return err
		}, sql, after, int64(limit))
	})
	switch {
	case err != nil:
		return nil, "", err
	case len(page) < limit:
		next = ""
	}
	return page, next, nil
}

func rowidCursor(walk string, rowid int64) grant.Cursor {
	return grant.Cursor(walk + strconv.FormatInt(rowid, 10))
}

// parseRowid reads what rowidCursor wrote, and nothing else. Rowids begin at 1.
func parseRowid(walk string, from grant.Cursor) (int64, error) {
	if from == "" {
		return 0, nil
	}
	digits, ok := strings.CutPrefix(string(from), walk)
	n, err := strconv.ParseInt(digits, 10, 64)
	if !ok || err != nil || n < 1 || rowidCursor(walk, n) != from {
		return 0, errCursor
	}
	return n, nil
}

func parseSubject(from grant.Cursor) ([]byte, error) {
	if from == "" {
		return []byte{}, nil
	}
	digits, ok := strings.CutPrefix(string(from), walkSubjects)
	key, err := hex.DecodeString(digits)
	if !ok || err != nil || len(key) != len(grant.SubjectKey{}) || hex.EncodeToString(key) != digits {
		return nil, errCursor
	}
	return key, nil
}

// RestoreSubjectEpoch sets the subject's epoch if it is less, or absent.
func (s *Store) RestoreSubjectEpoch(ctx context.Context, subject grant.SubjectKey, to int64) error {
	if !canRise(to) {
		return errEpoch
	}
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`INSERT INTO subjects (epoch, subject) VALUES (?, ?)
			ON CONFLICT (subject) DO UPDATE SET epoch = excluded.epoch WHERE epoch < excluded.epoch`, to, subject[:])
		return err
	})
}
