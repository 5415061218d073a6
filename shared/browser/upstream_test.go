package browser_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/openid"
	"rescind/shared/audit"
	"rescind/shared/endpoint"
	"rescind/shared/upstream"
	"rescind/shared/user"
)

// withProvider is a scene whose people may sign in at an OpenID provider.
func withProvider(t *testing.T) (*scene, *openid.Provider) {
	t.Helper()
	provider := openid.Start(t)
	sc := newScene(t, func(sc *scene) {
		sc.clock.Advance(time.Since(sc.clock.Now()))
		back := sc.server.URL + endpoint.PathUpstreamCallback
		cfg := upstream.Config{ID: "test", Name: "Example ID", Issuer: provider.Issuer(), ClientID: "rescind", ClientSecret: secretText("hush")}
		sc.service.Upstream = upstream.New(cfg, back, nil, sc.clock.Now)
		provider.Register(openid.Client{ID: "rescind", Secret: "hush", RedirectURI: back})
	})
	provider.SetClock(sc.clock.Now)
	provider.SignIn(openid.Person{Subject: "jane-1", Email: "jane@example.com", EmailVerified: true, Name: "Jane Doe"})
	return sc, provider
}

// toProvider presses the provider's button on the way to next, and gives where
// the provider sends the browser back to.
func (s *surfer) toProvider(next string) string {
	s.sc.t.Helper()
	page := s.get("/o/sign_in/?" + url.Values{"next": {next}}.Encode())
	got := s.post("/o/upstream/", page.form(s.sc.t, "/o/upstream/", ""))
	if got.status != http.StatusSeeOther {
		s.sc.t.Fatalf("the button gives %d:\n%s", got.status, got.body)
	}
	back := s.get(got.location.String())
	if back.location == nil || back.location.Path != "/o/upstream/callback/" {
		s.sc.t.Fatalf("the provider answers %d to %v", back.status, back.location)
	}
	return back.location.String()
}

func TestSigningInUpstream(t *testing.T) {
	sc, provider := withProvider(t)
	jane := sc.surfer()
	in := jane.get(jane.toProvider(request("prompt", "login", "login_hint", "jane@example.com", "max_age", "600")))
	if in.status != http.StatusSeeOther || in.location.Path != "/o/authorize/" || in.location.Query().Has("prompt") {
		t.Fatalf("%d to %v\n%s", in.status, in.location, in.body)
	}
	if q := provider.Last(); q.Get("prompt") != "login" || q.Get("login_hint") != "jane@example.com" || q.Get("max_age") != "600" {
		t.Errorf("the provider was asked %v", q)
	}
	access, _ := sc.exchange(jane.consent(in.location.String(), "allow").code(t))
	if !sc.active(access) {
		t.Error("the token is not active")
	}
	page := jane.get("/o/authorized_tokens/")
	if !strings.Contains(page.body, "jane@example.com") {
		t.Errorf("the page does not name the person:\n%s", page.body)
	}
	account, err := sc.store.FindUser(t.Context(), user.KeyOfUpstream(provider.Issuer(), "jane-1"))
	if err != nil || account == nil || account.Subject == "jane-1" || !sc.trail.Has(func(e audit.Event) bool { return e.Action == audit.SignIn && e.Subject == account.Subject }) {
		t.Errorf("the account is %+v, %v", account, err)
	}
	// Switched off here, the provider's word does not help.
	if err := sc.service.Accounts.DisableKey(t.Context(), account.Key); err != nil {
		t.Fatal(err)
	}
	got := jane.get(jane.toProvider(request()))
	if got.status != http.StatusForbidden || sc.active(access) || !strings.Contains(got.body, "may not sign in") {
		t.Errorf("somebody who is off gets %d to %v:\n%s", got.status, got.location, got.body)
	}
}

// TestWhoIsRefusedUpstreamMayTryAgain: the sign-in page is there again, and
// leads to where the first one did.
func TestWhoIsRefusedUpstreamMayTryAgain(t *testing.T) {
	sc, provider := withProvider(t)
	ann := sc.surfer()
	answer := ann.toProvider(request())
	provider.Spoil(openid.Spoil{Claims: func(c map[string]any) { c["nonce"] = "another" }})
	got := ann.get(answer)
	if got.status != http.StatusForbidden || !strings.Contains(got.body, "was not completed") || !strings.Contains(got.body, "Web app") {
		t.Fatalf("%d:\n%s", got.status, got.body)
	}
	if !sc.trail.Has(func(e audit.Event) bool { return e.Outcome == "access_denied" && strings.Contains(e.Reason, "nonce") }) {
		t.Error("the audit does not say why")
	}
	form := got.form(t, "/o/sign_in/", "password")
	form.Set("email", email)
	form.Set("password", password)
	if in := ann.post("/o/sign_in/", form); in.status != http.StatusSeeOther || in.location.Path != "/o/authorize/" {
		t.Errorf("the password then gives %d to %v", in.status, in.location)
	}
}

// TestUpstreamAnswersOfOthers: an answer is taken in the browser that asked for
// it, once (login CSRF, mix-up, code injection: RFC 9700 sections 4.4, 4.5, 4.7).
func TestUpstreamAnswersOfOthers(t *testing.T) {
	sc, provider := withProvider(t)
	eve, ann := sc.surfer(), sc.surfer()
	evesAnswer := eve.toProvider("/o/authorized_tokens/")
	if got := ann.get(evesAnswer); got.status != http.StatusBadRequest {
		t.Errorf("somebody who never asked gets %d to %v", got.status, got.location)
	}
	ann.toProvider("/o/authorized_tokens/")
	if got := ann.get(evesAnswer); got.status != http.StatusForbidden {
		t.Errorf("another browser's answer gives %d to %v", got.status, got.location)
	}
	if got := ann.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
		t.Errorf("somebody is signed in by another's answer: %d", got.status)
	}
	answer := ann.toProvider("/o/authorized_tokens/")
	if got := ann.get(answer + "&state=x"); got.status != http.StatusBadRequest {
		t.Errorf("two states give %d", got.status)
	}
	answer = ann.toProvider("/o/authorized_tokens/")
	provider.Spoil(openid.Spoil{Claims: func(c map[string]any) { c["nonce"] = "another" }})
	if got := ann.get(answer); got.status != http.StatusForbidden {
		t.Errorf("another nonce gives %d", got.status)
	}
	provider.Spoil(openid.Spoil{})
	answer = ann.toProvider("/o/authorized_tokens/")
	sc.clock.Advance(upstream.Lifetime + time.Second)
	if got := ann.get(answer); got.status == http.StatusSeeOther {
		t.Errorf("an answer that took too long gives %d to %v", got.status, got.location)
	}
}

func TestAProviderThatIgnoresWhatItIsAsked(t *testing.T) {
	sc, provider := withProvider(t)
	provider.Spoil(openid.Spoil{Claims: func(c map[string]any) { c["auth_time"] = sc.clock.Now().Add(-time.Hour).Unix() }})
	jane := sc.surfer()
	got := jane.get(jane.toProvider(request("prompt", "login")))
	if got.location == nil || got.location.Host != "app.example.com" || got.location.Query().Get("error") != "login_required" {
		t.Errorf("a sign-in of an hour ago gives %d to %v", got.status, got.location)
	}
	if got := jane.get(jane.toProvider(request("max_age", "60"))); got.status != http.StatusForbidden {
		t.Errorf("with max_age: %d to %v", got.status, got.location)
	}
	if got := jane.get(jane.toProvider(request())); got.status != http.StatusSeeOther || got.location.Path != "/o/authorize/" {
		t.Errorf("where nothing was asked: %d to %v", got.status, got.location)
	}
}

func TestAProviderThatIsDown(t *testing.T) {
	sc, provider := withProvider(t)
	provider.Spoil(openid.Spoil{Answer: func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}})
	ann := sc.surfer()
	page := ann.get("/o/sign_in/")
	if got := ann.post("/o/upstream/", page.form(t, "/o/upstream/", "")); got.status != http.StatusServiceUnavailable {
		t.Errorf("%d to %v", got.status, got.location)
	}
	if got := ann.signIn(""); got.status != http.StatusSeeOther {
		t.Errorf("a password does not work while the provider is down: %d", got.status)
	}
}

func TestWithoutAProvider(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	if got := ann.get("/o/upstream/callback/?code=x&state=y"); got.status != http.StatusNotFound {
		t.Errorf("the callback gives %d", got.status)
	}
	if got := ann.post("/o/upstream/", url.Values{}); got.status != http.StatusNotFound {
		t.Errorf("the button gives %d", got.status)
	}
	if page := ann.get("/o/sign_in/"); strings.Contains(page.body, "/o/upstream/") {
		t.Error("the sign-in page offers a provider")
	}
}
