package endpoint_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/internal/testkit/stage"
	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

const defaultIssuer = "http://localhost:8000"

// trail keeps the audit's events and also logs them.
type trail struct {
	stage.Trail
	log audit.Slog
}

func (a *trail) Record(ctx context.Context, e audit.Event) {
	a.Trail.Record(ctx, e)
	a.log.Record(ctx, e)
}

// deployment is a whole server on a store: what a main puts together.
type deployment struct {
	testing.TB
	began   time.Time
	clock   *stage.Clock
	raw     grant.Store   // to prepare and to look
	store   *broken.Store // what the server works on
	rules   grant.Rules
	service *endpoint.Service
	gateway http.Handler
	audit   *trail
	dump    func() string // every row
	suffix  string        // makes names unique where others use the same tables
}

// deploy puts a server on a store.
func deploy(t testing.TB, on backend, issuer string) *deployment {
	t.Helper()
	c := stage.NewClock(time.Now().UTC().Truncate(time.Second))
	store, dump := on.open(t, c.Now)
	raw := recorded{store}
	logger := logs.logger()
	d := &deployment{TB: t, began: c.Now(), clock: c, raw: raw, store: broken.Wrap(raw), dump: dump, suffix: on.suffix(),
		rules: grant.Defaults(c.Now, rand.Reader), audit: &trail{log: audit.Slog{Logger: logger}}}
	d.service = &endpoint.Service{Issuer: issuer, Rules: d.rules, Log: logger, Audit: d.audit,
		Auth: client.NewAuthenticator(c.Now, client.NewAttempts(10, 6*time.Second))}
	d.gateway = gatewayOf(t, d.service, d.store)
	return d
}

func gatewayOf(t testing.TB, s *endpoint.Service, store grant.Store) http.Handler {
	t.Helper()
	types := []granttype.Type{granttype.ClientCredentials{}, granttype.RefreshToken{}}
	redeeming := append(slices.Clone(types), granttype.AuthorizationCode{})
	h, err := s.Gateway(map[string]http.Handler{
		endpoint.RouteToken:         s.Token(store, redeeming...),
		endpoint.RouteRevocation:    s.Revocation(store),
		endpoint.RouteIntrospection: s.Introspection(store),
		endpoint.RouteMetadata:      s.Metadata(types...),
	}, store)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (d *deployment) manager() client.Manager {
	return client.Manager{Store: d.raw, Now: d.clock.Now, Rand: rand.Reader}
}

func (d *deployment) must(err error, doing string) {
	d.Helper()
	if err != nil {
		d.Fatalf("%s: %v", doing, err)
	}
}

// app is a registered client as a caller knows it.
type app struct {
	id   string
	text secret.Text
}

func (a app) basic() string { return basicHeader(a.id, a.text.Reveal()) }

// confidential is a policy that may do what the endpoints offer.
func confidential() client.Policy {
	return client.Policy{Name: "app", Type: client.Confidential, GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode},
		RedirectURIs: []string{"https://app.example/cb"}, Scope: oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"}}
}

func public() client.Policy {
	return client.Policy{Name: "spa", Type: client.Public, GrantTypes: []string{oauth.GrantRefreshToken, oauth.GrantAuthorizationCode},
		RedirectURIs: []string{"https://app.example/cb"}, Scope: oauth.Scope{"read", "write"}}
}

func (d *deployment) register(name string, p client.Policy) app {
	d.Helper()
	c, text, err := d.manager().Create(d.Context(), name+d.suffix, p)
	d.must(err, "registering "+name)
	made.text(text.Reveal())
	for _, s := range c.Secrets {
		made.bytes(s.Digest[:], "a client secret's digest")
	}
	return app{c.ID, text}
}

// issue makes a grant as the operator would.
func (d *deployment) issue(of app, subject string, scope oauth.Scope, audience []string) grant.Tokens {
	d.Helper()
	t, err := d.rules.Issue(d.Context(), d.raw, d.birth(of, subject, scope, audience))
	d.must(err, "issuing")
	made.text(t.Access.Text().Reveal())
	made.text(t.Refresh.Text().Reveal())
	return t
}

// birth reads what a new grant is judged by. One with a subject gets a refresh token.
func (d *deployment) birth(of app, subject string, scope oauth.Scope, audience []string) grant.Birth {
	d.Helper()
	keys := grant.Keys{Clients: []string{of.id}}
	if subject != "" {
		keys.Subjects = []string{subject}
	}
	rows, err := d.raw.Find(d.Context(), keys)
	d.must(err, "reading the client")
	b := grant.Birth{Client: rows.Clients[0], Generation: rows.Generation, Subject: subject, Refresh: subject != "", Scope: scope, Audience: audience}
	if subject != "" {
		b.Epoch = rows.Subjects[0]
	}
	return b
}

// second is another process on the same data: it shares nothing with the first
// but the store and the clock.
func (d *deployment) second() http.Handler {
	d.Helper()
	s := *d.service
	s.Auth = client.NewAuthenticator(d.clock.Now, client.NewAttempts(10, 6*time.Second))
	s.Rules.Unsettled = &grant.Unsettled{}
	return gatewayOf(d, &s, d.raw)
}
