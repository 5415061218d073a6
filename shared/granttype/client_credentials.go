package granttype

import (
	"context"
	"slices"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// ClientCredentials is RFC 6749 section 4.4: a confidential client's own
// grant, without a refresh token.
type ClientCredentials struct{}

// Name is "client_credentials".
func (ClientCredentials) Name() string { return oauth.GrantClientCredentials }

// Presented is always none.
func (ClientCredentials) Presented(*oauth.Params) token.Value { return token.Value{} }

// Issue makes a grant with one access token.
func (ClientCredentials) Issue(ctx context.Context, r grant.Rules, s Store, req Request) (grant.Tokens, audit.Action, error) {
	c := req.Client.Client()
	if c.Policy.IsPublic() { // registration forbids it; section 4.4 leaves no doubt
		return grant.Tokens{}, audit.Issue, oauth.Refuse(oauth.UnauthorizedClient, "A public client cannot use this grant type.")
	}
	granted, err := AllowedScope(c.Policy, req.Params)
	if err != nil {
		return grant.Tokens{}, audit.Issue, err
	}
	audience, err := AllowedAudience(c.Policy, req.Params)
	if err != nil {
		return grant.Tokens{}, audit.Issue, err
	}
	t, err := r.Issue(ctx, s, grant.Birth{Client: c, Generation: req.Generation, Scope: granted, Audience: audience})
	return t, audit.Issue, err
}

// AllowedScope is the scope that a client gets: what it asks for if it may
// have all of it, its default where it asks for nothing (RFC 6749 section 3.3).
// The error is invalid_scope.
func AllowedScope(p client.Policy, params *oauth.Params) (oauth.Scope, error) {
	asked, err := scope(params)
	switch {
	case err != nil:
		return nil, err
	case len(asked) == 0 && len(p.DefaultScope) == 0:
		return nil, oauth.Refuse(oauth.InvalidScope, "This client has no default scope. Ask for one.")
	case len(asked) == 0:
		return p.DefaultScope, nil
	case !asked.Within(p.Scope):
		return nil, oauth.Refuse(oauth.InvalidScope, "The client may not have all of the scope asked for.")
	}
	return asked, nil
}

// AllowedAudience is what the resource parameters choose of the client's
// audience, or all of it (RFC 8707 section 2). The error is invalid_target.
func AllowedAudience(p client.Policy, params *oauth.Params) ([]string, error) {
	asked, err := resources(params)
	if err != nil || len(asked) == 0 {
		return p.Audience, err
	}
	for _, res := range asked {
		if !slices.Contains(p.Audience, res) {
			return nil, oauth.Refuse(oauth.InvalidTarget, "The client may not have tokens for all of the resources asked for.")
		}
	}
	return asked, nil
}
