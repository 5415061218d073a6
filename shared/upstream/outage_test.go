package upstream_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rescind/internal/testkit/openid"
	"rescind/shared/secret"
	"rescind/shared/upstream"
)

// at answers at one path and leaves the others.
func at(path string, answer func(w http.ResponseWriter, r *http.Request)) openid.Spoil {
	return openid.Spoil{Answer: func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == path {
			answer(w, r)
			return true
		}
		return false
	}}
}

// echo answers with all that it was sent, as a careless provider might.
func echo(status int, before string) func(w http.ResponseWriter, r *http.Request) {
	return func(w http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, before+`"error_description":"`+string(sent)+r.Header.Get("Authorization")+`"}`)
	}
}

func hangUp(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) }

func tooLong(w http.ResponseWriter, _ *http.Request) {
	_, _ = io.WriteString(w, `{"issuer":"`+strings.Repeat("x", 600<<10)+`"}`)
}

func elsewhere(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
}

func member(name string, value any) openid.Spoil {
	return openid.Spoil{Metadata: func(m map[string]any) { m[name] = value }}
}

// TestAProviderThatCannotBeAsked: nobody is told that they are refused where
// nothing was decided, and an operator is told what to look at.
func TestAProviderThatCannotBeAsked(t *testing.T) {
	for name, tt := range map[string]struct {
		spoil openid.Spoil
		tells string
	}{
		"its metadata fails":                      {at(openid.PathMetadata, echo(500, "{")), "metadata: Get \"http://127.0.0.1"},
		"its metadata is not there":               {at(openid.PathMetadata, http.NotFound), "status 404"},
		"its metadata is elsewhere":               {at(openid.PathMetadata, elsewhere), "status 307"},
		"its metadata is too long":                {at(openid.PathMetadata, tooLong), "too large"},
		"its metadata is no JSON":                 {at(openid.PathMetadata, echo(200, "<html>")), "failed to decode"},
		"it hangs up":                             {at(openid.PathMetadata, hangUp), "EOF"},
		"it calls itself otherwise":               {member("issuer", "https://other.example.com"), "did not match"},
		"its keys are without TLS":                {member("jwks_uri", "http://example.com/keys"), "jwks_uri is no https URL"},
		"its token endpoint is without TLS":       {member("token_endpoint", "http://example.com/token"), "token_endpoint is no https URL"},
		"it has no authorization endpoint":        {member("authorization_endpoint", ""), "authorization_endpoint is no https URL"},
		"its authorization endpoint is a script":  {member("authorization_endpoint", "javascript:alert(1)"), "authorization_endpoint is no https URL"},
		"it takes no secret":                      {member("token_endpoint_auth_methods_supported", []string{"private_key_jwt"}), "neither client_secret_basic"},
		"a member has another type":               {member("token_endpoint_auth_methods_supported", "client_secret_post"), "another type"},
		"its keys fail":                           {at(openid.PathKeys, echo(503, "{")), "for its keys"},
		"its keys are too long":                   {at(openid.PathKeys, tooLong), "for its keys"},
		"its keys are no keys":                    {at(openid.PathKeys, echo(200, `{"keys":7,`)), "for its keys"},
		"its token endpoint fails":                {at(openid.PathToken, echo(500, "{")), "it answers 500"},
		"its token endpoint hangs up":             {at(openid.PathToken, hangUp), "EOF"},
		"its token endpoint is elsewhere":         {at(openid.PathToken, elsewhere), "it answers 307"},
		"its token endpoint says too much":        {at(openid.PathToken, tooLong), "cannot be read"},
		"its token endpoint speaks no JSON":       {at(openid.PathToken, echo(200, "<html>")), "cannot be read"},
		"its token endpoint gives no token":       {at(openid.PathToken, echo(200, `{`)), "cannot be read"},
		"our secret is wrong there":               {at(openid.PathToken, echo(401, `{"error":"invalid_client",`)), "401, invalid_client"},
		"our flow is not allowed there":           {at(openid.PathToken, echo(400, `{"error":"unauthorized_client",`)), "400, unauthorized_client"},
		"an error that no standard has":           {at(openid.PathToken, echo(400, `{"error":"eyJhbGci",`)), "it answers 400"},
		"an invalid_grant that is a failure":      {at(openid.PathToken, echo(502, `{"error":"invalid_grant",`)), "502"},
		"its token endpoint lies about its error": {at(openid.PathToken, echo(200, `{"error":"invalid_client",`)), "200, invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			a := s.begin(t)
			answer := s.visit(t, a, upstream.AuthOptions{})
			s.theirs.Spoil(tt.spoil)
			s.ours = s.again()
			person, err := s.ours.Exchange(t.Context(), a, answer)
			if person != (upstream.Person{}) {
				t.Errorf("signed in is %+v", person)
			}
			wantOutage(t, err, tt.tells)
			wantHidden(t, err, a, answer)
			if s.theirs.Asked(openid.PathToken) > 1 {
				t.Error("the provider is shown one code twice")
			}
			if err != nil && len(err.Error()) > 500 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func TestAProviderThatIsDown(t *testing.T) {
	s := newScene(t)
	down := httptest.NewServer(nil)
	down.Close()
	p := upstream.New(upstream.Config{ID: "upstream", Issuer: down.URL, ClientID: "rescind", ClientSecret: secret.NewText(clientSecret)}, callback, nil, s.Now)
	a := s.begin(t)
	_, err := p.AuthURL(t.Context(), a, upstream.AuthOptions{})
	wantOutage(t, err, "metadata")
	_, err = p.Exchange(t.Context(), a, upstream.Answer{State: a.State.Reveal(), Code: "c"})
	wantOutage(t, err, "metadata")
	wantHidden(t, err, a, upstream.Answer{})
}

// A provider with TLS is asked with TLS throughout, by the client that was handed in.
func TestAProviderWithTLS(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // the last handshake fails on purpose
	theirs := openid.New("https://" + server.Listener.Addr().String())
	server.Config.Handler = theirs
	server.StartTLS()
	t.Cleanup(server.Close)
	s := scene{Clock: newClock(), theirs: theirs}
	cfg := upstream.Config{ID: "upstream", Issuer: theirs.Issuer(), ClientID: "rescind", ClientSecret: secret.NewText(clientSecret)}
	s.ours = upstream.New(cfg, callback, server.Client(), s.Now)
	if _, err := s.ours.AuthURL(t.Context(), s.begin(t), upstream.AuthOptions{}); err != nil {
		t.Errorf("with TLS: %v", err)
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "jwks_uri"} {
		theirs.Spoil(member(name, "http://127.0.0.1/x"))
		_, err := upstream.New(cfg, callback, server.Client(), s.Now).AuthURL(t.Context(), s.begin(t), upstream.AuthOptions{})
		wantOutage(t, err, name+" is no https URL")
	}
	_, err := upstream.New(cfg, callback, nil, s.Now).AuthURL(t.Context(), s.begin(t), upstream.AuthOptions{})
	wantOutage(t, err, "certificate")
}

// A client that was handed in keeps its transport, and none of its habits.
func TestACookieJarAndRedirectsAreNotTakenOver(t *testing.T) {
	s := newScene(t)
	followed := false
	s.theirs.Spoil(at(openid.PathMetadata, elsewhere))
	hc := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { followed = true; return nil }}
	p := upstream.New(upstream.Config{ID: "upstream", Issuer: s.theirs.Issuer(), ClientID: "rescind", ClientSecret: secret.NewText("s")}, callback, hc, s.Now)
	_, err := p.AuthURL(t.Context(), s.begin(t), upstream.AuthOptions{})
	wantOutage(t, err, "status 307")
	if followed || s.theirs.Asked("/elsewhere") != 0 {
		t.Error("a redirect of the provider's is followed")
	}
}
