package dynamo

import (
	"context"
	"errors"
	"time"

	"rescind/shared/secret"
	"rescind/shared/session"
)

// errNoEnd is a caller's mistake: the session would be without an end.
var errNoEnd = errors.New("dynamo: a session's end needs its time")

func sessionConflict(n *session.Session) error { return &session.Conflict{Stored: n} }

// FindSession reads one session, consistently.
func (s *Store) FindSession(ctx context.Context, id secret.Digest) (*session.Session, error) {
	return findOne(ctx, s, s.sessionKey(id), decodeSession)
}

// CreateSession puts the session if its key is absent.
func (s *Store) CreateSession(ctx context.Context, n *session.Session) error {
	k := s.sessionKey(n.ID)
	it, err := encodeSession(k, n)
	if err != nil {
		return err
	}
	if err := s.claim(ctx, k.table); err != nil {
		return err
	}
	return conflicting("creating a session", k, s.putNew(ctx, k, it), decodeSession, sessionConflict)
}

// TouchSession moves the idle end on, if the session has not ended.
func (s *Store) TouchSession(ctx context.Context, id secret.Digest, idleEnd time.Time) error {
	if idleEnd.IsZero() {
		return errNoEnd
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	k := s.sessionKey(id)
	u := change(k)
	u.when(u.absent(attrEnded), u.is(attrIdleEnd, "<", millis(idleEnd)))
	u.set(attrIdleEnd, millis(idleEnd))
	_, err := s.do(ctx, u)
	return conflicting("keeping a session", k, err, decodeSession, sessionConflict)
}

// EndSession sets when the session ended, unless it is set or the row is gone.
func (s *Store) EndSession(ctx context.Context, id secret.Digest, at time.Time) error {
	if at.IsZero() {
		return errNoEnd
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	k := s.sessionKey(id)
	u := change(k)
	u.when(u.absent(attrEnded))
	u.set(attrEnded, millis(at))
	if _, err := s.do(ctx, u); err != nil {
		if _, over := conditionFailed(err); !over {
			return outage("ending a session", k.table, err)
		}
	}
	return nil
}
