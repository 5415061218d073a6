package client

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rescind/shared/oauth"
)

func TestAPolicyIsCheckedWithOneSentence(t *testing.T) {
	many := make([]string, 200)
	for i := range many {
		many[i] = fmt.Sprintf("https://%d.example", i)
	}
	for _, c := range []struct {
		name string
		edit func(*Policy)
		want string // a part of what is said; empty: nothing is wrong
	}{
		{"a plain one", func(*Policy) {}, ""},
		{"all that there is", func(p *Policy) {
			*p = Policy{Name: "ü", Type: Confidential, TokenEndpointAuthMethod: oauth.AuthPost, GrantTypes: []string{"client_credentials", "refresh_token", "authorization_code"},
				Scope: oauth.Scope{"a", "b"}, DefaultScope: oauth.Scope{"b"}, Audience: []string{"https://a.example"}, ResourceServer: true,
				RedirectURIs: []string{"https://a.example/cb", "http://127.0.0.1/cb", "com.example.app:/cb"}, AllowedOrigins: []string{"https://a.example"},
				AccessTokenLifetime: time.Second, RefreshIdleLifetime: time.Hour, RefreshTotalLifetime: maxLifetime, RefreshRotation: RotateNever, RevokeAccessToken: RevokesToken}
		}, ""},
		{"a public one", func(p *Policy) { p.Type, p.GrantTypes = Public, []string{"refresh_token"} }, ""},
		{"no type", func(p *Policy) { p.Type = "" }, "type"},
		{"another type", func(p *Policy) { p.Type = "secret" }, "type"},
		{"another method", func(p *Policy) { p.TokenEndpointAuthMethod = "private_key_jwt" }, "token_endpoint_auth_method"},
		{"another rotation", func(p *Policy) { p.RefreshRotation = "sometimes" }, "refresh rotation"},
		{"another end", func(p *Policy) { p.RevokeAccessToken = "all" }, "revoking an access token"},
		{"the password grant", func(p *Policy) { p.GrantTypes = []string{"password"} }, "not offered"},
		{"a public one with client_credentials", func(p *Policy) { p.Type = Public }, "section 4.4"},
		{"a public one that authenticates", func(p *Policy) { p.Type, p.GrantTypes, p.TokenEndpointAuthMethod = Public, nil, oauth.AuthBasic }, "has no secret"},
		{"a confidential one that does not", func(p *Policy) { p.TokenEndpointAuthMethod = oauth.AuthNone }, "must authenticate"},
		{"a public one that keeps its refresh token", func(p *Policy) { p.Type, p.GrantTypes, p.RefreshRotation = Public, nil, RotateNever }, "must rotate"},
		{"a public resource server", func(p *Policy) { p.Type, p.GrantTypes, p.ResourceServer, p.Audience = Public, nil, true, many[:1] }, "must be confidential"},
		{"a scope of two words", func(p *Policy) { p.Scope = oauth.Scope{"a b"} }, "scopes"},
		{"an empty scope", func(p *Policy) { p.Scope = oauth.Scope{""} }, "scopes"},
		{"a scope twice", func(p *Policy) { p.Scope = oauth.Scope{"a", "a"} }, "scopes"},
		{"a default scope that is none", func(p *Policy) { p.Scope, p.DefaultScope = oauth.Scope{"a"}, oauth.Scope{"b"} }, "among the scopes"},
		{"a relative audience", func(p *Policy) { p.Audience = []string{"api"} }, "absolute URI"},
		{"a resource server for nothing", func(p *Policy) { p.ResourceServer = true }, "at least one audience"},
		{"a lifetime below a second", func(p *Policy) { p.AccessTokenLifetime = time.Millisecond }, "access token lifetime"},
		{"a negative lifetime", func(p *Policy) { p.RefreshIdleLifetime = -time.Hour }, "refresh idle lifetime"},
		{"a lifetime beyond ten years", func(p *Policy) { p.RefreshTotalLifetime = maxLifetime + time.Second }, "refresh total lifetime"},
		{"authorization_code to nowhere", func(p *Policy) { p.GrantTypes = []string{"authorization_code"} }, "at least one redirect URI"},
		{"a redirect URI to another machine without TLS", func(p *Policy) { p.RedirectURIs = []string{"http://app.example/cb"} }, "use https"},
		{"a redirect URI twice", func(p *Policy) { p.RedirectURIs = []string{"https://a.example/cb", "https://a.example/cb"} }, "twice"},
		{"more redirect URIs than a page of them", func(p *Policy) { p.RedirectURIs = many[:21] }, "20 redirect URIs"},
		{"an origin with a path", func(p *Policy) { p.AllowedOrigins = []string{"https://a.example/"} }, "as browsers send it"},
		{"more origins than a page of them", func(p *Policy) { p.AllowedOrigins = many[:21] }, "20 origins"},
		{"redirect URIs that a row does not hold", func(p *Policy) {
			p.RedirectURIs = []string{"https://a.example/" + strings.Repeat("a", 1600), "https://a.example/" + strings.Repeat("b", 1600)}
		}, "bytes"},
		{"more than a row holds", func(p *Policy) { p.Audience = many }, "bytes"},
	} {
		p := Policy{Type: Confidential, GrantTypes: []string{"client_credentials"}}
		c.edit(&p)
		err := p.Check()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestRotationAndGrantTypesAreAsThePolicySays(t *testing.T) {
	for _, c := range []struct {
		p    Policy
		want bool
	}{
		{Policy{Type: Confidential}, true}, {Policy{Type: Confidential, RefreshRotation: RotateAlways}, true},
		{Policy{Type: Confidential, RefreshRotation: RotateNever}, false}, {Policy{Type: Public, RefreshRotation: RotateNever}, true},
	} {
		if c.p.Rotates() != c.want {
			t.Errorf("%s, %q: rotates is %t", c.p.Type, c.p.RefreshRotation, !c.want)
		}
	}
	p := Policy{GrantTypes: []string{"refresh_token"}}
	if !p.Allows("refresh_token") || p.Allows("client_credentials") || p.Allows("") {
		t.Error("the grant types are not those of the policy")
	}
	if CheckID("demo") != nil || CheckID("a b") == nil || CheckID("") == nil {
		t.Error("ids are not checked")
	}
}
