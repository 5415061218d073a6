package verify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"rescind/verify"
)

// What is asked, RFC 7662 section 2.1.
func TestTheQuestion(t *testing.T) {
	var seen *http.Request
	s := newIssuer(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r
		says(good)(w, r)
	})
	c := s.config()
	c.ClientID, c.ClientSecret = "api:1", verify.NewSecret("a+b %/")
	if got := call(newVerifier(t, c), nil, "notes:read"); got.StatusCode != http.StatusOK {
		t.Fatalf("answered %d", got.StatusCode)
	}
	id, secret, _ := seen.BasicAuth()
	id, _ = url.QueryUnescape(id)
	secret, _ = url.QueryUnescape(secret)
	if id != "api:1" || secret != "a+b %/" {
		t.Error("the credentials are not form-encoded (RFC 6749 section 2.3.1)")
	}
	if seen.Method != http.MethodPost || seen.URL.Path != "/o/introspect/" || seen.URL.RawQuery != "" || seen.PostForm.Get("token") != "a-token" {
		t.Errorf("asked with %s %s", seen.Method, seen.URL.Path)
	}
	if _, sent := seen.Header["Idempotency-Key"]; sent {
		t.Error("Idempotency-Key was sent")
	}
}

func TestTheHandlerSeesTheToken(t *testing.T) {
	v := newVerifier(t, newIssuer(t, says(good)).config())
	r := httptest.NewRequest(http.MethodGet, "/notes", nil)
	r.Header.Set("Authorization", "bearer  a-token")
	w := httptest.NewRecorder()
	v.Require("notes:read")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, ok := verify.FromContext(r.Context())
		if !ok || got.Subject != "alice" || got.ClientID != "app" || !got.Has("notes:list") || got.Has("notes") || !got.Expires.Equal(time.Unix(4102444800, 0)) {
			t.Errorf("it sees %v", got)
		}
	})).ServeHTTP(w, r)
	if _, ok := verify.FromContext(t.Context()); ok || w.Code != http.StatusOK {
		t.Errorf("answered %d", w.Code)
	}
}

// RFC 6750 section 3: who sent what gets which answer.
func TestRefusals(t *testing.T) {
	header := func(values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header["Authorization"] = values }
	}
	const plain, asked = `Bearer realm="api"`, true
	for _, c := range []struct {
		name      string
		edit      func(*http.Request)
		scope     string
		says      string
		status    int
		challenge string
		asked     bool
	}{
		{"no token", func(r *http.Request) { r.Header.Del("Authorization") }, "notes:read", good, 401, plain, false},
		{"another scheme", header("Basic YTpi"), "notes:read", good, 401, plain, false},
		{"a scheme that begins so", header("Bearerx a-token"), "notes:read", good, 401, plain, false},
		{"in the query string alone", func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "access_token=x" }, "notes:read", good, 401, plain, false},
		{"in the query string too", func(r *http.Request) { r.URL.RawQuery = "a=b&access_token=x" }, "notes:read", good, 400, plain + `, error="invalid_request"`, false},
		{"two headers", header("Bearer a", "Bearer a"), "notes:read", good, 400, plain + `, error="invalid_request"`, false},
		{"a header of another scheme beside", header("Basic YTpi", "Bearer a"), "notes:read", good, 400, plain + `, error="invalid_request"`, false},
		{"an empty token", header("Bearer "), "notes:read", good, 400, plain + `, error="invalid_request"`, false},
		{"two tokens", header("Bearer a, Bearer b"), "notes:read", good, 400, plain + `, error="invalid_request"`, false},
		{"inactive", nil, "notes:read", `{"active":false}`, 401, plain + `, error="invalid_token"`, asked},
		{"inactive, with the rest", nil, "notes:read", strings.Replace(good, "true", "false", 1), 401, plain + `, error="invalid_token"`, asked},
		{"expired", nil, "notes:read", strings.Replace(good, "4102444800", "1700000000", 1), 401, plain + `, error="invalid_token"`, asked},
		{"not yet valid", nil, "notes:read", strings.Replace(good, `"exp"`, `"nbf":4102444700,"exp"`, 1), 401, plain + `, error="invalid_token"`, asked},
		{"another audience", nil, "notes:read", strings.Replace(good, "api.example", "other.example", 1), 401, plain + `, error="invalid_token"`, asked},
		{"no audience", nil, "notes:read", `{"active":true,"scope":"notes:read","token_type":"Bearer"}`, 401, plain + `, error="invalid_token"`, asked},
		{"another issuer", nil, "notes:read", strings.Replace(good, `"exp"`, `"iss":"https://evil.example","exp"`, 1), 401, plain + `, error="invalid_token"`, asked},
		{"a refresh token", nil, "notes:read", strings.Replace(good, `"token_type":"Bearer",`, "", 1), 401, plain + `, error="invalid_token"`, asked},
		{"a DPoP token", nil, "notes:read", strings.Replace(good, `"Bearer"`, `"DPoP"`, 1), 401, plain + `, error="invalid_token"`, asked},
		{"bound to a certificate", nil, "notes:read", strings.Replace(good, `"exp"`, `"cnf":{"x5t#S256":"x"},"exp"`, 1), 401, plain + `, error="invalid_token"`, asked},
		{"less scope", nil, "notes:write", good, 403, plain + `, error="insufficient_scope", scope="notes:write"`, asked},
		{"a scope in another case", nil, "Notes:read", good, 403, plain + `, error="insufficient_scope", scope="Notes:read"`, asked},
		{"no scope at all", nil, "notes:read", strings.Replace(good, `"scope":"notes:read notes:list",`, "", 1), 403, plain + `, error="insufficient_scope", scope="notes:read"`, asked},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newIssuer(t, says(c.says))
			got := call(newVerifier(t, s.config()), c.edit, c.scope)
			if got.StatusCode != c.status || got.Header.Get("WWW-Authenticate") != c.challenge {
				t.Errorf("answered %d, %s", got.StatusCode, got.Header.Get("WWW-Authenticate"))
			}
			if (s.count() == 1) != c.asked || got.Header.Get("Cache-Control") != "no-store" || got.Header.Get("Retry-After") != "" {
				t.Errorf("asked %d times; headers %v", s.count(), got.Header)
			}
		})
	}
}

func TestAllScopesAreNeeded(t *testing.T) {
	v := newVerifier(t, newIssuer(t, says(good)).config())
	for _, c := range []struct {
		scopes []string
		status int
	}{{nil, 200}, {[]string{"notes:read", "notes:list"}, 200}, {[]string{"notes:read", "notes:write"}, 403}} {
		if got := call(v, nil, c.scopes...); got.StatusCode != c.status {
			t.Errorf("%q: %d", c.scopes, got.StatusCode)
		}
	}
	for _, bad := range []string{"", "a b", `a"b`, `a\b`, "ä", "a\n"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Require takes %q", bad)
				}
			}()
			v.Require(bad)
		}()
	}
}

func TestOptionalMembers(t *testing.T) {
	for _, c := range []struct {
		body string
		edit func(*verify.Config)
	}{
		{`{"active":true,"token_type":"bearer","aud":"https://api.example.com"}`, nil},
		{`{"active":true,"token_type":"Bearer"}`, func(c *verify.Config) { c.Audience = "" }},
		{`{"active":true,"aud":"https://api.example.com"}`, func(c *verify.Config) { c.AcceptUntyped = true }},
		{`{"active":true,"token_type":"Bearer","aud":["x","https://api.example.com"],"exp":4102444800.5,"other":{"active":false}}`, nil},
	} {
		s := newIssuer(t, says(c.body))
		config := s.config()
		if c.edit != nil {
			c.edit(&config)
		}
		if got := call(newVerifier(t, config), nil); got.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", c.body, got.StatusCode)
		}
	}
}

func TestConfigs(t *testing.T) {
	base := verify.Config{Issuer: "https://auth.example.com", ClientID: "api", ClientSecret: verify.NewSecret("s3cret")}
	for name, c := range map[string]struct {
		edit func(*verify.Config)
		ok   bool
	}{
		"an issuer":          {func(*verify.Config) {}, true},
		"an endpoint":        {func(c *verify.Config) { c.Issuer, c.IntrospectionEndpoint = "", "https://auth.example.com/introspect" }, true},
		"http on loopback":   {func(c *verify.Config) { c.Issuer = "http://127.0.0.1:8000" }, true},
		"http on loopback 6": {func(c *verify.Config) { c.Issuer = "http://[::1]:8000" }, true},
		"http on localhost":  {func(c *verify.Config) { c.Issuer = "http://localhost:8000" }, true},
		"http elsewhere":     {func(c *verify.Config) { c.Issuer = "http://auth.example.com" }, false},
		"http on a namesake": {func(c *verify.Config) { c.Issuer = "http://localhost.example.com" }, false},
		"http, disguised":    {func(c *verify.Config) { c.Issuer = "http://localhost@auth.example.com" }, false},
		"another scheme":     {func(c *verify.Config) { c.Issuer = "file://localhost" }, false},
		"no URL":             {func(c *verify.Config) { c.Issuer = "auth.example.com" }, false},
		"nothing":            {func(c *verify.Config) { c.Issuer = "" }, false},
		"a user in the URL":  {func(c *verify.Config) { c.Issuer = "https://a:b@auth.example.com" }, false},
		"no client":          {func(c *verify.Config) { c.ClientID = "" }, false},
		"no secret":          {func(c *verify.Config) { c.ClientSecret = verify.Secret{} }, false},
		"a realm that ends":  {func(c *verify.Config) { c.Realm = `a", error="x` }, false},
		"a negative TTL":     {func(c *verify.Config) { c.CacheTTL = -1 }, false},
	} {
		config := base
		c.edit(&config)
		if _, err := verify.New(config); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingPrintsTheSecret(t *testing.T) {
	const text = "rsc_cs_must_not_be_seen"
	c := verify.Config{Issuer: "https://auth.example.com", ClientID: "api", ClientSecret: verify.NewSecret(text)}
	v := newVerifier(t, c)
	asJSON, err := json.Marshal(map[string]any{"secret": c.ClientSecret})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprintf("%v %+v %#v %s %q %x %v %+v %#v %s", c, c, c, c.ClientSecret, c.ClientSecret, c.ClientSecret, v, *v, *v, asJSON)
	if strings.Contains(all, text) || strings.Contains(all, fmt.Sprintf("%x", text)) {
		t.Error("something does")
	}
}

func TestTheObserverHearsWhatHappened(t *testing.T) {
	var heard []verify.Event
	s := newIssuer(t, says(good))
	c := s.config()
	c.Observe = func(e verify.Event) { heard = append(heard, e) }
	v := newVerifier(t, c)
	call(v, nil, "notes:read")
	call(v, nil, "notes:write")
	s.says(says(`{"active":false}`))
	call(v, nil)
	s.says(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	call(v, nil)
	for i, want := range []int{0, 403, 401, 503} {
		if e := heard[i]; e.Status != want || (e.Err == nil) != (want == 0) || e.Duration <= 0 || strings.Contains(fmt.Sprint(e), "a-token") {
			t.Errorf("of request %d it heard %v", i, e)
		}
	}
}

func TestIntrospectTellsInvalidFromOutage(t *testing.T) {
	s := newIssuer(t, says(`{"active":false}`))
	v := newVerifier(t, s.config())
	if _, err := v.Introspect(t.Context(), "a-token"); !errors.Is(err, verify.ErrInvalid) {
		t.Errorf("inactive: %v", err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Introspect(cancelled, "a-token"); err == nil || errors.Is(err, verify.ErrInvalid) || strings.Contains(err.Error(), "a-token") {
		t.Errorf("cancelled: %v", err)
	}
}

func bodyOf(t *testing.T, r *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
