package sample

import (
	"context"
	"fmt"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/session"
)

// The sample clients' ids.
const (
	Confidential   = "sample-confidential"
	Public         = "sample-public"
	Other          = "sample-other" // a confidential client too
	ResourceServer = "sample-resource-server"
)

const (
	audience    = "https://api.example.com"
	subject     = "sample-subject"
	redirectURI = "https://app.example.com/callback"
	// challenge is that of Verifier.
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

// Verifier is the PKCE code verifier of the sample codes, that of RFC 7636
// appendix B.
const Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

// born is when the secrets were made; the grants are born when they are filled in.
var born = time.Date(2026, time.November, 1, 0, 0, 0, 0, time.UTC)

// Grants are the sample grants, by name, each with the client that it belongs
// to. Every event that changes a grant has one of its own, so that the events
// can be sent in any order.
var Grants = map[string]string{
	"introspect":     Confidential, // stays alive
	"revoked":        Confidential, // was revoked before
	"reuse":          Confidential, // its Earlier token ends it
	"refresh":        Confidential,
	"refresh-public": Public,
	"revoke-access":  Confidential,
	"revoke-refresh": Confidential,
	"revoke-sam":     Confidential,
	"revoke-rest":    Confidential,
	"revoke-url":     Confidential,
	"revoke-public":  Public,
	"another-client": Other, // stays alive
	"code":           Confidential,
	"code-verifier":  Confidential, // stays alive: the wrong verifier ends nothing
	"code-again":     Confidential, // its used code ends it
}

// Codes are the grants that came of an authorization code, by name: was it used?
// One that was not has no tokens yet.
var Codes = map[string]bool{"code": false, "code-verifier": false, "code-again": true}

// Store is what the samples are put into.
type Store interface {
	grant.Store
	session.Store
}

// Fill puts the sample clients, grants and session into an empty store. The
// grants are born now, and the session with them.
func Fill(ctx context.Context, s Store, now time.Time) error {
	generation, err := s.Generation(ctx)
	if err != nil {
		return fmt.Errorf("reading the store generation: %w", err)
	}
	now = now.UTC().Truncate(time.Millisecond)
	for id, p := range policies() {
		c := &client.Client{ID: id, Version: 1, Epoch: born.UnixMilli(), State: client.On, Policy: p, Op: opOf(id), Created: born, Updated: born}
		if !p.IsPublic() {
			c.Secrets = []client.Secret{{Digest: Secret(id).Digest(), Created: born}}
		}
		if err := s.CreateClient(ctx, c); err != nil {
			return fmt.Errorf("creating the client %s (is the store not empty?): %w", id, err)
		}
	}
	for name, clientID := range Grants {
		if err := s.Create(ctx, newGrant(name, clientID, generation, now)); err != nil {
			return fmt.Errorf("creating the grant %q (is the store not empty?): %w", name, err)
		}
	}
	_, err = s.Revoke(ctx, GrantID("revoked"), "", grant.Revocation{At: now, Reason: "sample", Op: opOf("revocation")})
	if err != nil {
		return fmt.Errorf("revoking a grant: %w", err)
	}
	if err := s.CreateSession(ctx, newSession(generation, now)); err != nil {
		return fmt.Errorf("creating the session (is the store not empty?): %w", err)
	}
	return nil
}

func newSession(generation int64, now time.Time) *session.Session {
	rules := session.Defaults(time.Now, nil)
	end := now.Add(rules.Absolute)
	return &session.Session{
		ID: Session().Digest(), Subject: subject, Label: "sample@example.com", Epochs: session.Epochs{Store: generation},
		AuthTime: now, Born: now, IdleEnd: now.Add(rules.Idle), AbsoluteEnd: end, ExpiresAt: end.Add(time.Hour).Truncate(time.Second), Op: opOf("session"),
	}
}

func policies() map[string]client.Policy {
	confidential := client.Policy{
		Name: "Sample", Type: client.Confidential, RedirectURIs: []string{redirectURI},
		GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantClientCredentials, oauth.GrantRefreshToken},
		Scope:      oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"}, Audience: []string{audience},
	}
	public := confidential
	public.Type, public.GrantTypes, public.RedirectURIs = client.Public, []string{oauth.GrantRefreshToken}, nil
	server := client.Policy{Name: "Sample API", Type: client.Confidential, Audience: []string{audience}, ResourceServer: true}
	return map[string]client.Policy{Confidential: confidential, Public: public, Other: confidential, ResourceServer: server}
}

func newGrant(name, clientID string, generation int64, now time.Time) *grant.Grant {
	rules := grant.Defaults(time.Now, nil)
	end := now.Add(rules.RefreshAbsolute)
	g := &grant.Grant{
		ID: GrantID(name), ClientID: clientID, Subject: subject, Scope: oauth.Scope{"read", "write"}, Audience: []string{audience},
		Epochs: grant.Epochs{Client: born.UnixMilli(), Store: generation},
		Born:   now, AbsoluteEnd: end, IdleEnd: now.Add(rules.RefreshIdle), ExpiresAt: end.Add(48 * time.Hour).Truncate(time.Second),
		Op: opOf(name), Family: Refresh(name).Family(), Refresh: Refresh(name).Digest(), Issued: 1,
	}
	g.Access[0] = grant.Slot{Digest: Access(name).Digest(), Issued: now, Expires: now.Add(rules.AccessLifetime)}
	used, ok := Codes[name]
	if !ok {
		return g
	}
	// A code lives for a minute; that of a sample for as long as its grant, so
	// that the events can be sent when somebody comes to it.
	g.Code = grant.Code{Digest: Code(name).Digest(), Challenge: challenge, RedirectURI: secret.NewText(redirectURI).Digest(), Expires: end, Used: used}
	if !used {
		g.Family, g.Refresh, g.Issued, g.Access, g.IdleEnd = secret.Digest{}, secret.Digest{}, 0, [grant.Slots]grant.Slot{}, time.Time{}
	}
	return g
}

// opOf names a write after what it made; here nothing need be unguessable.
func opOf(name string) secret.Op { return secret.Op(secret.NewText(name).Digest()) }
