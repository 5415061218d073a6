package upstream_test

import (
	"crypto/rand"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/openid"
	"rescind/internal/testkit/stage"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/upstream"
)

const (
	callback     = "http://127.0.0.1:8000/o/upstream/callback/"
	clientSecret = "s3cret +%:&~_-with-odd-characters" // form-encoded before Basic, RFC 6749 section 2.3.1
)

func newClock() *stage.Clock { return stage.NewClock(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)) }

var jane = openid.Person{Subject: "248289761001", Email: "jane@example.com", EmailVerified: true, Name: "Jane Doe"}

// scene is a provider where Jane has signed in, and us as its client.
type scene struct {
	*stage.Clock
	theirs *openid.Provider
	ours   *upstream.Provider
}

func newScene(t *testing.T) scene {
	t.Helper()
	s := scene{Clock: newClock(), theirs: openid.Start(t)}
	s.theirs.SetClock(s.Now)
	s.theirs.Register(openid.Client{ID: "rescind", Secret: clientSecret, RedirectURI: callback})
	s.theirs.SignIn(jane)
	s.ours = s.again()
	return s
}

// again is another process of ours: it knows nothing of the provider yet.
func (s scene) again() *upstream.Provider {
	return upstream.New(upstream.Config{ID: "upstream", Issuer: s.theirs.Issuer(), ClientID: "rescind", ClientSecret: secret.NewText(clientSecret)},
		callback, nil, s.Now)
}

func (s scene) begin(t *testing.T) upstream.Attempt {
	t.Helper()
	a, err := s.ours.NewAttempt(rand.Reader, "/o/authorize/?client_id=app&state=x")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// visit is what the browser does: it goes to the provider and brings back an answer.
func (s scene) visit(t *testing.T, a upstream.Attempt, o upstream.AuthOptions) upstream.Answer {
	t.Helper()
	to, err := s.ours.AuthURL(t.Context(), a, o)
	if err != nil {
		t.Fatal(err)
	}
	back := openid.Visit(t, to).String()
	query, found := strings.CutPrefix(back, callback+"?")
	q, err := url.ParseQuery(query)
	if !found || err != nil {
		t.Fatalf("the provider sends the browser to %q", back)
	}
	return upstream.Answer{State: q.Get("state"), Code: q.Get("code"), Issuer: q.Get("iss"), Error: q.Get("error")}
}

// signIn is the whole of it, by the cookie as a browser keeps it.
func (s scene) signIn(t *testing.T, a upstream.Attempt) (upstream.Person, error) {
	t.Helper()
	answer := s.visit(t, a, upstream.AuthOptions{})
	kept, ok := upstream.ParseCookie(a.Cookie().Reveal())
	if !ok {
		t.Fatal("the cookie cannot be read")
	}
	return s.ours.Exchange(t.Context(), kept, answer)
}

// wantRefused: an answer of the protocol, with this reason.
func wantRefused(t *testing.T, err error, reason string) {
	t.Helper()
	var refused *upstream.Refused
	var answer *oauth.Error
	if !errors.As(err, &refused) || refused.Reason != reason {
		t.Errorf("the error is %v, and should be a refusal for %s", err, reason)
	}
	if !errors.As(err, &answer) || answer.Code != oauth.AccessDenied || !strings.HasSuffix(answer.Description, ": "+reason) {
		t.Errorf("a client is told %v", answer)
	}
}

// wantOutage: no answer of the protocol, but one that tells an operator this much.
func wantOutage(t *testing.T, err error, tells string) {
	t.Helper()
	var answer *oauth.Error
	switch {
	case err == nil:
		t.Error("there is no error")
	case errors.As(err, &answer):
		t.Errorf("it is answered with %v, and is an outage", err)
	case !strings.Contains(err.Error(), tells):
		t.Errorf("the error is %q, and should tell %q", err, tells)
	}
}

// wantHidden: an error's text, and what it wraps, holds nothing secret.
func wantHidden(t *testing.T, err error, a upstream.Attempt, answer upstream.Answer) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for name, value := range map[string]string{"client secret": clientSecret, "encoded secret": url.QueryEscape(clientSecret), "verifier": a.Verifier.Reveal(),
			"nonce": a.Nonce.Reveal(), "state": a.State.Reveal(), "code": answer.Code, "ID token": "eyJ"} {
			if value != "" && strings.Contains(e.Error(), value) {
				t.Errorf("the error holds the %s: %v", name, e)
			}
		}
	}
}
