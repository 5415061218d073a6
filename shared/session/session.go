package session

import (
	"context"
	"time"

	"rescind/shared/secret"
	"rescind/shared/user"
)

// Epochs are the two that a session records at the sign-in.
type Epochs struct{ Subject, Store int64 }

// Session is one row. Times are UTC in whole milliseconds; zero means absent.
type Session struct {
	ID          secret.Digest // of the cookie's value
	Account     user.Key      // what signed in
	Subject     string
	Label       string // how the pages name the person: an email or a name
	Epochs      Epochs
	AuthTime    time.Time // when the person last proved who they are (OpenID Connect Core section 2, auth_time)
	Born        time.Time
	IdleEnd     time.Time // moved on by use
	AbsoluteEnd time.Time // never moved
	ExpiresAt   time.Time // when the store may delete the row, whole seconds
	Ended       time.Time // by signing out; the first stands
	Op          secret.Op // the birth
}

// Conflict is the error of a conditional write whose condition did not hold.
// Stored is the row as it was then, nil where there is none.
type Conflict struct{ Stored *Session }

// Error says so, without anything of the row.
func (*Conflict) Error() string { return "session: the row is not as the write requires" }

// Finder reads one session.
type Finder interface {
	// FindSession is a consistent read; nil where there is no row.
	FindSession(ctx context.Context, id secret.Digest) (*Session, error)
}

// Store is what sessions need of a store.
type Store interface {
	Finder
	// CreateSession puts the row if its key is absent; else the error is a *Conflict.
	CreateSession(ctx context.Context, s *Session) error
	// TouchSession sets the idle end if the row exists, has not ended, and its
	// idle end is less; else the error is a *Conflict.
	TouchSession(ctx context.Context, id secret.Digest, idleEnd time.Time) error
	// EndSession sets Ended unless it is set, if the row exists. A row that is
	// absent or ended is no error.
	EndSession(ctx context.Context, id secret.Digest, at time.Time) error
}
