package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// handling is what one operation of a handler takes without a store.
type handling struct {
	Nanoseconds float64 `json:"ns_per_operation"`
	Allocations int64   `json:"allocations_per_operation"`
	Bytes       int64   `json:"bytes_per_operation"`
}

// nothing is a store that answers at once and from memory: every client is the
// one, every grant is the one, and every write succeeds. It exists to leave the
// store's time out, and proves nothing.
type nothing struct{ rows grant.Rows }

func (n nothing) Find(context.Context, grant.Keys) (grant.Rows, error)                { return n.rows, nil }
func (nothing) Create(context.Context, *grant.Grant) error                            { return nil }
func (nothing) Replace(context.Context, grant.Change) error                           { return nil }
func (nothing) Deny(context.Context, grant.Denial) error                              { return nil }
func (nothing) UpdateClient(context.Context, string, int64, client.Change) error      { return nil }
func (nothing) RemoveAccess(context.Context, token.GrantID, int, secret.Digest) error { return nil }
func (nothing) Revoke(_ context.Context, _ token.GrantID, _ string, r grant.Revocation) (grant.Revocation, error) {
	return r, nil
}

type kept struct {
	nothing
	born *grant.Grant
}

func (k *kept) Create(_ context.Context, g *grant.Grant) error { k.born = g; return nil }

func measureHandlers() map[string]handling {
	ctx := context.Background()
	text, kind, err := client.NewSecret(rand.Reader, time.Now())
	if err != nil {
		panic("no randomness")
	}
	scope := oauth.Scope{"read", "write"}
	c := &client.Client{ID: "bench", State: client.On, Secrets: []client.Secret{kind}, Policy: client.Policy{Type: client.Confidential,
		Scope: scope, DefaultScope: scope, GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken}}}
	rules := grant.Defaults(time.Now, rand.Reader)
	first := &kept{}
	t, err := rules.Issue(ctx, first, grant.Birth{Client: c, Scope: scope, Refresh: true})
	if err != nil {
		panic("issuing from memory")
	}
	store := nothing{grant.Rows{Clients: []*client.Client{c}, Grants: []*grant.Grant{first.born}}}
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	s := &endpoint.Service{Issuer: "http://localhost:8000", Rules: rules, Log: log, Audit: audit.Slog{Logger: log},
		Auth: client.NewAuthenticator(time.Now, client.NewAttempts(10, 6*time.Second))}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("bench:"+text.Reveal()))
	tokens := s.Token(store, granttype.ClientCredentials{}, granttype.RefreshToken{})
	return map[string]handling{
		"introspection": handle(s.Introspection(store), basic, "token="+t.Access.Text().Reveal()),
		"issue":         handle(tokens, basic, "grant_type=client_credentials"),
		"refresh":       handle(tokens, basic, "grant_type=refresh_token&refresh_token="+t.Refresh.Text().Reveal()),
		"revocation":    handle(s.Revocation(store), basic, "token="+t.Access.Text().Reveal()),
	}
}

// discard takes an answer as the server's own writer does, without keeping it.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// handle times one handler. What making the request takes is measured with an
// empty handler and subtracted.
func handle(h http.Handler, basic, form string) handling {
	run := func(h http.Handler) testing.BenchmarkResult {
		return testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set("Authorization", basic)
				w := &discard{header: make(http.Header, 8)}
				h.ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatalf("answered %d", w.status)
				}
			}
		})
	}
	full, empty := run(h), run(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	ns := func(r testing.BenchmarkResult) float64 { return float64(r.T.Nanoseconds()) / float64(r.N) }
	return handling{ns(full) - ns(empty), full.AllocsPerOp() - empty.AllocsPerOp(), full.AllocedBytesPerOp() - empty.AllocedBytesPerOp()}
}
