package authorization

import (
	"context"
	"time"

	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Consents are what one subject has consented to, in one row: so one consistent
// read shows all of it, and whoever changes it has seen it. No row is a reason
// for a token to be dead: it is read before a grant is made, never after.
type Consents struct {
	Subject string
	Version int64 // raised by one with every change; 0 where there is no row yet
	Apps    []App // in the order of their client ids
	Op      secret.Op
	Updated time.Time
}

// App is the consent to one client, and the grants that were made out of it.
type App struct {
	ClientID  string       `json:"client_id"`
	Scope     oauth.Scope  `json:"scope,omitempty"`
	Audience  []string     `json:"audience,omitempty"`
	Epochs    grant.Epochs `json:"epochs"`              // as read before the user decided; stale once one is greater
	Since     time.Time    `json:"since"`               // the first consent that still stands
	Withdrawn int64        `json:"withdrawn,omitempty"` // how often the user has cut it
	Grants    []Made       `json:"grants,omitempty"`
}

// Made is a grant that may still be alive.
type Made struct {
	ID  token.GrantID `json:"id"`
	End time.Time     `json:"end"` // its absolute end
}

// Conflict is the error of a conditional write whose condition did not hold.
// Stored is the row as it was then, nil where there is none.
type Conflict struct{ Stored *Consents }

// Error says so, without anything of the row.
func (*Conflict) Error() string { return "authorization: the row is not as the write requires" }

// ConsentStore keeps consents.
type ConsentStore interface {
	// FindConsents is a consistent read; nil where there is no row.
	FindConsents(ctx context.Context, subject string) (*Consents, error)
	// PutConsents writes the row, with c.Version one more than ver, if the row's
	// version is ver or, where ver is 0, if there is none; else the error is a
	// *Conflict.
	PutConsents(ctx context.Context, c *Consents, ver int64) error
}
