package user

import (
	"context"
	"errors"
	"time"

	"rescind/shared/secret"
)

// ErrCredentials is the one answer to an unknown email, a wrong password and an
// account that may not sign in: who may sign in is not told to who may not.
var ErrCredentials = errors.New("user: the email or the password is wrong")

// ErrThrottled says how long this source must wait before it may try again.
type ErrThrottled struct{ RetryAfter time.Duration }

// Error says so, without naming anybody.
func (*ErrThrottled) Error() string { return "user: too many failed attempts" }

// Verify checks a password. Whether the account is not there, is switched off,
// was deleted or has another password, the work is the same: one read and one
// hash. source is the caller's address, for throttling.
//
// What the account gives power over is read before it: read the subject's epoch
// after Verify, then call Recheck. Errors: ErrCredentials, *ErrThrottled, or an
// outage.
func (a *Accounts) Verify(ctx context.Context, email string, password secret.Text, source string) (*Account, error) {
	key, err := KeyOfEmail(email) // what is no address is nobody's: the zero Key is throttled like any
	possible := err == nil && password.Len() <= maxPassword
	now := a.Now()
	if wait := a.guesses.take(key, source, now); wait > 0 {
		return nil, &ErrThrottled{wait}
	}
	var found *Account
	matched := false
	if possible {
		found, matched, err = a.look(ctx, key, password)
		if err != nil {
			a.guesses.giveBack(key, source, now)
			return nil, err
		}
	}
	if !matched {
		a.guesses.failed(key, source, now)
		return nil, ErrCredentials
	}
	a.guesses.succeeded(key, source, now)
	return a.rehash(ctx, found, password), nil
}

// look reads the account and hashes the password once, whatever it finds.
func (a *Accounts) look(ctx context.Context, key Key, password secret.Text) (*Account, bool, error) {
	found, err := a.Store.FindUser(ctx, key)
	if err != nil {
		return nil, false, err
	}
	hash, usable := nobodys, found != nil && found.State == On && !found.Password.IsEmpty()
	if usable {
		if hash, err = parseKept(found.Password); err != nil {
			return nil, false, err
		}
	}
	matched, err := a.hashes.matches(ctx, hash, password)
	return found, usable && matched, err
}

// rehash keeps the password at today's cost where it was kept at less. What
// goes wrong is tried again at the next sign-in; the password was right.
func (a *Accounts) rehash(ctx context.Context, found *Account, password secret.Text) *Account {
	if hash, err := parseKept(found.Password); err != nil || !hash.isStale() {
		return found
	}
	next := *found
	var err error
	if next.Password, err = a.hashes.make(ctx, a.Rand, password); err != nil {
		return found
	}
	if err := a.put(ctx, &next, found.Version); err != nil {
		return found
	}
	return &next
}

// Recheck reads once more whether the account that Verify or Upstream gave may
// still sign in, unchanged. What it vouches for must carry an epoch of the
// subject that was read before: a new password or a switch-off writes the row
// first and raises the epoch then, so it is seen here or passes that epoch.
// Errors: ErrCredentials where anything changed, or an outage.
func (a *Accounts) Recheck(ctx context.Context, given *Account) error {
	stored, err := a.Store.FindUser(ctx, given.Key)
	switch {
	case err != nil:
		return err
	case stored == nil, stored.State != On, stored.Version != given.Version, stored.Subject != given.Subject:
		return ErrCredentials
	}
	return nil
}
