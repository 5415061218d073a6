package grant

import (
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Slots is how many access tokens of one grant can live at a time. The next
// one takes the oldest's place.
const Slots = 8

// Grant is one item: what was granted, to whom, and all its tokens. Times are
// UTC, in whole milliseconds; zero means absent, for digests too.
type Grant struct {
	ID       token.GrantID
	ClientID string
	Subject  string // empty for a client's own grant
	Scope    oauth.Scope
	Audience []string

	Epochs      Epochs // as read before what they vouch for
	Born        time.Time
	AbsoluteEnd time.Time // nothing of the grant lives longer
	IdleEnd     time.Time // the refresh token's, moved on by each refresh
	ExpiresAt   time.Time // when the store may delete the item, whole seconds; never decreases

	Op      secret.Op     // the last birth, redemption or rotation
	Family  secret.Digest // of the refresh tokens' family secret
	Refresh secret.Digest // the current refresh token
	// Previous are the two last predecessors of the current refresh token, the
	// nearer one first, and when each was replaced.
	Previous [2]Predecessor
	Rotation int64         // how often the refresh token was replaced
	Request  secret.Digest // of the scope, resource and sender key of the last rotation's request

	Issued int64       // access tokens issued so far; the next goes into slot Issued mod Slots
	Access [Slots]Slot // the access tokens

	Code    Code
	Revoked Revocation
}

// Epochs are the three that a grant records at its birth. It is dead once a
// current one is greater.
type Epochs struct{ Client, Subject, Store int64 }

// Predecessor is a refresh token that was replaced.
type Predecessor struct {
	Digest secret.Digest
	At     time.Time
}

// Slot is one access token. Scope and Audience are nil where they are the grant's.
type Slot struct {
	Digest   secret.Digest
	Issued   time.Time
	Expires  time.Time
	Scope    oauth.Scope
	Audience []string
}

// Code is a grant's authorization code. It stays for the grant's life, so that
// a second redemption is recognised.
type Code struct {
	Digest      secret.Digest
	Challenge   string        // PKCE S256, RFC 7636 section 4.2
	RedirectURI secret.Digest // of the redirect_uri of the authorization request
	Expires     time.Time
	Used        bool
}

// Revocation is a grant's end by decision. The first stands.
type Revocation struct {
	At     time.Time
	Reason string
	Op     secret.Op // the write that did it
}

// Reasons why a grant or token is not alive, for logs and operators.
const (
	DeadUnknown      = "unknown"
	DeadRevoked      = "revoked"
	DeadClient       = "client_off_or_deleted"
	DeadClientEpoch  = "client_revoked"
	DeadSubjectEpoch = "subject_revoked"
	DeadRestored     = "store_restored"
	DeadExpired      = "expired"
)

// Current is what a grant is judged by, all of it read consistently.
type Current struct {
	Client  *client.Client
	Subject int64 // the subject's epoch; 0 where there is no row
	Store   int64 // the store generation
}

// Dead says why the grant is dead, or "" where it lives. It says nothing of
// the single tokens below it.
func (g *Grant) Dead(cur Current, now time.Time) string {
	switch {
	case g == nil:
		return DeadUnknown
	case !g.Revoked.At.IsZero():
		return DeadRevoked
	case cur.Client == nil || cur.Client.State != client.On:
		return DeadClient
	case cur.Client.Epoch > g.Epochs.Client:
		return DeadClientEpoch
	case cur.Subject > g.Epochs.Subject:
		return DeadSubjectEpoch
	case cur.Store > g.Epochs.Store:
		return DeadRestored
	case !now.Before(g.AbsoluteEnd):
		return DeadExpired
	}
	return ""
}

// FindAccess gives the slot that holds an access token's digest, expired or
// not, or -1. Every slot is compared, in constant time.
func (g *Grant) FindAccess(d secret.Digest) int {
	found := -1
	for i := range g.Access {
		if g.Access[i].Digest.Equal(d) && !d.IsZero() {
			found = i
		}
	}
	return found
}

// scopeOf and audienceOf give what a slot's token has, its own or the grant's.
func (g *Grant) scopeOf(s Slot) oauth.Scope {
	if s.Scope != nil {
		return s.Scope
	}
	return g.Scope
}

func (g *Grant) audienceOf(s Slot) []string {
	if s.Audience != nil {
		return s.Audience
	}
	return g.Audience
}

// refreshEnd is when the refresh token ends: idle or in all, whichever is first.
func (g *Grant) refreshEnd() time.Time {
	if g.IdleEnd.Before(g.AbsoluteEnd) {
		return g.IdleEnd
	}
	return g.AbsoluteEnd
}

// generation tells where a refresh token stands in its grant's line.
type generation int

const (
	forged      generation = iota // no family secret of this grant: anybody's junk
	current                       // the one to use
	predecessor                   // the one just before it
	second                        // the one before that
	older                         // genuine, and long replaced
)

func (g *Grant) generationOf(v token.Value) generation {
	d := v.Digest()
	isCurrent, isFirst, isSecond := d.Equal(g.Refresh), d.Equal(g.Previous[0].Digest), d.Equal(g.Previous[1].Digest)
	family := !g.Family.IsZero() && v.Family().Equal(g.Family)
	switch {
	case !family:
		return forged
	case isCurrent:
		return current
	case isFirst:
		return predecessor
	case isSecond:
		return second
	}
	return older
}

// Recognises tells whether a value was issued by this grant: an access token
// still in its slot, or any refresh token of the family, current or earlier.
func (g *Grant) Recognises(v token.Value) bool {
	switch v.Kind() {
	case token.Access:
		return g.FindAccess(v.Digest()) >= 0
	case token.Refresh:
		return g.generationOf(v) != forged
	}
	return false
}

// HasCode tells whether a value is the grant's authorization code, used or not.
// It is no token: Recognises does not know it.
func (g *Grant) HasCode(v token.Value) bool {
	return v.Kind() == token.Code && v.Digest().Equal(g.Code.Digest)
}
