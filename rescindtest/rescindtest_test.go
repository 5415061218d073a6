package rescindtest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"rescind/rescindtest"
	"rescind/shared/client"
	"rescind/shared/oauth"
)

// introspect asks as an API does, and gives the status and the answer.
func introspect(t *testing.T, s *rescindtest.Server, api rescindtest.Client, token string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.IntrospectionURL(), strings.NewReader(url.Values{"token": {token}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(api.ID, api.Secret())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func active(t *testing.T, s *rescindtest.Server, api rescindtest.Client, token string) bool {
	t.Helper()
	status, body := introspect(t, s, api, token)
	if status != http.StatusOK {
		t.Fatalf("introspection answered %d", status)
	}
	return body["active"] == true
}

func TestATokenLivesUntilItIsRevoked(t *testing.T) {
	s := rescindtest.Start(t)
	app, api := s.Client("notes:read", "notes:write"), s.ResourceServer()
	token, other := s.Token(app, "notes:read"), s.Token(app)
	_, seen := introspect(t, s, api, token)
	if seen["active"] != true || seen["scope"] != "notes:read" || seen["client_id"] != app.ID || seen["iss"] != s.URL {
		t.Errorf("the API sees %v", seen)
	}
	s.Revoke(app, token)
	if active(t, s, api, token) || !active(t, s, api, other) {
		t.Error("revoking one token did not end that one alone")
	}
	if active(t, s, s.ResourceServer("https://other.example.com"), other) {
		t.Error("an API sees tokens for another")
	}
}

func TestUsersHaveTokensToo(t *testing.T) {
	s := rescindtest.Start(t)
	api := s.ResourceServer()
	for name, app := range map[string]rescindtest.Client{"confidential": s.Client("notes:read"), "public": s.PublicClient("notes:read")} {
		first := s.TokensOf("alice", app)
		if _, seen := introspect(t, s, api, first.Access); seen["sub"] != "alice" {
			t.Errorf("%s: the API sees %v", name, seen)
		}
		second := s.Refresh(app, first.Refresh)
		if !active(t, s, api, second.Access) || second.Refresh == first.Refresh {
			t.Errorf("%s: the refresh token was not replaced", name)
		}
		s.Revoke(app, second.Refresh)
		if active(t, s, api, first.Access) || active(t, s, api, second.Access) {
			t.Errorf("%s: revoking the refresh token left an access token alive", name)
		}
	}
}

func TestMassRevocation(t *testing.T) {
	s := rescindtest.Start(t)
	app, gone, api := s.Client("notes:read"), s.Client("notes:read"), s.ResourceServer()
	alice, bob, deleted := s.TokensOf("alice", app).Access, s.TokensOf("bob", app).Access, s.Token(gone)
	s.RevokeSubject("alice")
	s.DeleteClient(gone)
	if active(t, s, api, alice) || active(t, s, api, deleted) || !active(t, s, api, bob) {
		t.Error("what should be dead is not, or what should live does not")
	}
}

func TestTimePasses(t *testing.T) {
	s := rescindtest.Start(t)
	app, api := s.Client("notes:read"), s.ResourceServer()
	token := s.Token(app)
	s.Advance(59 * time.Minute)
	if !active(t, s, api, token) {
		t.Error("it expired early")
	}
	s.Advance(2 * time.Minute)
	if active(t, s, api, token) {
		t.Error("it outlived its hour")
	}
}

func TestAnOutageIs503UntilItHeals(t *testing.T) {
	s := rescindtest.Start(t)
	app, api := s.Client("notes:read"), s.ResourceServer()
	token := s.Token(app)
	s.Outage()
	if status, body := introspect(t, s, api, token); status != http.StatusServiceUnavailable || body["active"] != nil {
		t.Errorf("in an outage: %d, %v", status, body)
	}
	s.Heal()
	if !active(t, s, api, token) {
		t.Error("the token did not survive the outage")
	}
}

// Two servers in one test are two worlds.
func TestServersShareNothing(t *testing.T) {
	one, two := rescindtest.Start(t), rescindtest.Start(t)
	app := one.Client("notes:read")
	if active(t, two, two.ResourceServer(), one.Token(app)) {
		t.Error("a token of one is active at the other")
	}
}

// A client that we did not write gets along with the server.
func TestXOAuth2(t *testing.T) {
	s := rescindtest.Start(t)
	app := s.NewClient(func(p *client.Policy) { p.Scope = oauth.Scope{"notes:read"} })
	for _, style := range []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams} {
		config := clientcredentials.Config{ClientID: app.ID, ClientSecret: app.Secret(), TokenURL: s.TokenURL(), Scopes: []string{"notes:read"}, AuthStyle: style}
		token, err := config.Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !active(t, s, s.ResourceServer(), token.AccessToken) {
			t.Error("its token is not active")
		}
	}
}

func TestAClientDoesNotPrintItsSecret(t *testing.T) {
	app := rescindtest.Start(t).Client("notes:read")
	if app.Secret() == "" || strings.Contains(fmt.Sprintf("%v %+v %#v", app, app, app), app.Secret()) {
		t.Error("it does")
	}
}
