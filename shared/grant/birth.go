package grant

import (
	"context"
	"fmt"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Tokens is what an operation hands to the token response.
type Tokens struct {
	Grant     token.GrantID
	ClientID  string
	Subject   string
	Access    token.Value
	Refresh   token.Value // the zero Value where none is issued
	ExpiresIn int64       // seconds until the access token ends, rounded down
	Scope     oauth.Scope // of the access token
	Replayed  bool        // identical to an earlier answer
	Displaced bool        // the oldest access token, still alive, gave up its slot
}

// Birth is what a new grant is made of.
type Birth struct {
	Client     *client.Client // as read when it authenticated, or by the operator
	Generation int64          // the store generation of that read
	Subject    string         // empty for the client's own grant
	Epoch      int64          // the subject's, read before what it vouches for
	Scope      oauth.Scope
	Audience   []string
	Refresh    bool // whether a refresh token is issued too
}

// IssueStore is what issuing needs.
type IssueStore interface {
	Finder
	Creator
}

// Issue makes a grant with its first access token and, where asked, its first
// refresh token (RFC 6749 sections 4.4 and 5.1). Errors are outages.
func (r Rules) Issue(ctx context.Context, s IssueStore, b Birth) (Tokens, error) {
	g, err := r.newGrant(b)
	if err != nil {
		return Tokens{}, err
	}
	t := Tokens{Grant: g.ID, ClientID: g.ClientID, Subject: g.Subject, Scope: g.Scope}
	if t.Access, err = token.NewAccess(g.ID, r.Rand); err != nil {
		return Tokens{}, err
	}
	if b.Refresh {
		if t.Refresh, err = token.NewRefresh(g.ID, r.Rand); err != nil {
			return Tokens{}, err
		}
		g.Refresh, g.Family = t.Refresh.Digest(), t.Refresh.Family()
		g.IdleEnd = r.idleEnd(b.Client.Policy, g.Born, g.AbsoluteEnd)
	} else {
		g.AbsoluteEnd = g.Born.Add(or(b.Client.Policy.AccessTokenLifetime, r.AccessLifetime))
	}
	access := Slot{Digest: t.Access.Digest(), Issued: g.Born, Expires: r.accessEnd(b.Client.Policy, g.Born, g.AbsoluteEnd)}
	g.Access[0], g.Issued = access, 1
	g.ExpiresAt = expiry(time.Time{}, g.AbsoluteEnd)
	t.ExpiresIn = int64(access.Expires.Sub(g.Born) / time.Second)
	return t, r.create(ctx, s, g)
}

// CodeRequest is what an authorization code is bound to.
type CodeRequest struct {
	Challenge   string        // PKCE S256
	RedirectURI secret.Digest // of the request's redirect_uri
}

// IssueCode makes a grant that a code can redeem (RFC 6749 section 4.1.2).
// Errors are outages.
func (r Rules) IssueCode(ctx context.Context, s IssueStore, b Birth, req CodeRequest) (token.Value, error) {
	g, err := r.newGrant(b)
	if err != nil {
		return token.Value{}, err
	}
	code, err := token.NewCode(g.ID, r.Rand)
	if err != nil {
		return token.Value{}, err
	}
	g.Code = Code{Digest: code.Digest(), Challenge: req.Challenge, RedirectURI: req.RedirectURI, Expires: g.Born.Add(r.CodeLifetime)}
	g.ExpiresAt = expiry(time.Time{}, g.Code.Expires) // the redemption moves it on
	return code, r.create(ctx, s, g)
}

func (r Rules) newGrant(b Birth) (*Grant, error) {
	id, err := token.NewGrantID(r.Rand)
	if err != nil {
		return nil, err
	}
	op, err := secret.NewOp(r.Rand)
	if err != nil {
		return nil, err
	}
	now := r.now()
	return &Grant{
		ID: id, ClientID: b.Client.ID, Subject: b.Subject, Scope: b.Scope, Audience: b.Audience,
		Epochs:      Epochs{Client: b.Client.Epoch, Subject: b.Epoch, Store: b.Generation},
		Born:        now,
		AbsoluteEnd: now.Add(or(b.Client.Policy.RefreshTotalLifetime, r.RefreshAbsolute)),
		Op:          op,
	}, nil
}

// create puts the grant. A key that is taken by another op is an outage: the
// id has 120 random bits.
func (r Rules) create(ctx context.Context, s IssueStore, g *Grant) error {
	err := r.write(ctx, func(ctx context.Context) error { return s.Create(ctx, g) })
	if err = r.settle(ctx, s, g.ID, err, mark{op: g.Op}); err != nil {
		return fmt.Errorf("issuing: %w", err)
	}
	return nil
}
