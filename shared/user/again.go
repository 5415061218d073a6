package user

import (
	"context"
	"time"

	"rescind/shared/secret"
)

// Known is what a journal says of an account, for a store that was restored from
// an older backup.
type Known struct {
	Key     Key
	Subject string
	Issuer  string
	State   State
	Version int64
	Updated time.Time
}

// Redone is what EndAgain did, and what must be looked at.
type Redone struct {
	Deleted bool // it was there
	Off     bool // it was on
	Dropped bool // its password, for the account was changed since the backup

	Missing bool // a built-in account was made after the backup: make it again
	LeftOff bool // it was switched on since the backup, and stays off
}

// EndAgain makes an account at least as dead as it is known to be. It may be
// repeated, and leaves alone what was made or changed since. Whether a password
// is an older one no row says; where anything was changed since the backup it is
// dropped, and the user needs a new one. Errors are outages.
func (a *Accounts) EndAgain(ctx context.Context, known Known) (did Redone, err error) {
	row, err := a.Store.FindUser(ctx, known.Key)
	if err != nil {
		return did, err
	}
	if row != nil && row.Subject != known.Subject && row.State != Deleted { // deleted since, and made anew
		if row.Created.After(known.Updated) {
			return did, nil
		}
		did.Deleted = true
		if err := a.DeleteKey(ctx, known.Key); err != nil {
			return did, err
		}
		if row, err = a.Store.FindUser(ctx, known.Key); err != nil {
			return did, err
		}
	}
	if row == nil || row.Subject != known.Subject {
		return did, a.absent(ctx, row, known, &did)
	}
	switch {
	case row.State == Deleted:
		return did, nil
	case known.State == Deleted:
		did.Deleted = true
		return did, a.DeleteKey(ctx, known.Key)
	}
	did.Off = known.State == Off && row.State == On
	did.LeftOff = known.State == On && row.State == Off
	did.Dropped = !row.Password.IsEmpty() && row.Version < known.Version && row.Updated.Before(known.Updated)
	if !did.Off && !did.Dropped {
		return did, nil
	}
	return did, a.end(ctx, known.Key, func(next *Account) {
		if did.Off {
			next.State = Off
		}
		if did.Dropped {
			next.Password = secret.Text{}
		}
	})
}

// absent is an account that was made after the backup, where row is nil or
// another's that was deleted. A built-in one cannot sign in until it is made
// again. One of an upstream provider would be made by signing in, so where it
// was off it is put there, off.
func (a *Accounts) absent(ctx context.Context, row *Account, known Known, did *Redone) error {
	if known.Issuer == "" {
		did.Missing = known.State != Deleted
		return nil
	}
	if known.State != Off {
		return nil
	}
	var ver int64
	if row != nil {
		if err := a.Raiser.EndSubject(ctx, row.Subject); err != nil {
			return err
		}
		ver = row.Version
	}
	did.Off = true
	return a.put(ctx, &Account{Key: known.Key, Subject: known.Subject, State: Off, Issuer: known.Issuer}, ver)
}
