package browser_test

import (
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/internal/testkit/stage"
	"rescind/shared/browser"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

const (
	verifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" // RFC 7636 appendix B
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	callback  = "https://app.example.com/cb"
	email     = "ann@example.com"
	password  = "correct horse battery"
)

// scene is the pages and the token endpoints over one store, with a client of
// each kind, a user, and a clock.
type scene struct {
	t       testing.TB
	store   *broken.Store
	handler http.Handler
	server  *httptest.Server
	issuer  string
	service *browser.Service
	secret  string // the confidential client's
	clock   *stage.Clock
	trail   stage.Trail
}

// newScene starts it all. edit may change the service before it serves.
func newScene(t testing.TB, edit ...func(*scene)) *scene {
	t.Helper()
	sc := emptyScene(t, edit...)
	sc.register()
	return sc
}

// emptyScene has no client and no user.
func emptyScene(t testing.TB, edit ...func(*scene)) *scene {
	t.Helper()
	sc := &scene{t: t, clock: stage.NewClock(time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC))}
	file, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{Now: sc.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	sc.store = broken.Wrap(file)
	sc.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { sc.handler.ServeHTTP(w, r) }))
	t.Cleanup(sc.server.Close)
	sc.issuer = sc.server.URL
	rules := grant.Defaults(sc.clock.Now, rand.Reader)
	ep := &endpoint.Service{Issuer: sc.issuer, Rules: rules, Audit: &sc.trail, Log: slog.New(slog.DiscardHandler),
		Auth: client.NewAuthenticator(sc.clock.Now, client.NewAttempts(1000, time.Second))}
	sc.service = &browser.Service{Endpoint: ep, Store: sc.store, Sessions: session.Defaults(sc.clock.Now, rand.Reader),
		Accounts: user.NewAccounts(sc.store, grant.SubjectEnder{Rules: rules, Store: sc.store}, sc.clock.Now, rand.Reader)}
	for _, e := range edit {
		e(sc)
	}
	ep.Issuer = sc.issuer
	pages, err := browser.New(sc.service)
	if err != nil {
		t.Fatal(err)
	}
	types := []granttype.Type{granttype.AuthorizationCode{}, granttype.RefreshToken{}}
	sc.handler, err = ep.Gateway(map[string]http.Handler{
		endpoint.RouteToken: ep.Token(sc.store, types...), endpoint.RouteRevocation: ep.Revocation(sc.store),
		endpoint.RouteIntrospection: ep.Introspection(sc.store), endpoint.RouteMetadata: ep.Metadata(types...),
		endpoint.RouteBrowser: pages,
	}, sc.store)
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// register makes the clients web (confidential) and phone (public, native), and
// the user.
func (sc *scene) register() {
	sc.t.Helper()
	manager := client.Manager{Store: sc.store, Now: sc.clock.Now, Rand: rand.Reader}
	policy := client.Policy{Name: "Web app", Type: client.Confidential, GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken},
		RedirectURIs: []string{callback}, Scope: oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"},
		Audience: []string{"https://api.example.com"}}
	_, text, err := manager.Create(sc.t.Context(), "web", policy)
	if err != nil {
		sc.t.Fatal(err)
	}
	sc.secret = text.Reveal()
	policy.Name, policy.Type, policy.RedirectURIs = "Phone app", client.Public, []string{"http://127.0.0.1/cb", "com.example.app:/cb"}
	if _, _, err := manager.Create(sc.t.Context(), "phone", policy); err != nil {
		sc.t.Fatal(err)
	}
	if _, err := sc.service.Accounts.Create(sc.t.Context(), email, secret.NewText(password)); err != nil {
		sc.t.Fatal(err)
	}
}

// call is a client's request, which gives status and JSON.
func (sc *scene) call(path string, pairs ...string) (int, map[string]any) {
	sc.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	resp, err := http.PostForm(sc.server.URL+path, form)
	if err != nil {
		sc.t.Fatal(err)
	}
	defer resp.Body.Close()
	body := map[string]any{}
	_ = json.NewDecoder(resp.Body).Decode(&body) // an empty one stays empty
	return resp.StatusCode, body
}

// exchange redeems a code of the client web.
func (sc *scene) exchange(code string) (access, refresh string) {
	sc.t.Helper()
	status, body := sc.call("/o/token/", "grant_type", "authorization_code", "code", code, "redirect_uri", callback,
		"code_verifier", verifier, "client_id", "web", "client_secret", sc.secret)
	if status != http.StatusOK {
		sc.t.Fatal(status, body)
	}
	return body["access_token"].(string), body["refresh_token"].(string)
}

func (sc *scene) active(token string) bool {
	sc.t.Helper()
	status, body := sc.call("/o/introspect/", "token", token, "client_id", "web", "client_secret", sc.secret)
	if status != http.StatusOK {
		sc.t.Fatal(status, body)
	}
	return body["active"] == true
}
