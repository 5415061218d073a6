package granttype

import (
	"context"

	"rescind/shared/audit"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// AuthorizationCode is RFC 6749 section 4.1.3, always with PKCE (RFC 9700
// section 2.1.1).
type AuthorizationCode struct{}

// Name is "authorization_code".
func (AuthorizationCode) Name() string { return oauth.GrantAuthorizationCode }

// Presented is the code parameter.
func (AuthorizationCode) Presented(p *oauth.Params) token.Value {
	if v, ok := token.Parse(p.Get("code")); ok && v.Kind() == token.Code {
		return v
	}
	return token.Value{}
}

// Issue redeems the code, or ends the grant of one that was used. A scope
// parameter is not looked at: section 4.1.3 has none.
func (AuthorizationCode) Issue(ctx context.Context, r grant.Rules, s Store, req Request) (grant.Tokens, audit.Action, error) {
	if req.Params.Get("code") == "" {
		return grant.Tokens{}, audit.Issue, oauth.Refuse(oauth.InvalidRequest, "The code parameter is missing.")
	}
	verifier := req.Params.Get("code_verifier")
	if !validVerifier(verifier) {
		return grant.Tokens{}, audit.Issue, oauth.Refuse(oauth.InvalidRequest,
			"The code_verifier parameter is missing or malformed: 43 to 128 letters, digits and -._~ characters.")
	}
	resource, err := resources(req.Params)
	if err != nil {
		return grant.Tokens{}, audit.Issue, err
	}
	t, err := r.Redeem(ctx, s, grant.RedeemRequest{
		Client: req.Client, Code: req.Presented, Grant: req.Grant, Generation: req.Generation,
		Verifier:    secret.NewText(verifier),
		RedirectURI: secret.NewText(req.Params.Get("redirect_uri")).Digest(), // of no text where the authorization request had none either
		Resource:    resource,
	})
	return t, audit.Issue, err
}

// validVerifier is 43*128unreserved, RFC 7636 section 4.1.
func validVerifier(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	return len(s) >= 43 && len(s) <= 128
}
