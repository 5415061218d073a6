package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rescind/shared/secret"
	"rescind/shared/user"
)

// Rules are a deployment's settings for sessions, and the source of time and
// randomness. Use Defaults and change what differs.
type Rules struct {
	Now  func() time.Time
	Rand io.Reader

	Idle         time.Duration // of a session that is not used
	Absolute     time.Duration // of a session in all
	Touch        time.Duration // the idle end is moved on by use at most this often
	WriteTimeout time.Duration // for a write, and for the read that settles it, each
}

// Defaults are 12 hours idle and 7 days in all.
func Defaults(now func() time.Time, rand io.Reader) Rules {
	return Rules{Now: now, Rand: rand, Idle: 12 * time.Hour, Absolute: 7 * 24 * time.Hour, Touch: 5 * time.Minute, WriteTimeout: 5 * time.Second}
}

// keptAfterEnd is how long a row stays after its absolute end.
const keptAfterEnd = time.Hour

// Who is the person whom a session is for.
type Who struct {
	Account  user.Key
	Subject  string
	Label    string    // how the pages name them
	Epochs   Epochs    // as read before the proof
	AuthTime time.Time // when they proved who they are; zero for now
}

func (r Rules) now() time.Time { return r.Now().UTC().Truncate(time.Millisecond) }

// Start makes a session for somebody who has proved who they are, and gives the
// value for the cookie. The value is always a new one: a value that the browser
// had before is nobody's sign-in (session fixation). Errors are outages.
func (r Rules) Start(ctx context.Context, s Store, who Who) (secret.Text, *Session, error) {
	value, err := NewValue(r.Rand)
	if err != nil {
		return secret.Text{}, nil, err
	}
	op, err := secret.NewOp(r.Rand)
	if err != nil {
		return secret.Text{}, nil, err
	}
	now := r.now()
	row := &Session{
		ID: value.Digest(), Account: who.Account, Subject: who.Subject, Label: who.Label, Epochs: who.Epochs,
		AuthTime: now, Born: now, AbsoluteEnd: now.Add(r.Absolute), IdleEnd: now.Add(r.Idle), Op: op,
		ExpiresAt: now.Add(r.Absolute + keptAfterEnd).Truncate(time.Second),
	}
	if !who.AuthTime.IsZero() && who.AuthTime.Before(now) {
		row.AuthTime = who.AuthTime.UTC().Truncate(time.Millisecond)
	}
	err = r.write(ctx, func(ctx context.Context) error { return s.CreateSession(ctx, row) })
	if err = r.settleStart(ctx, s, row, err); err != nil {
		return secret.Text{}, nil, fmt.Errorf("starting a session: %w", err)
	}
	return value, row, nil
}

// settleStart finds out whether the row was put after all.
func (r Rules) settleStart(ctx context.Context, s Finder, row *Session, err error) error {
	if err == nil {
		return nil
	}
	stored := (*Session)(nil)
	if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
		stored = conflict.Stored
	} else if stored, _ = r.readAfter(ctx, s, row.ID); stored == nil {
		return err
	}
	if stored != nil && stored.Op.Equal(row.Op) {
		return nil
	}
	return err
}

// Reasons why a session is not alive, for logs.
const (
	DeadUnknown  = "unknown"
	DeadEnded    = "signed_out"
	DeadRevoked  = "subject_revoked"
	DeadRestored = "store_restored"
	DeadIdle     = "idle"
	DeadExpired  = "expired"
)

// Dead says why a session is dead, or "" where it lives. cur are the current
// epochs, read consistently.
func (s *Session) Dead(cur Epochs, now time.Time) string {
	switch {
	case s == nil:
		return DeadUnknown
	case !s.Ended.IsZero():
		return DeadEnded
	case cur.Subject > s.Epochs.Subject:
		return DeadRevoked
	case cur.Store > s.Epochs.Store:
		return DeadRestored
	case !now.Before(s.AbsoluteEnd):
		return DeadExpired
	case !now.Before(s.IdleEnd):
		return DeadIdle
	}
	return ""
}

// Used moves a living session's idle end on, at most once in a while. alive is
// false where it was ended meanwhile. Errors are outages.
func (r Rules) Used(ctx context.Context, s Store, row *Session) (alive bool, err error) {
	end := r.now().Add(r.Idle)
	if row.AbsoluteEnd.Before(end) {
		end = row.AbsoluteEnd
	}
	if end.Sub(row.IdleEnd) < r.Touch {
		return true, nil
	}
	err = r.write(ctx, func(ctx context.Context) error { return s.TouchSession(ctx, row.ID, end) })
	stored := (*Session)(nil)
	if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
		stored = conflict.Stored
	} else if err == nil {
		return true, nil
	} else if stored, _ = r.readAfter(ctx, s, row.ID); stored == nil {
		return false, fmt.Errorf("using a session: %w", err)
	}
	return stored != nil && stored.Ended.IsZero(), nil
}

// End ends a session for good; only once that is durable it gives no error. One
// that is unknown or ended is a success. Errors are outages.
func (r Rules) End(ctx context.Context, s Store, id secret.Digest) error {
	at := r.now()
	err := r.write(ctx, func(ctx context.Context) error { return s.EndSession(ctx, id, at) })
	if err == nil {
		return nil
	}
	stored, readErr := r.readAfter(ctx, s, id)
	if readErr == nil && (stored == nil || !stored.Ended.IsZero()) {
		return nil
	}
	return fmt.Errorf("ending a session: %w", err)
}

// write runs one write under its own deadline, also when the caller goes away.
func (r Rules) write(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.WriteTimeout)
	defer cancel()
	return do(ctx)
}

func (r Rules) readAfter(ctx context.Context, s Finder, id secret.Digest) (*Session, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.WriteTimeout)
	defer cancel()
	return s.FindSession(ctx, id)
}
