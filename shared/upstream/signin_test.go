package upstream_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/internal/testkit/openid"
	"rescind/shared/secret"
	"rescind/shared/upstream"
)

func TestAPersonSignsIn(t *testing.T) {
	s := newScene(t)
	got, err := s.signIn(t, s.begin(t))
	want := upstream.Person{Issuer: s.theirs.Issuer(), Subject: jane.Subject, Email: jane.Email, Name: jane.Name, AuthTime: s.Now()}
	if err != nil || got != want {
		t.Errorf("signed in is %+v, %v, and should be %+v", got, err, want)
	}
	if s.ours.ID() != "upstream" || s.ours.Issuer() != s.theirs.Issuer() || "http://"+s.ours.Name() != s.theirs.Issuer() {
		t.Errorf("the provider is called %q, %q, %q", s.ours.ID(), s.ours.Issuer(), s.ours.Name())
	}
}

func TestTheProviderIsAskedWhatItHasToBe(t *testing.T) {
	s := newScene(t)
	a := s.begin(t)
	maxAge := int64(300)
	a.MaxAge = &maxAge
	s.visit(t, a, upstream.AuthOptions{LoginHint: "jane@example.com", Prompt: "login"})
	q := s.theirs.Last()
	for name, want := range map[string]string{"response_type": "code", "client_id": "rescind", "redirect_uri": callback, "scope": "openid email profile",
		"state": a.State.Reveal(), "nonce": a.Nonce.Reveal(), "code_challenge_method": "S256", "login_hint": "jane@example.com", "prompt": "login", "max_age": "300"} {
		if !slices.Equal(q[name], []string{want}) {
			t.Errorf("%s is %q", name, q[name])
		}
	}
	digest := secret.NewText(a.Verifier.Reveal()).Digest()
	if got := q.Get("code_challenge"); got != base64url(digest[:]) {
		t.Error("the challenge is not the verifier's, RFC 7636 section 4.2")
	}
	s.visit(t, s.begin(t), upstream.AuthOptions{LoginHint: strings.Repeat("j", 255)})
	for _, name := range []string{"login_hint", "prompt", "max_age"} {
		if q := s.theirs.Last(); q.Has(name) {
			t.Errorf("without being asked for, %s is %q", name, q.Get(name))
		}
	}
}

func TestOtherScopesAndAName(t *testing.T) {
	s := newScene(t)
	cfg := upstream.Config{ID: "other", Name: "Firma Müller", Issuer: s.theirs.Issuer(), ClientID: "rescind", ClientSecret: secret.NewText(clientSecret), Scopes: []string{"openid", "groups"}}
	s.ours = upstream.New(cfg, callback, nil, s.Now)
	a := s.begin(t)
	if _, err := s.signIn(t, a); err != nil || s.theirs.Last().Get("scope") != "openid groups" || s.ours.Name() != "Firma Müller" || a.Provider != "other" {
		t.Errorf("asked for %q by %q in an attempt of %q: %v", s.theirs.Last().Get("scope"), s.ours.Name(), a.Provider, err)
	}
}

func TestEveryWayToAuthenticateThatAProviderNames(t *testing.T) {
	for name, methods := range map[string]any{
		"none named, so Basic": nil, "Basic": []string{"private_key_jwt", "client_secret_basic"}, "post": []string{"client_secret_post"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			basic := false
			s.theirs.Spoil(openid.Spoil{
				Metadata: func(m map[string]any) {
					if m["token_endpoint_auth_methods_supported"] = methods; methods == nil {
						delete(m, "token_endpoint_auth_methods_supported")
					}
				},
				Answer: func(_ http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == openid.PathToken {
						_, _, basic = r.BasicAuth()
					}
					return false
				},
			})
			if _, err := s.signIn(t, s.begin(t)); err != nil || s.theirs.Asked(openid.PathToken) != 1 || basic == (name == "post") {
				t.Errorf("Basic: %t, asked %d times: %v", basic, s.theirs.Asked(openid.PathToken), err)
			}
		})
	}
}

func TestTheMetadataIsReadOnceAnHour(t *testing.T) {
	s := newScene(t)
	asked := func(want int) {
		t.Helper()
		if _, err := s.signIn(t, s.begin(t)); err != nil {
			t.Fatal(err)
		}
		if got, keys := s.theirs.Asked(openid.PathMetadata), s.theirs.Asked(openid.PathKeys); got != want || keys != want {
			t.Errorf("metadata was asked for %d times and keys %d times, not %d", got, keys, want)
		}
	}
	if s.theirs.Asked(openid.PathMetadata) != 0 {
		t.Error("the provider is asked before anyone signs in")
	}
	asked(1)
	s.Advance(59 * time.Minute)
	asked(1)
	s.Advance(2 * time.Minute)
	asked(2)
}

// A withdrawn key counts no longer once the hour is over; a new one counts at once.
func TestKeysAreReplaced(t *testing.T) {
	s := newScene(t)
	if _, err := s.signIn(t, s.begin(t)); err != nil {
		t.Fatal(err)
	}
	stolen := ""
	s.theirs.Spoil(openid.Spoil{Token: func(signed string) string { stolen = signed; return signed }})
	a := s.begin(t)
	if _, err := s.signIn(t, a); err != nil {
		t.Fatal(err)
	}
	s.theirs.Rotate()
	s.theirs.Spoil(openid.Spoil{})
	if _, err := s.signIn(t, s.begin(t)); err != nil {
		t.Errorf("with a new key: %v", err)
	}
	s.theirs.Spoil(openid.Spoil{Token: func(string) string { return stolen }})
	_, err := s.signIn(t, a)
	wantRefused(t, err, upstream.BadIDToken)
}

func TestAFailureIsNotKept(t *testing.T) {
	s := newScene(t)
	s.theirs.Spoil(openid.Spoil{Answer: func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(503); return true }})
	_, err := s.ours.AuthURL(t.Context(), s.begin(t), upstream.AuthOptions{})
	wantOutage(t, err, "asking the upstream provider upstream for its metadata")
	s.theirs.Spoil(openid.Spoil{})
	if _, err := s.signIn(t, s.begin(t)); err != nil {
		t.Errorf("once the provider is there again: %v", err)
	}
}

// All who need the metadata at one time wait for one answer.
func TestManyAtOnceAskOnce(t *testing.T) {
	s := newScene(t)
	const many = 20
	a := s.begin(t)
	var all, waiting sync.WaitGroup
	waiting.Add(many)
	s.theirs.Spoil(openid.Spoil{Answer: func(http.ResponseWriter, *http.Request) bool { waiting.Wait(); return false }})
	for range many {
		all.Go(func() {
			waiting.Done()
			if _, err := s.ours.AuthURL(t.Context(), a, upstream.AuthOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := s.theirs.Asked(openid.PathMetadata); got != 1 {
		t.Errorf("%d at once ask %d times", many, got)
	}
}

// Who asked first and goes away does not wait, and spoils it for nobody else.
func TestWhoGoesAwayDoesNotWait(t *testing.T) {
	s := newScene(t)
	a := s.begin(t)
	asked, release := make(chan struct{}), make(chan struct{})
	s.theirs.Spoil(openid.Spoil{Answer: func(http.ResponseWriter, *http.Request) bool { asked <- struct{}{}; <-release; return false }})
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := s.ours.AuthURL(ctx, a, upstream.AuthOptions{})
		gone <- err
	}()
	<-asked
	leave()
	wantOutage(t, <-gone, "context canceled")
	s.theirs.Spoil(openid.Spoil{})
	close(release)
	if _, err := s.ours.AuthURL(t.Context(), a, upstream.AuthOptions{}); err != nil || s.theirs.Asked(openid.PathMetadata) != 1 {
		t.Errorf("the next one asks too, %d times in all: %v", s.theirs.Asked(openid.PathMetadata), err)
	}
}
