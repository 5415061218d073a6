package grant

import (
	"context"
	"time"

	"rescind/shared/client"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Keys are the rows that one step reads. A key may stand twice.
type Keys struct {
	Clients  []string
	Grants   []token.GrantID
	Subjects []string
	Denied   []string // jti of signed tokens
}

// Rows are what was read, in the order of the keys; nil, 0 or the zero Denial
// where there is no row.
type Rows struct {
	Clients    []*client.Client
	Grants     []*Grant
	Subjects   []int64 // epochs
	Denied     []Denial
	Generation int64 // the store generation
}

// Denial is the revocation of a signed token that has no row.
type Denial struct {
	JTI       string
	At        time.Time
	Reason    string
	ExpiresAt time.Time // the token's exp and an hour; whole seconds
}

// Conflict is the error of a conditional write whose condition did not hold.
// Stored is the item as it was then, nil where there is none.
type Conflict struct{ Stored *Grant }

// Error says so, without anything of the item.
func (*Conflict) Error() string { return "grant: the item is not as the write requires" }

// Finder reads.
type Finder interface {
	// Find reads all keys consistently in one step. Callers must not change what
	// slices in the rows hold: stores may share them. It gives all rows or an
	// error: a failed or partial read is an outage, never "absent".
	Find(ctx context.Context, keys Keys) (Rows, error)
}

// Creator makes grants.
type Creator interface {
	// Create puts the grant if its key is absent; else the error is a *Conflict.
	Create(ctx context.Context, g *Grant) error
}

// Replacer changes grants.
type Replacer interface {
	// Replace makes the change if its condition holds; else the error is a
	// *Conflict. It never creates an item.
	Replace(ctx context.Context, ch Change) error
}

// Revoker ends grants and tokens. All of it is idempotent and can only move
// towards dead.
type Revoker interface {
	// Revoke sets the grant's revocation unless it has one, if the item exists
	// and, where clientID is not empty, belongs to that client; else the error
	// is a *Conflict. It gives the revocation that stands.
	Revoke(ctx context.Context, id token.GrantID, clientID string, r Revocation) (Revocation, error)
	// RemoveAccess empties slot n if it still holds the digest; else the error
	// is a *Conflict.
	RemoveAccess(ctx context.Context, id token.GrantID, n int, d secret.Digest) error
	// Deny records the denial of a signed token unless there is one.
	Deny(ctx context.Context, d Denial) error
}

// SubjectRaiser ends all of a subject's grants.
type SubjectRaiser interface {
	// RaiseSubjectEpoch sets the subject's epoch to "to" if it is still "from",
	// where an absent row is 0; raised is false where it is not. to is greater than from.
	RaiseSubjectEpoch(ctx context.Context, subject string, from, to int64) (raised bool, err error)
}

// SubjectLister finds a subject's grants. What it lists may be a moment old:
// read a grant before deciding anything by it.
type SubjectLister interface {
	// ListGrants gives up to limit ids of the subject's grants in the order of
	// their ids, that come after the given id (the zero id for the first).
	ListGrants(ctx context.Context, subject string, after token.GrantID, limit int) ([]token.GrantID, error)
}

// Lister finds grants for an operator, as a SubjectLister does.
type Lister interface {
	SubjectLister
	// ListClientGrants is the same for a client's grants that have a subject. A
	// client's own grants are in no index; only a walk finds them.
	ListClientGrants(ctx context.Context, clientID string, after token.GrantID, limit int) ([]token.GrantID, error)
}

// Store is a whole store, as the local gateway and the operator's command have it.
type Store interface {
	Finder
	Creator
	Replacer
	Revoker
	SubjectRaiser
	Lister
	Walker
	client.Store
	// Generation is the store generation; RaiseGeneration sets it to "to" if it
	// is less, which ends every grant born before.
	Generation(ctx context.Context) (int64, error)
	RaiseGeneration(ctx context.Context, to int64) error
	Close() error
}

// Condition is what must hold for a Change. Beside its members that are not
// nil or zero, the item must exist and must not be revoked.
type Condition struct {
	ClientID   string
	Refresh    secret.Digest // is the current refresh token
	Previous   secret.Digest // is the nearer predecessor
	Op         secret.Op     // is the last rotation's
	Issued     *int64        // is the count of access tokens
	UnusedCode secret.Digest // is the code, and it was not used
}

// Change is one conditional write to a grant. Members that are nil or zero
// leave their attributes as they are.
type Change struct {
	ID token.GrantID
	If Condition

	Op        secret.Op
	Rotation  *Rotated
	Family    secret.Digest
	Slot      *Filled
	UseCode   bool
	IdleEnd   time.Time
	ExpiresAt time.Time
}

// Rotated is the line of refresh tokens after a rotation, or at a redemption.
type Rotated struct {
	Refresh  secret.Digest
	Previous [2]Predecessor
	Rotation int64
	Request  secret.Digest
}

// Filled is one access token in its slot, and the count after it.
type Filled struct {
	N      int
	Slot   Slot
	Issued int64
}
