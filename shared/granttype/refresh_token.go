package granttype

import (
	"context"

	"rescind/shared/audit"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// RefreshToken is RFC 6749 section 6.
type RefreshToken struct{}

// Name is "refresh_token".
func (RefreshToken) Name() string { return oauth.GrantRefreshToken }

// Presented is the refresh_token parameter.
func (RefreshToken) Presented(p *oauth.Params) token.Value {
	if v, ok := token.Parse(p.Get("refresh_token")); ok && v.Kind() == token.Refresh {
		return v
	}
	return token.Value{}
}

// Issue refreshes, replays, or ends the grant.
func (RefreshToken) Issue(ctx context.Context, r grant.Rules, s Store, req Request) (grant.Tokens, audit.Action, error) {
	if req.Params.Get("refresh_token") == "" {
		return grant.Tokens{}, audit.Refresh, oauth.Refuse(oauth.InvalidRequest, "The refresh_token parameter is missing.")
	}
	asked, err := scope(req.Params)
	if err != nil {
		return grant.Tokens{}, audit.Refresh, err
	}
	resource, err := resources(req.Params)
	if err != nil {
		return grant.Tokens{}, audit.Refresh, err
	}
	t, err := r.Refresh(ctx, s, grant.RefreshRequest{
		Client: req.Client, Token: req.Presented, Grant: req.Grant, Generation: req.Generation,
		Scope: asked, Resource: resource,
	})
	done := audit.Refresh
	if t.Replayed {
		done = audit.Replay
	}
	return t, done, err
}
