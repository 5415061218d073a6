package user

import (
	"context"
	"crypto/sha256"
	"time"

	"rescind/shared/secret"
)

// Key is what a store finds an account by: SHA-256 of where it signs in and
// by what name. It is no secret, and in no token.
type Key [sha256.Size]byte

// State is whether an account may sign in.
type State string

// The states. A deleted account keeps its row, without its password, email and
// name, until its key is used again.
const (
	On      State = "on"
	Off     State = "off"
	Deleted State = "deleted"
)

// Account is one person's way in, as its row holds it.
type Account struct {
	Key      Key
	Version  int64 // raised by one with every change
	Subject  string
	State    State
	Email    string      // as typed; what was compared is in the Key
	Name     string      // as the upstream provider gave it, or empty
	Issuer   string      // of the upstream provider; empty for a built-in account
	Password secret.Text // argon2id in PHC notation; empty for an upstream account
	Op       secret.Op   // the last write
	Created  time.Time
	Updated  time.Time
}

// Conflict is the error of a conditional write whose condition did not hold.
// Stored is the row as it was then, nil where there is none.
type Conflict struct{ Stored *Account }

// Error says so, without anything of the row.
func (*Conflict) Error() string { return "user: the row is not as the write requires" }

// Finder reads one account.
type Finder interface {
	// FindUser is a consistent read; nil where there is no row.
	FindUser(ctx context.Context, key Key) (*Account, error)
}

// Keeper is what accounts are signed in to, made and changed with.
type Keeper interface {
	Finder
	// PutUser writes the row, with a.Version one more than ver, if the row's
	// version is ver or, where ver is 0, if there is none; else the error is a
	// *Conflict.
	PutUser(ctx context.Context, a *Account, ver int64) error
}

// Store is all that an operator needs of a store, who also looks through it.
type Store interface {
	Keeper
	// ListUsers gives up to limit accounts in the order of their keys, deleted
	// ones included, that come after the given key (the zero Key for the first).
	ListUsers(ctx context.Context, after Key, limit int) ([]*Account, error)
}
