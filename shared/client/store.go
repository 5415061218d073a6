package client

import (
	"context"
	"time"

	"rescind/shared/secret"
)

// Change is one write to a client row. Nil members stay as they are; the
// version rises by one, and Op and Updated are always set.
type Change struct {
	State   *State
	Secrets *[]Secret
	Policy  *Policy
	Op      secret.Op
	Updated time.Time
}

// Conflict is the error of a conditional write whose condition did not hold.
// Stored is the row as it was then, nil where there is none.
type Conflict struct{ Stored *Client }

// Error says so, without anything of the row.
func (*Conflict) Error() string { return "client: the row is not as the write requires" }

// Finder reads one client.
type Finder interface {
	// FindClient is a consistent read; nil where there is no row.
	FindClient(ctx context.Context, id string) (*Client, error)
}

// Updater changes a client row.
type Updater interface {
	// UpdateClient applies ch if the row exists, its version is ver and it is
	// not deleted; else the error is a *Conflict. It never touches the epoch.
	UpdateClient(ctx context.Context, id string, ver int64, ch Change) error
}

// EpochRaiser raises a client's epoch.
type EpochRaiser interface {
	// RaiseClientEpoch sets the epoch to "to" if the row exists and its epoch
	// is still "from"; else the error is a *Conflict. to is greater than from.
	RaiseClientEpoch(ctx context.Context, id string, from, to int64) error
}

// Store is all that an operator needs of a store to manage clients.
type Store interface {
	Finder
	Updater
	EpochRaiser
	// CreateClient puts a new row if the key is absent, tombstones included;
	// else the error is a *Conflict.
	CreateClient(ctx context.Context, c *Client) error
	// ListClients gives up to limit clients in the order of their ids,
	// tombstones included, that come after the given id.
	ListClients(ctx context.Context, after string, limit int) ([]*Client, error)
}
