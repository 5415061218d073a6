package rescindtest

import (
	"crypto/rand"
	"strings"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// Audience is the API that clients' tokens are for, unless NewClient is told
// otherwise (RFC 7662 section 2.2, aud).
const Audience = "https://api.example.com"

// Client is a registered client.
type Client struct {
	ID     string
	secret secret.Text
}

// Secret is the client's secret; empty for a public client. The Client itself
// does not print it.
func (c Client) Secret() string { return c.secret.Reveal() }

// Client registers a confidential client that may have these scopes, by
// default all of them, for Audience.
func (s *Server) Client(scopes ...string) Client {
	s.t.Helper()
	return s.NewClient(func(p *client.Policy) {
		p.Scope, p.DefaultScope = oauth.Scope(scopes), oauth.Scope(scopes)
	})
}

// PublicClient registers one without a secret (RFC 6749 section 2.1), such as
// an app on a phone. Its tokens come from TokensOf.
func (s *Server) PublicClient(scopes ...string) Client {
	s.t.Helper()
	return s.NewClient(func(p *client.Policy) {
		p.Type, p.GrantTypes = client.Public, []string{oauth.GrantRefreshToken}
		p.Scope, p.DefaultScope = oauth.Scope(scopes), oauth.Scope(scopes)
	})
}

// ResourceServer registers an API of these names, or of Audience where there
// are none: a client that may introspect tokens for them, and has none itself.
func (s *Server) ResourceServer(audience ...string) Client {
	s.t.Helper()
	return s.NewClient(func(p *client.Policy) {
		p.ResourceServer, p.GrantTypes = true, nil
		if len(audience) > 0 {
			p.Audience = audience
		}
	})
}

// NewClient registers a client with a policy that edit has changed. Before, it
// is a confidential one for Audience, with client_credentials and
// refresh_token, and without any scope.
func (s *Server) NewClient(edit func(*client.Policy)) Client {
	s.t.Helper()
	p := client.Policy{
		Type:       client.Confidential,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken},
		Audience:   []string{Audience},
	}
	edit(&p)
	c, text, err := s.manager.Create(s.t.Context(), "test-"+strings.ToLower(rand.Text()[:12]), p)
	if err != nil {
		s.t.Fatalf("rescindtest: registering a client: %v", err)
	}
	return Client{c.ID, text}
}

// DeleteClient deletes a client, which ends all its tokens.
func (s *Server) DeleteClient(c Client) {
	s.t.Helper()
	if _, err := s.manager.Delete(s.t.Context(), c.ID); err != nil {
		s.t.Fatalf("rescindtest: deleting a client: %v", err)
	}
}
