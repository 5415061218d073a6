package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"rescind/shared/oauth"
)

const (
	minLifetime = time.Second
	maxLifetime = 10 * 365 * 24 * time.Hour

	// maxPolicyLen keeps a client row under DynamoDB's 4 KB a read unit, with
	// room for two imported secrets. In bytes of JSON.
	maxPolicyLen = 3000
)

// CheckID tells what is wrong with a client id, if anything.
func CheckID(id string) error {
	if !oauth.ValidClientID(id) || id[0] == '-' {
		return errors.New("a client id has 1 to 128 printable ASCII characters, no space, and no dash at its beginning")
	}
	return nil
}

// Check tells what is wrong with a policy, if anything: one sentence that says
// what to change.
func (p Policy) Check() error {
	for _, check := range []func() error{p.checkWords, p.checkPublic, p.checkScope, p.checkAudience, p.checkRedirects, p.checkLifetimes, p.checkSize} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (p Policy) checkWords() error {
	for _, w := range []struct {
		what, value string
		known       []string
	}{
		{"type", p.Type, []string{Confidential, Public}},
		{"token_endpoint_auth_method", p.TokenEndpointAuthMethod, []string{"", oauth.AuthBasic, oauth.AuthPost, oauth.AuthNone}},
		{"refresh rotation", p.RefreshRotation, []string{"", RotateAlways, RotateNever}},
		{"what revoking an access token ends", p.RevokeAccessToken, []string{"", RevokesGrant, RevokesToken}},
	} {
		if !slices.Contains(w.known, w.value) {
			return fmt.Errorf("%s is none of %q", w.what, w.known)
		}
	}
	for _, g := range p.GrantTypes {
		if g != oauth.GrantClientCredentials && g != oauth.GrantRefreshToken && g != oauth.GrantAuthorizationCode {
			return fmt.Errorf("grant type %q is not offered; offered are client_credentials, refresh_token and authorization_code", g)
		}
	}
	return nil
}

// checkPublic holds what RFC 6749 sections 2.1 and 4.4 forbid a public client.
func (p Policy) checkPublic() error {
	switch public := p.IsPublic(); {
	case public && p.Allows(oauth.GrantClientCredentials):
		return errors.New("a public client cannot use client_credentials (RFC 6749 section 4.4); leave it out of the grant types")
	case public && p.TokenEndpointAuthMethod != "" && p.TokenEndpointAuthMethod != oauth.AuthNone:
		return errors.New("a public client has no secret: its token_endpoint_auth_method is none")
	case !public && p.TokenEndpointAuthMethod == oauth.AuthNone:
		return errors.New("a confidential client must authenticate: choose client_secret_basic or client_secret_post")
	case public && p.RefreshRotation == RotateNever:
		return errors.New("a public client's refresh tokens must rotate (RFC 9700 section 4.14.2)")
	case public && p.ResourceServer:
		return errors.New("a resource server must be confidential (RFC 7662 section 2.1)")
	}
	return nil
}

func (p Policy) checkScope() error {
	for _, s := range []oauth.Scope{p.Scope, p.DefaultScope} {
		if parsed, ok := oauth.ParseScope(s.String()); !ok || len(parsed) != len(s) {
			return errors.New("scopes are words of printable ASCII without quote or backslash, each once (RFC 6749 section 3.3)")
		}
	}
	if !p.DefaultScope.Within(p.Scope) {
		return errors.New("the default scopes must be among the scopes")
	}
	return nil
}

func (p Policy) checkAudience() error {
	for _, a := range p.Audience {
		if !oauth.ValidResource(a) {
			return fmt.Errorf("audience %q is not an absolute URI without fragment (RFC 8707 section 2)", a)
		}
	}
	if p.ResourceServer && len(p.Audience) == 0 {
		return errors.New("a resource server needs at least one audience: the URL its tokens are for")
	}
	return nil
}

func (p Policy) checkLifetimes() error {
	for what, d := range map[string]time.Duration{
		"access token lifetime": p.AccessTokenLifetime, "refresh idle lifetime": p.RefreshIdleLifetime,
		"refresh total lifetime": p.RefreshTotalLifetime,
	} {
		if d != 0 && (d < minLifetime || d > maxLifetime) {
			return fmt.Errorf("the %s must be between 1s and ten years", what)
		}
	}
	return nil
}

func (p Policy) checkSize() error {
	b, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encoding the policy: %w", err)
	}
	if len(b) > maxPolicyLen {
		return fmt.Errorf("the registration takes %d bytes; %d is the most: use fewer or shorter scopes, audiences, redirect URIs and origins", len(b), maxPolicyLen)
	}
	return nil
}
