package openid

import (
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Where the endpoints are, below the issuer.
const (
	PathMetadata  = "/.well-known/openid-configuration"
	PathAuthorize = "/authorize"
	PathToken     = "/token"
	PathKeys      = "/keys"
)

// Client is one that is registered.
type Client struct{ ID, Secret, RedirectURI string }

// Person is somebody who can sign in.
type Person struct {
	Subject       string
	Email         string
	EmailVerified bool
	Name          string
	AuthTime      time.Time // when they signed in; the moment they are asked where zero
}

// Spoil gets in the way of the provider's answers. What is nil changes nothing;
// all but Answer are called one at a time, and must not call the Provider.
type Spoil struct {
	Metadata func(map[string]any)                              // the members of the metadata
	Redirect func(url.Values)                                  // what the browser brings back
	Claims   func(map[string]any)                              // what the ID token says, before it is signed
	Token    func(signed string) string                        // the ID token
	Answer   func(w http.ResponseWriter, r *http.Request) bool // before all; true where it has answered itself
}

// Provider is one OpenID provider. Its methods may be called while it serves.
type Provider struct {
	issuer string

	mu      sync.Mutex
	now     func() time.Time
	clients map[string]Client
	person  *Person
	spoil   Spoil
	key     key
	codes   map[string]*code
	asked   map[string]int
	last    url.Values
}

// code is an authorization code and what it was given for.
type code struct {
	client, redirectURI, challenge, nonce string
	person                                Person
	expires                               time.Time
}

// New makes a provider that answers below issuer, a URL without a path.
func New(issuer string) *Provider {
	return &Provider{issuer: issuer, now: time.Now, clients: map[string]Client{}, codes: map[string]*code{}, asked: map[string]int{}, key: firstKey()}
}

// Start serves a provider on a free port of 127.0.0.1 until the test ends.
func Start(t testing.TB) *Provider {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	p := New("http://" + server.Listener.Addr().String())
	server.Config.Handler = p
	server.Start()
	t.Cleanup(server.Close)
	return p
}

// Visit is what a browser does that was sent to a provider: it goes there, and
// gives where the provider sends it back to.
func Visit(t testing.TB, to string) *url.URL {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(r) // which follows no redirect
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := url.Parse(response.Header.Get("Location"))
	if err != nil || back.String() == "" {
		t.Fatalf("the provider answers %d and sends the browser to %q", response.StatusCode, response.Header.Get("Location"))
	}
	return back
}

// Issuer is the provider's issuer, and where it is.
func (p *Provider) Issuer() string { return p.issuer }

// Register makes a client known, or replaces the one with its ID.
func (p *Provider) Register(c Client) { p.set(func() { p.clients[c.ID] = c }) }

// SignIn has this person answer from now on.
func (p *Provider) SignIn(person Person) { p.set(func() { p.person = &person }) }

// SignOut leaves nobody to answer.
func (p *Provider) SignOut() { p.set(func() { p.person = nil }) }

// Spoil replaces what gets in the way; the zero Spoil is an honest provider.
func (p *Provider) Spoil(s Spoil) { p.set(func() { p.spoil = s }) }

// SetClock has the provider live at another time.
func (p *Provider) SetClock(now func() time.Time) { p.set(func() { p.now = now }) }

// Rotate replaces the signing key, with the algorithm too (ES256).
func (p *Provider) Rotate() { p.set(func() { p.key = nextKey() }) }

// Asked counts the requests to a path so far.
func (p *Provider) Asked(path string) (n int) {
	p.set(func() { n = p.asked[path] })
	return n
}

// Last is the query of the last authorization request.
func (p *Provider) Last() (q url.Values) {
	p.set(func() { q = maps.Clone(p.last) })
	return q
}

func (p *Provider) set(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// ServeHTTP answers at the four paths above.
func (p *Provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked[r.URL.Path]++
	spoiled := p.spoil.Answer
	p.mu.Unlock()
	if spoiled != nil && spoiled(w, r) {
		return
	}
	switch r.URL.Path {
	case PathMetadata:
		p.metadata(w)
	case PathKeys:
		p.keys(w)
	case PathAuthorize:
		p.authorize(w, r)
	case PathToken:
		p.token(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (p *Provider) metadata(w http.ResponseWriter) {
	m := map[string]any{
		"issuer":                                         p.issuer,
		"authorization_endpoint":                         p.issuer + PathAuthorize,
		"token_endpoint":                                 p.issuer + PathToken,
		"jwks_uri":                                       p.issuer + PathKeys,
		"response_types_supported":                       []string{"code"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          []string{"RS256", "ES256"},
		"scopes_supported":                               []string{"openid", "email", "profile"},
		"code_challenge_methods_supported":               []string{"S256"},
		"token_endpoint_auth_methods_supported":          []string{"client_secret_basic", "client_secret_post"},
		"authorization_response_iss_parameter_supported": true,
	}
	p.set(func() {
		if p.spoil.Metadata != nil {
			p.spoil.Metadata(m)
		}
	})
	reply(w, http.StatusOK, m)
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // whoever asked may be gone
}

func random() string { return rand.Text() }
