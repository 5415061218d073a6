package user

import (
	"context"
	"errors"
	"time"

	"rescind/shared/secret"
)

// How long a write may take, and the read that finds out whether it landed.
const (
	writeTimeout  = 5 * time.Second
	settleTimeout = 3 * time.Second
)

// What takes power away writes the row first and raises the subject's epoch
// then: whoever signs in between is refused by the row, and what was made out of
// an earlier sign-in carries an epoch that is about to be passed. Each may be
// repeated, and is to be after an error.

// SetPassword replaces the password and ends the user's sessions and grants:
// whoever changes a password may do so because somebody else has it. Errors:
// ErrUnknown, what CheckPassword finds, or an outage.
func (a *Accounts) SetPassword(ctx context.Context, email string, password secret.Text) error {
	key, err := KeyOfEmail(email)
	if err != nil {
		return err
	}
	return a.SetPasswordOf(ctx, key, password)
}

// SetPasswordOf is SetPassword for who knows the key. Errors: ErrNoPassword too.
func (a *Accounts) SetPasswordOf(ctx context.Context, key Key, password secret.Text) error {
	before, err := a.living(ctx, key)
	if err != nil {
		return err
	}
	if before.Issuer != "" {
		return ErrNoPassword
	}
	if err := CheckPassword(before.Email, password); err != nil {
		return err
	}
	hash, err := a.hashes.make(ctx, a.Rand, password)
	if err != nil {
		return err
	}
	return a.end(ctx, key, func(next *Account) { next.Password = hash })
}

// Disable switches an account off and ends its sessions and grants. Errors:
// ErrUnknown, or an outage.
func (a *Accounts) Disable(ctx context.Context, email string) error {
	return a.byEmail(ctx, email, a.DisableKey)
}

// DisableKey is Disable for who knows the key.
func (a *Accounts) DisableKey(ctx context.Context, key Key) error {
	return a.end(ctx, key, func(next *Account) { next.State = Off })
}

// Enable switches an account on; what ended stays ended. The epoch is raised
// first: a Disable that was cut off before it did so must not leave anything
// that comes alive again. Errors: ErrUnknown, or an outage.
func (a *Accounts) Enable(ctx context.Context, email string) error {
	return a.byEmail(ctx, email, a.EnableKey)
}

// EnableKey is Enable for who knows the key. What it writes is conditional on the
// row as it was before the epoch was raised: another one's Disable in between
// must get a raise of its own.
func (a *Accounts) EnableKey(ctx context.Context, key Key) error {
	for range 5 {
		stored, err := a.living(ctx, key)
		if err != nil || stored.State == On {
			return err
		}
		if err := a.Raiser.EndSubject(ctx, stored.Subject); err != nil {
			return err
		}
		next := *stored
		next.State = On
		if err := a.put(ctx, &next, stored.Version); !isConflict(err) {
			return err
		}
	}
	return ErrContended
}

// Delete leaves a row without password, email and name, and ends the user's
// sessions and grants. A second time is no error. Errors: ErrUnknown, or an
// outage.
func (a *Accounts) Delete(ctx context.Context, email string) error {
	return a.byEmail(ctx, email, a.DeleteKey)
}

// DeleteKey is Delete for who knows the key.
func (a *Accounts) DeleteKey(ctx context.Context, key Key) error {
	stored, err := a.Store.FindUser(ctx, key)
	if err != nil {
		return err
	}
	if stored != nil && stored.State == Deleted {
		return a.Raiser.EndSubject(context.WithoutCancel(ctx), stored.Subject)
	}
	return a.end(ctx, key, func(next *Account) {
		next.State, next.Password, next.Email, next.Name = Deleted, secret.Text{}, "", ""
	})
}

func (a *Accounts) byEmail(ctx context.Context, email string, do func(context.Context, Key) error) error {
	key, err := KeyOfEmail(email)
	if err != nil {
		return err
	}
	return do(ctx, key)
}

// end changes the row and then raises its subject's epoch.
func (a *Accounts) end(ctx context.Context, key Key, edit func(*Account)) error {
	changed, err := a.change(ctx, key, edit)
	if err != nil {
		return err
	}
	return a.Raiser.EndSubject(context.WithoutCancel(ctx), changed.Subject) // begun is to be done, though the caller goes away
}

// living gives an account that was not deleted.
func (a *Accounts) living(ctx context.Context, key Key) (*Account, error) {
	stored, err := a.Store.FindUser(ctx, key)
	if err == nil && (stored == nil || stored.State == Deleted) {
		err = ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	return stored, nil
}

// change applies one versioned change, reading again where the row moved. Where
// the edit changes nothing nothing is written.
func (a *Accounts) change(ctx context.Context, key Key, edit func(*Account)) (*Account, error) {
	for range 5 {
		stored, err := a.living(ctx, key)
		if err != nil {
			return nil, err
		}
		next := *stored
		edit(&next)
		if next.State == stored.State && next.Password.Equal(stored.Password) {
			return stored, nil
		}
		if err := a.put(ctx, &next, stored.Version); !isConflict(err) {
			return &next, err
		}
	}
	return nil, ErrContended
}

// put writes a row under its own deadline, also when the caller goes away, and
// finds out what became of a write that was not plainly answered: the row
// holding our op means that it landed.
func (a *Accounts) put(ctx context.Context, next *Account, ver int64) error {
	op, err := secret.NewOp(a.Rand)
	if err != nil {
		return err
	}
	next.Version, next.Op, next.Updated = ver+1, op, a.now()
	if next.Created.IsZero() {
		next.Created = next.Updated
	}
	ctx = context.WithoutCancel(ctx)
	err = timed(ctx, writeTimeout, func(ctx context.Context) error { return a.Store.PutUser(ctx, next, ver) })
	if err == nil {
		return nil
	}
	var stored *Account
	if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
		stored = conflict.Stored
	} else if readErr := timed(ctx, settleTimeout, func(ctx context.Context) (err error) {
		stored, err = a.Store.FindUser(ctx, next.Key)
		return err
	}); readErr != nil {
		return err
	}
	if stored != nil && stored.Op.Equal(op) {
		return nil
	}
	return err
}

func timed(ctx context.Context, d time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return do(ctx)
}

func isConflict(err error) bool {
	conflict := (*Conflict)(nil)
	return errors.As(err, &conflict)
}
