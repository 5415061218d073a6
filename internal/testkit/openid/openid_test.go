package openid_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"rescind/internal/testkit/openid"
)

const secret = "a secret with + and %"

// start serves a provider and the client's own callback, which shows the query
// that a browser brings there.
func start(t *testing.T) (*openid.Provider, oauth2.Config) {
	t.Helper()
	callback := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.RawQuery) }))
	t.Cleanup(callback.Close)
	p := openid.Start(t)
	p.Register(openid.Client{ID: "app", Secret: secret, RedirectURI: callback.URL + "/callback"})
	p.SignIn(openid.Person{Subject: "1", Email: "jane@example.com", EmailVerified: true, Name: "Jane"})
	return p, oauth2.Config{ClientID: "app", ClientSecret: secret, RedirectURL: callback.URL + "/callback", Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: p.Issuer() + openid.PathAuthorize, TokenURL: p.Issuer() + openid.PathToken, AuthStyle: oauth2.AuthStyleInHeader}}
}

// browse follows redirects as a browser does, and gives what the callback saw.
func browse(t *testing.T, to string) (int, url.Values) {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Jar: jar}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	q, _ := url.ParseQuery(string(body))
	return response.StatusCode, q
}

func TestAClientOfOthersSignsIn(t *testing.T) {
	p, c := start(t)
	for name, style := range map[string]oauth2.AuthStyle{"Basic": oauth2.AuthStyleInHeader, "post": oauth2.AuthStyleInParams} {
		c.Endpoint.AuthStyle = style
		_, q := browse(t, c.AuthCodeURL("x y", oidc.Nonce("n"), oauth2.S256ChallengeOption(strings.Repeat("v", 43))))
		if q.Get("state") != "x y" || q.Get("iss") != p.Issuer() {
			t.Errorf("%s: the browser brings %v", name, q)
		}
		tokens, err := c.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(strings.Repeat("v", 43)))
		if err != nil {
			t.Fatal(err)
		}
		discovered, err := oidc.NewProvider(t.Context(), p.Issuer())
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := tokens.Extra("id_token").(string)
		id, err := discovered.Verifier(&oidc.Config{ClientID: "app"}).Verify(t.Context(), raw)
		if err != nil || id.Subject != "1" || id.Nonce != "n" {
			t.Errorf("%s: the ID token says %+v, %v", name, id, err)
		}
	}
}

// Each of these is refused by a real provider too; a kit that let one pass
// would let its users' tests pass.
func TestItIsAsStrictAsARealOne(t *testing.T) {
	good := strings.Repeat("v", 43)
	for name, tt := range map[string]struct {
		secret, redirect, verifier string
		wait                       time.Duration
		twice                      bool
		want                       string
	}{
		"another secret":       {secret: "another", want: "invalid_client"},
		"no secret":            {secret: " ", want: "invalid_client"},
		"another redirect URI": {redirect: "http://127.0.0.1/other", want: "invalid_grant"},
		"another verifier":     {verifier: strings.Repeat("w", 43), want: "invalid_grant"},
		"too late":             {wait: 61 * time.Second, want: "invalid_grant"},
		"a second time":        {twice: true, want: "invalid_grant"},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := start(t)
			_, q := browse(t, c.AuthCodeURL("s", oauth2.S256ChallengeOption(good)))
			if tt.twice {
				if _, err := c.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(good)); err != nil {
					t.Fatal(err)
				}
			}
			if tt.secret != "" {
				c.ClientSecret = strings.TrimSpace(tt.secret)
			}
			if tt.redirect != "" {
				c.RedirectURL = tt.redirect
			}
			if tt.verifier == "" {
				tt.verifier = good
			}
			p.SetClock(func() time.Time { return time.Now().Add(tt.wait) })
			_, err := c.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(tt.verifier))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestItRefusesAsARealOne(t *testing.T) {
	p, c := start(t)
	challenge := oauth2.S256ChallengeOption(strings.Repeat("v", 43))
	set := oauth2.SetAuthURLParam
	for name, tt := range map[string]struct {
		options []oauth2.AuthCodeOption
		want    string
	}{
		"another response type": {[]oauth2.AuthCodeOption{challenge, set("response_type", "token")}, "unsupported_response_type"},
		"no openid":             {[]oauth2.AuthCodeOption{challenge, set("scope", "email")}, "invalid_scope"},
		"no challenge":          {nil, "invalid_request"},
		"a plain challenge":     {[]oauth2.AuthCodeOption{challenge, set("code_challenge_method", "plain")}, "invalid_request"},
		"max_age in words":      {[]oauth2.AuthCodeOption{challenge, set("max_age", "soon")}, "invalid_request"},
	} {
		if _, q := browse(t, c.AuthCodeURL("s", tt.options...)); q.Get("error") != tt.want || q.Has("code") || q.Get("state") != "s" {
			t.Errorf("%s: the browser brings %v", name, q)
		}
	}
	for name, value := range map[string]string{"client_id": "another", "redirect_uri": c.RedirectURL + "/x"} {
		if status, q := browse(t, c.AuthCodeURL("s", challenge, set(name, value))); status != http.StatusBadRequest || q.Has("state") {
			t.Errorf("with another %s it answers %d and sends the browser on with %v", name, status, q)
		}
	}
	p.SignOut()
	if _, q := browse(t, c.AuthCodeURL("s", challenge)); q.Get("error") != "login_required" {
		t.Errorf("with nobody there the browser brings %v", q)
	}
}

// Who is asked to sign in anew does so at once, and the ID token says when.
func TestSigningInAnew(t *testing.T) {
	p, c := start(t)
	now := time.Now().Truncate(time.Second)
	p.SetClock(func() time.Time { return now })
	p.SignIn(openid.Person{Subject: "1", AuthTime: now.Add(-time.Hour)})
	for name, tt := range map[string]struct {
		option oauth2.AuthCodeOption
		want   time.Time
	}{
		"not asked":         {oauth2.SetAuthURLParam("prompt", "consent"), now.Add(-time.Hour)},
		"prompt=login":      {oauth2.SetAuthURLParam("prompt", "login"), now},
		"a max_age passed":  {oauth2.SetAuthURLParam("max_age", "60"), now},
		"a max_age to come": {oauth2.SetAuthURLParam("max_age", "7200"), now.Add(-time.Hour)},
	} {
		said := time.Time{}
		p.Spoil(openid.Spoil{Claims: func(claims map[string]any) { n, _ := claims["auth_time"].(int64); said = time.Unix(n, 0) }})
		_, q := browse(t, c.AuthCodeURL("s", oauth2.S256ChallengeOption(strings.Repeat("v", 43)), tt.option))
		if _, err := c.Exchange(t.Context(), q.Get("code"), oauth2.VerifierOption(strings.Repeat("v", 43))); err != nil || !said.Equal(tt.want) {
			t.Errorf("%s: signed in at %v, %v", name, said, err)
		}
	}
}

func TestOnlyThePublicHalfOfAKeyIsPublished(t *testing.T) {
	p, _ := start(t)
	for range 2 {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, openid.PathKeys, nil))
		var set struct{ Keys []map[string]any }
		if err := json.Unmarshal(w.Body.Bytes(), &set); err != nil || len(set.Keys) != 1 || set.Keys[0]["d"] != nil || set.Keys[0]["kid"] == "" {
			t.Errorf("published is %s, %v", w.Body, err)
		}
		p.Rotate()
	}
}
