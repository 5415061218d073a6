package grant

import (
	"context"
	"errors"
	"io"
	"time"

	"rescind/shared/client"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Rules are a deployment's settings for grants, and the source of time and
// randomness. Use Defaults and change what differs.
type Rules struct {
	Now  func() time.Time
	Rand io.Reader

	AccessLifetime  time.Duration // of an access token
	RefreshIdle     time.Duration // of a refresh token that is not used
	RefreshAbsolute time.Duration // of a grant in all
	CodeLifetime    time.Duration // of an authorization code
	Grace           time.Duration // in which the preceding refresh token gets the identical answer
	WriteTimeout    time.Duration // for a write, and for the read that settles it, each

	Unsettled *Unsettled // of this process; nil: it remembers nothing
}

// Defaults are the pinned lifetimes: an access token 1 h, refresh 30 days idle
// and 90 days in all, a code 60 s, grace 30 s.
func Defaults(now func() time.Time, rand io.Reader) Rules {
	return Rules{
		Now: now, Rand: rand,
		AccessLifetime:  time.Hour,
		RefreshIdle:     30 * 24 * time.Hour,
		RefreshAbsolute: 90 * 24 * time.Hour,
		CodeLifetime:    time.Minute,
		Grace:           30 * time.Second,
		WriteTimeout:    5 * time.Second,
		Unsettled:       &Unsettled{},
	}
}

// clockSkew is how far two of our clocks may differ, or one be set back. A
// token counts as expired for good, so that its revocation need write nothing,
// only after that.
const clockSkew = 10 * time.Minute

// keptAfterEnd is how long an item stays after the last of its ends.
const keptAfterEnd = 24 * time.Hour

// maxTries is how often an operation reads again after it lost a race.
const maxTries = 3

// ErrContended is the outage of an operation that lost every race.
var ErrContended = errors.New("grant: the item is being changed by others all the time")

func (r Rules) now() time.Time { return r.Now().UTC().Truncate(time.Millisecond) }

func or(d, fallback time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return fallback
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// expiry is when the store may delete an item whose last end is end: a day
// later, in whole seconds, and never earlier than it already said.
func expiry(already, end time.Time) time.Time {
	return later(already, end.Add(keptAfterEnd).Add(time.Second).Truncate(time.Second))
}

func (r Rules) accessEnd(p client.Policy, now, absolute time.Time) time.Time {
	return earlier(now.Add(or(p.AccessTokenLifetime, r.AccessLifetime)), absolute)
}

func (r Rules) idleEnd(p client.Policy, now, absolute time.Time) time.Time {
	return earlier(now.Add(or(p.RefreshIdleLifetime, r.RefreshIdle)), absolute)
}

// write runs one write under its own deadline, also when the caller goes away:
// a write that is cut off half-way is one whose outcome nobody knows.
func (r Rules) write(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.WriteTimeout)
	defer cancel()
	return do(ctx)
}

// settle finds out what became of a write: nil where it landed, a *Conflict
// where it certainly did not, the write's own error where nobody can tell.
// ours recognises our own write in the item.
func (r Rules) settle(ctx context.Context, s Finder, id token.GrantID, err error, ours mark) error {
	if err == nil {
		return nil
	}
	var conflict *Conflict
	if errors.As(err, &conflict) {
		// A retry of ours below may have met what its first attempt wrote.
		if conflict.Stored != nil && ours.in(conflict.Stored) {
			return nil
		}
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.WriteTimeout)
	defer cancel()
	rows, readErr := s.Find(ctx, Keys{Grants: []token.GrantID{id}})
	if readErr == nil && rows.Grants[0] != nil && ours.in(rows.Grants[0]) {
		return nil
	}
	return err
}

func isConflict(err error) (stored *Grant, ok bool) {
	var conflict *Conflict
	if errors.As(err, &conflict) {
		return conflict.Stored, true
	}
	return nil, false
}

// mark is what a write leaves in the item, to recognise it by: its op, or the
// access token that it put into a slot.
type mark struct {
	op     secret.Op
	access secret.Digest
}

func (m mark) in(g *Grant) bool {
	if m.op.IsZero() {
		return g.FindAccess(m.access) >= 0
	}
	return g.Op.Equal(m.op)
}
