package authorization_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

const (
	challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
	issuer    = "https://auth.example.com"
)

func webClient() *client.Client {
	return &client.Client{ID: "web", State: client.On, Epoch: 7, Policy: client.Policy{
		Type: client.Confidential, GrantTypes: []string{oauth.GrantAuthorizationCode},
		RedirectURIs: []string{"https://app.example.com/cb"},
		Scope:        oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"}, Audience: []string{"https://api.example.com"},
	}}
}

// ask makes a good request, changed by pairs of names and values; an empty
// value leaves the parameter out.
func ask(pairs ...string) *authorization.Asked {
	values := map[string]string{
		"client_id": "web", "response_type": "code", "redirect_uri": "https://app.example.com/cb",
		"code_challenge": challenge, "code_challenge_method": "S256", "state": "xyz",
	}
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	var a authorization.Asked
	for name, value := range values {
		if value != "" {
			a.Params.Add(name, value)
		}
	}
	return &a
}

func TestAGoodRequest(t *testing.T) {
	r, err := authorization.Parse(ask("scope", "write", "prompt", "login consent", "max_age", "60", "login_hint", "ann"), webClient())
	if err != nil {
		t.Fatal(err)
	}
	if r.ClientID != "web" || r.RedirectURI != "https://app.example.com/cb" || r.State != "xyz" || r.Challenge != challenge ||
		r.Scope.String() != "write" || r.MaxAge != time.Minute || r.LoginHint != "ann" ||
		r.Prompt != (authorization.Prompt{Login: true, Consent: true}) || r.Audience[0] != "https://api.example.com" {
		t.Errorf("it reads %+v", r)
	}
	if r.Sent != secret.NewText("https://app.example.com/cb").Digest() {
		t.Error("the redirect URI as sent is another")
	}
}

// TestShown: what is wrong with client or redirect URI goes nowhere else (RFC
// 6749 section 4.1.2.1).
func TestShown(t *testing.T) {
	off, none, two := webClient(), webClient(), webClient()
	off.State, none.Policy.RedirectURIs = client.Off, nil
	two.Policy.RedirectURIs = append(two.Policy.RedirectURIs, "https://app.example.com/cb2")
	repeated := ask()
	repeated.Repeated = []string{"redirect_uri"}
	for _, tt := range []struct {
		name string
		a    *authorization.Asked
		c    *client.Client
		kind string
	}{
		{"a client that is not there", ask(), nil, authorization.UnknownClient},
		{"a client that is off", ask(), off, authorization.UnknownClient},
		{"another redirect URI", ask("redirect_uri", "https://evil.example/cb"), webClient(), authorization.BadRedirectURI},
		{"a longer redirect URI", ask("redirect_uri", "https://app.example.com/cb/x"), webClient(), authorization.BadRedirectURI},
		{"one with a query more", ask("redirect_uri", "https://app.example.com/cb?x=1"), webClient(), authorization.BadRedirectURI},
		{"no redirect URI, and none registered", ask("redirect_uri", ""), none, authorization.BadRedirectURI},
		{"no redirect URI, and two registered", ask("redirect_uri", ""), two, authorization.BadRedirectURI},
		{"two redirect URIs", repeated, webClient(), authorization.BadRedirectURI},
	} {
		_, err := authorization.Parse(tt.a, tt.c)
		var shown *authorization.Shown
		if !errors.As(err, &shown) || shown.Kind != tt.kind {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestRedirected(t *testing.T) {
	repeated := ask()
	repeated.Repeated = []string{"state"}
	noCode := webClient()
	noCode.Policy.GrantTypes = nil
	for _, tt := range []struct {
		name string
		a    *authorization.Asked
		c    *client.Client
		want oauth.Code
	}{
		{"a repeated parameter", repeated, webClient(), oauth.InvalidRequest},
		{"no response_type", ask("response_type", ""), webClient(), oauth.InvalidRequest},
		{"the implicit grant", ask("response_type", "token"), webClient(), oauth.UnsupportedResponseType},
		{"a client without the grant", ask(), noCode, oauth.UnauthorizedClient},
		{"no challenge", ask("code_challenge", ""), webClient(), oauth.InvalidRequest},
		{"a challenge without a method", ask("code_challenge_method", ""), webClient(), oauth.InvalidRequest},
		{"a plain challenge", ask("code_challenge_method", "plain"), webClient(), oauth.InvalidRequest},
		{"a short challenge", ask("code_challenge", challenge[1:]), webClient(), oauth.InvalidRequest},
		{"a challenge with other spelling", ask("code_challenge", challenge[:42]+"N"), webClient(), oauth.InvalidRequest},
		{"a scope that it may not have", ask("scope", "admin"), webClient(), oauth.InvalidScope},
		{"a resource that it may not have", ask("resource", "https://other.example.com"), webClient(), oauth.InvalidTarget},
		{"a request object", ask("request", "eyJ"), webClient(), oauth.RequestNotSupported},
		{"a request_uri", ask("request_uri", "https://app.example.com/r"), webClient(), oauth.RequestURINotSupported},
		{"fragments", ask("response_mode", "fragment"), webClient(), oauth.InvalidRequest},
		{"an unknown prompt", ask("prompt", "create"), webClient(), oauth.InvalidRequest},
		{"none beside login", ask("prompt", "none login"), webClient(), oauth.InvalidRequest},
		{"a negative age", ask("max_age", "-1"), webClient(), oauth.InvalidRequest},
		{"an age with a sign", ask("max_age", "+1"), webClient(), oauth.InvalidRequest},
	} {
		_, err := authorization.Parse(tt.a, tt.c)
		var back *authorization.Redirected
		var answer *oauth.Error
		if !errors.As(err, &back) || !errors.As(err, &answer) || answer.Code != tt.want {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		u, err := url.Parse(back.Location(issuer))
		if err != nil || u.Host != "app.example.com" || u.Query().Get("error") != tt.want.Word() || u.Query().Get("iss") != issuer {
			t.Errorf("%s goes to %v", tt.name, u)
		}
		if want := map[bool]string{true: "", false: "xyz"}[tt.a == repeated]; u.Query().Get("state") != want {
			t.Errorf("%s: the state is %q", tt.name, u.Query().Get("state"))
		}
	}
}

// TestWhereTheAnswerGoes: a redirect URI is only ever added to (RFC 6749
// section 3.1.2), and the state comes back as it was sent.
func TestWhereTheAnswerGoes(t *testing.T) {
	for _, tt := range []struct{ registered, want string }{
		{"https://app.example.com/cb", "https://app.example.com/cb?error=access_denied&error_description=No.&state=a+b%26c%3D%25%C3%A4&iss=https%3A%2F%2Fauth.example.com"},
		{"https://app.example.com/cb?x=%7e", "https://app.example.com/cb?x=%7e&error=access_denied&error_description=No.&state=a+b%26c%3D%25%C3%A4&iss=https%3A%2F%2Fauth.example.com"},
		{"com.example.app:/cb", "com.example.app:/cb?error=access_denied&error_description=No.&state=a+b%26c%3D%25%C3%A4&iss=https%3A%2F%2Fauth.example.com"},
	} {
		c := webClient()
		c.Policy.RedirectURIs = []string{tt.registered}
		r, err := authorization.Parse(ask("redirect_uri", "", "state", "a b&c=%ä"), c)
		if err != nil {
			t.Fatal(err)
		}
		if r.Sent != secret.NewText("").Digest() {
			t.Error("a redirect URI that was left out is taken for one that was sent")
		}
		var back *authorization.Redirected
		if !errors.As(r.Refused(oauth.Refuse(oauth.AccessDenied, "No.")), &back) || back.Location(issuer) != tt.want {
			t.Errorf("it goes to %s", back.Location(issuer))
		}
	}
	outage := errors.New("down")
	r, _ := authorization.Parse(ask(), webClient())
	if err := r.Refused(outage); err != outage {
		t.Errorf("an outage becomes %v", err)
	}
}

func TestTooOld(t *testing.T) {
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		maxAge string
		ago    time.Duration
		want   bool
	}{
		{"", 1000 * time.Hour, false}, {"60", time.Minute, false}, {"60", time.Minute + 1, true}, {"0", 1, true}, {"2147483647", 1000 * time.Hour, false},
	} {
		r, err := authorization.Parse(ask("max_age", tt.maxAge), webClient())
		if err != nil {
			t.Fatal(err)
		}
		if r.TooOld(now.Add(-tt.ago), now) != tt.want {
			t.Errorf("max_age %q, %v ago", tt.maxAge, tt.ago)
		}
	}
}

// FuzzParse: whatever is asked, an answer goes to what is registered or
// nowhere, and what is granted is the client's.
func FuzzParse(f *testing.F) {
	f.Add("https://app.example.com/cb", "xyz", "read", "login", "60", challenge)
	f.Add("https://app.example.com/cb?", "\"><", "read write", "none", "-1", "x")
	f.Add("http://127.0.0.1:1/cb", "", "", "", "", "")
	c := webClient()
	c.Policy.RedirectURIs = append(c.Policy.RedirectURIs, "http://127.0.0.1/cb")
	f.Fuzz(func(t *testing.T, redirectURI, state, scope, prompt, maxAge, challenge string) {
		r, err := authorization.Parse(ask("redirect_uri", redirectURI, "state", state, "scope", scope, "prompt", prompt, "max_age", maxAge, "code_challenge", challenge), c)
		var back *authorization.Redirected
		var shown *authorization.Shown
		to := ""
		switch {
		case errors.As(err, &back):
			to = back.Location(issuer)
		case errors.As(err, &shown):
			return
		case err != nil:
			t.Fatalf("neither: %v", err)
		default:
			to = r.RedirectURI
			if !r.Scope.Within(c.Policy.Scope) || len(r.Scope) == 0 || len(r.Challenge) != 43 {
				t.Errorf("it grants %+v", r)
			}
		}
		if !strings.HasPrefix(to, "https://app.example.com/cb") && !strings.HasPrefix(to, "http://127.0.0.1") {
			t.Errorf("it goes to %q", to)
		}
		if u, err := url.Parse(to); err != nil || u.Host != "app.example.com" && u.Hostname() != "127.0.0.1" {
			t.Errorf("it goes to %q, %v", to, err)
		}
	})
}
