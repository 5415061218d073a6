package browser_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestPrompts(t *testing.T) {
	sc := newScene(t)
	stranger, ann := sc.surfer(), sc.surfer()
	if got := stranger.get(request("prompt", "none")); got.location.Query().Get("error") != "login_required" || got.location.Query().Get("iss") != sc.issuer {
		t.Errorf("a stranger gets %v", got.location)
	}
	ann.signIn("")
	for _, prompt := range []string{"login", "select_account", "login consent"} {
		got := ann.get(request("prompt", prompt))
		if got.status != http.StatusSeeOther || got.location.Path != "/o/sign_in/" {
			t.Fatalf("prompt=%s gives %d to %v", prompt, got.status, got.location)
		}
		after := ann.signIn(got.location.Query().Get("next"))
		want := ""
		if strings.Contains(prompt, "consent") {
			want = "consent"
		}
		if after.location.Query().Get("prompt") != want || after.location.Query().Get("state") != "a b&c" {
			t.Errorf("after prompt=%s one goes to %v", prompt, after.location)
		}
		if got := ann.get(after.location.String()); got.status != http.StatusOK {
			t.Errorf("and there is %d", got.status)
		}
	}
	if got := ann.get(request("prompt", "none")); got.location.Query().Get("error") != "consent_required" {
		t.Errorf("without a consent: %v", got.location)
	}
}

func TestMaxAge(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	if got := ann.get(request("max_age", "60")); got.status != http.StatusOK {
		t.Errorf("a fresh sign-in gives %d", got.status)
	}
	sc.clock.Advance(2 * time.Minute)
	got := ann.get(request("max_age", "60"))
	if got.status != http.StatusSeeOther || got.location.Path != "/o/sign_in/" {
		t.Fatalf("an old one gives %d to %v", got.status, got.location)
	}
	if got := ann.get(request("max_age", "60", "prompt", "none")); got.location.Query().Get("error") != "login_required" {
		t.Errorf("with prompt=none: %v", got.location)
	}
	after := ann.signIn(got.location.Query().Get("next"))
	if got := ann.get(after.location.String()); got.status != http.StatusOK {
		t.Errorf("after signing in again: %d", got.status)
	}
}

func TestTheSignInPageKnowsTheRequest(t *testing.T) {
	sc := newScene(t)
	got := sc.surfer().get(request("login_hint", "bob@example.com", "ui_locales", "de"))
	page := sc.surfer().get(got.location.String())
	if !strings.Contains(page.body, "Web app") || !strings.Contains(page.body, "bob@example.com") || page.header.Get("Content-Language") != "de" {
		t.Errorf("the page is in %s:\n%s", page.header.Get("Content-Language"), page.body)
	}
}

// TestARequestByPost becomes one by GET (RFC 6749 section 3.1).
func TestARequestByPost(t *testing.T) {
	sc := newScene(t)
	stranger := sc.surfer()
	stranger.header.Set("Sec-Fetch-Site", "cross-site")
	query := mustURL(t, request()).Query()
	got := stranger.post("/o/authorize/", query)
	if got.status != http.StatusSeeOther || got.location.Path != "/o/authorize/" || got.location.RawQuery != query.Encode() {
		t.Errorf("%d to %v", got.status, got.location)
	}
	query.Set("state", strings.Repeat("x", 3000))
	if got := stranger.post("/o/authorize/", query); got.status != http.StatusBadRequest {
		t.Errorf("one that is too long gives %d", got.status)
	}
}

func TestWhatIsNoRequest(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	for _, tt := range []struct {
		name, path string
		status     int
	}{
		{"no parameter", "/o/authorize/", 400},
		{"an escape that is none", "/o/authorize/?client_id=%zz", 400},
		{"two client_ids", request() + "&client_id=web", 400},
		{"two redirect URIs", request() + "&redirect_uri=" + url.QueryEscape(callback), 400},
		{"a client that nobody registered", request("client_id", "nobody"), 400},
		{"a long one", request("state", strings.Repeat("x", 2500)), 400},
	} {
		if got := ann.get(tt.path); got.status != tt.status || got.location != nil {
			t.Errorf("%s gives %d to %v", tt.name, got.status, got.location)
		}
	}
	if got := ann.get(request() + "&state=2"); got.location == nil || got.location.Query().Get("error") != "invalid_request" || got.location.Query().Has("state") {
		t.Errorf("two states give %d to %v", got.status, got.location)
	}
	for _, method := range []string{"PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"} {
		got := ann.do(method, "/o/authorize/", nil)
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, POST" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s gives %d, %v", method, got.status, got.header)
		}
	}
}

// TestNothingIsWrittenBeforeConsent: whoever looks at pages leaves no row but
// their session.
func TestNothingIsWrittenBeforeConsent(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.get(request())
	ann.get("/o/sign_in/")
	ann.signIn("")
	ann.get(request())
	grants, _, err := sc.store.WalkGrants(t.Context(), "", 10)
	if err != nil || len(grants) != 0 {
		t.Errorf("%d grants, %v", len(grants), err)
	}
}

// TestSessionsEnd by age, by idleness, and by whatever ends the user's grants.
func TestSessionsEnd(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(sc *scene) error
	}{
		{"13 hours without use", func(sc *scene) error { sc.clock.Advance(13 * time.Hour); return nil }},
		{"a new password", func(sc *scene) error {
			sc.clock.Advance(time.Second)
			return sc.service.Accounts.SetPassword(t.Context(), email, secretText("another long password"))
		}},
		{"switching the user off", func(sc *scene) error {
			sc.clock.Advance(time.Second)
			return sc.service.Accounts.Disable(t.Context(), email)
		}},
		{"deleting the user", func(sc *scene) error {
			sc.clock.Advance(time.Second)
			return sc.service.Accounts.Delete(t.Context(), email)
		}},
		{"a restore", func(sc *scene) error {
			sc.clock.Advance(time.Second)
			return sc.store.RaiseGeneration(t.Context(), sc.clock.Now().UnixMilli())
		}},
	} {
		sc := newScene(t)
		ann := sc.surfer()
		ann.signIn("")
		access, _ := sc.exchange(ann.consent(request(), "allow").code(t))
		if got := ann.get("/o/authorized_tokens/"); got.status != http.StatusOK {
			t.Fatalf("before: %d", got.status)
		}
		if err := tt.end(sc); err != nil {
			t.Fatal(err)
		}
		if got := ann.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
			t.Errorf("after %s: %d", tt.name, got.status)
		}
		if sc.active(access) {
			t.Errorf("after %s the token is active", tt.name)
		}
	}
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	for range 7 * 24 / 11 {
		sc.clock.Advance(11 * time.Hour)
		if got := ann.get("/o/authorized_tokens/"); got.status != http.StatusOK {
			t.Fatalf("use does not keep it alive: %d", got.status)
		}
	}
	sc.clock.Advance(11 * time.Hour)
	if got := ann.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
		t.Errorf("a session lives longer than a week: %d", got.status)
	}
}
