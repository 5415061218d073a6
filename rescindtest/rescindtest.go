package rescindtest

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/sqlite"
)

// Server is a running rescind. Its methods end the test where they fail, and
// so must be called from the test's own goroutine, as t.Fatal must.
type Server struct {
	// URL is the issuer and the base of all endpoints, without a last slash.
	URL string

	t       testing.TB
	store   *broken.Store
	rules   grant.Rules
	manager client.Manager
	http    *http.Client
	ahead   atomic.Int64 // nanoseconds
}

// Start starts a server that ends with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{t: t}
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{Now: s.now})
	if err != nil {
		t.Fatalf("rescindtest: %v", err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("rescindtest: closing the store: %v", err)
		}
	})
	s.store = broken.Wrap(store)
	s.rules = grant.Defaults(s.now, rand.Reader)
	s.manager = client.Manager{Store: s.store, Now: s.now, Rand: rand.Reader}

	server := httptest.NewUnstartedServer(nil) // on a free port of 127.0.0.1
	s.URL = "http://" + server.Listener.Addr().String()
	if server.Config.Handler, err = s.gateway(); err != nil {
		_ = server.Listener.Close()
		t.Fatalf("rescindtest: %v", err)
	}
	server.Start()
	t.Cleanup(server.Close) // before the store
	s.http = server.Client()
	return s
}

// gateway is what `rescind serve` serves. Nobody is kept from guessing
// secrets for a while here: a test may try many.
func (s *Server) gateway() (http.Handler, error) {
	log := slog.New(slog.DiscardHandler)
	service := &endpoint.Service{
		Issuer: s.URL,
		Rules:  s.rules,
		Auth:   client.NewAuthenticator(s.now, client.NewAttempts(1_000_000, time.Microsecond)),
		Audit:  audit.Discard{},
		Log:    log,
	}
	types := []granttype.Type{granttype.ClientCredentials{}, granttype.RefreshToken{}}
	return service.Gateway(map[string]http.Handler{
		endpoint.RouteToken:         service.Token(s.store, types...),
		endpoint.RouteRevocation:    service.Revocation(s.store),
		endpoint.RouteIntrospection: service.Introspection(s.store),
		endpoint.RouteMetadata:      service.Metadata(types...),
	}, s.store)
}

func (s *Server) now() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) }

// TokenURL is the token endpoint, RFC 6749 section 3.2.
func (s *Server) TokenURL() string { return s.URL + "/o/token/" }

// RevocationURL is the revocation endpoint, RFC 7009.
func (s *Server) RevocationURL() string { return s.URL + "/o/revoke_token/" }

// IntrospectionURL is the introspection endpoint, RFC 7662.
func (s *Server) IntrospectionURL() string { return s.URL + "/o/introspect/" }

// Outage takes the store away: every endpoint answers 503 until Heal.
func (s *Server) Outage() { s.store.FailAll() }

// Heal ends an outage.
func (s *Server) Heal() { s.store.Heal() }

// Advance sets the server's clock forward, so that tokens expire. The clock of
// whoever asks stays as it is.
func (s *Server) Advance(d time.Duration) {
	s.t.Helper()
	if d < 0 {
		s.t.Fatal("rescindtest: the clock goes forward only: give Advance a positive duration")
	}
	s.ahead.Add(int64(d))
}
