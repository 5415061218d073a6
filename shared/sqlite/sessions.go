package sqlite

import (
	"context"
	"errors"
	"time"

	"rescind/shared/secret"
	"rescind/shared/session"
)

// errNoEnd is a caller's mistake: the column would be NULL, and the session
// without an end, or not ended.
var errNoEnd = errors.New("sqlite: a session's end needs its time")

const (
	sessionColumns = `id, account, subject, label, subject_epoch, generation, auth_time, born, idle_end, absolute_end, expires_at, ended, op`
	findSession    = `SELECT ` + sessionColumns + ` FROM sessions WHERE id = ?`
)

func readSession(s *stmt) (*session.Session, error) {
	r, n := row{s: s}, &session.Session{}
	n.ID = r.digest()
	account := r.view()
	r.bad = r.bad || n.ID.IsZero() || copy(n.Account[:], account) != len(account) || len(account) != len(n.Account)
	n.Subject, n.Label = r.text(), r.text()
	n.Epochs = session.Epochs{Subject: r.epoch(), Store: r.epoch()}
	n.AuthTime, n.Born, n.IdleEnd, n.AbsoluteEnd = r.time(), r.time(), r.time(), r.time()
	n.ExpiresAt, n.Ended, n.Op = time.Unix(r.int(), 0).UTC(), r.time(), secret.Op(r.digest())
	if r.bad {
		return nil, errDamaged
	}
	return n, nil
}

func sessionConflict(n *session.Session) error { return &session.Conflict{Stored: n} }

// FindSession reads one session; nil where there is none.
func (s *Store) FindSession(ctx context.Context, id secret.Digest) (found *session.Session, err error) {
	err = s.read(ctx, func(c *reader, _ int64) (err error) {
		found, err = one(c.conn, readSession, findSession, id)
		return err
	})
	return found, err
}

// CreateSession puts the session if there is none with its id.
func (s *Store) CreateSession(ctx context.Context, n *session.Session) error {
	id, account := n.ID, n.Account
	args := []any{id, account[:], n.Subject, n.Label, n.Epochs.Subject, n.Epochs.Store, n.AuthTime, n.Born, n.IdleEnd, n.AbsoluteEnd,
		n.ExpiresAt.Unix(), n.Ended, n.Op}
	return s.write(ctx, func(c *conn) error {
		return conditional(c, readSession, findSession, id, sessionConflict, `INSERT INTO sessions (`+sessionColumns+`)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`, args)
	})
}

// TouchSession moves the idle end on, if the session has not ended.
func (s *Store) TouchSession(ctx context.Context, id secret.Digest, idleEnd time.Time) error {
	if idleEnd.IsZero() {
		return errNoEnd
	}
	return s.write(ctx, func(c *conn) error {
		return conditional(c, readSession, findSession, id, sessionConflict,
			`UPDATE sessions SET idle_end = ? WHERE id = ? AND ended IS NULL AND idle_end < ?`, []any{idleEnd, id, idleEnd})
	})
}

// EndSession sets when the session ended, unless it is set.
func (s *Store) EndSession(ctx context.Context, id secret.Digest, at time.Time) error {
	if at.IsZero() {
		return errNoEnd
	}
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`UPDATE sessions SET ended = ? WHERE id = ? AND ended IS NULL`, at, id)
		return err
	})
}
