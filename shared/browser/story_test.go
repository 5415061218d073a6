package browser_test

import (
	"net/http"
	"strings"
	"testing"

	"rescind/shared/audit"
)

// TestTheStory: somebody is sent to sign in, consents, the app has tokens and
// refreshes, and is cut from the page: from then on it is refused.
func TestTheStory(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	first := ann.get(request())
	if first.status != http.StatusSeeOther || first.location.Path != "/o/sign_in/" {
		t.Fatalf("%d to %v", first.status, first.location)
	}
	signedIn := ann.signIn(first.location.Query().Get("next"))
	if signedIn.status != http.StatusSeeOther || signedIn.location.String() != request() {
		t.Fatalf("%d to %v, not to %s", signedIn.status, signedIn.location, request())
	}
	answer := ann.consent(signedIn.location.String(), "allow")
	code := answer.code(t)
	if q := answer.location.Query(); q.Get("state") != "a b&c" || q.Get("iss") != sc.issuer || answer.location.Host != "app.example.com" {
		t.Errorf("the answer goes to %v", answer.location)
	}
	access, refresh := sc.exchange(code)
	if !sc.active(access) {
		t.Fatal("the access token is not active")
	}
	status, body := sc.call("/o/token/", "grant_type", "refresh_token", "refresh_token", refresh, "client_id", "web", "client_secret", sc.secret)
	if status != http.StatusOK {
		t.Fatal(status, body)
	}
	access2, refresh2 := body["access_token"].(string), body["refresh_token"].(string)

	page := ann.get("/o/authorized_tokens/")
	if page.status != http.StatusOK || !strings.Contains(page.body, "Web app") {
		t.Fatalf("the page is %d:\n%s", page.status, page.body)
	}
	cut := ann.post("/o/authorized_tokens/", page.form(t, "/o/authorized_tokens/", `value="web"`))
	if cut.status != http.StatusSeeOther {
		t.Fatalf("cutting gives %d", cut.status)
	}
	if sc.active(access) || sc.active(access2) || sc.active(refresh2) {
		t.Error("a token is active")
	}
	if status, body = sc.call("/o/token/", "grant_type", "refresh_token", "refresh_token", refresh2, "client_id", "web", "client_secret", sc.secret); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
		t.Errorf("a refresh gives %d %v", status, body)
	}
	after := ann.get(cut.location.String())
	if forms := strings.Count(after.body, `value="web"`); after.status != http.StatusOK || forms != 0 || !strings.Contains(after.body, "Web app") {
		t.Errorf("the page after is %d:\n%s", after.status, after.body)
	}
	for _, action := range []audit.Action{audit.SignIn, audit.Authorize, audit.Revoke} {
		if !sc.trail.Has(func(e audit.Event) bool { return e.Action == action && e.Outcome == "ok" && e.Subject != "" }) {
			t.Errorf("nothing was audited of %s", action)
		}
	}
	if again := ann.get(request()); again.status != http.StatusOK {
		t.Errorf("after the cut it is not asked anew: %d to %v", again.status, again.location)
	}
}

// TestAConsentIsRemembered, and by an app that could be any other not (RFC 8252
// section 8.6).
func TestAConsentIsRemembered(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	ann.consent(request(), "allow").code(t)
	ann.get(request()).code(t)
	ann.get(request("prompt", "none")).code(t)
	for _, tt := range []struct{ name, request string }{
		{"more scope", request("scope", "read write")},
		{"prompt=consent", request("prompt", "consent")},
		{"another client", request("client_id", "phone", "redirect_uri", "http://127.0.0.1:8123/cb")},
	} {
		if got := ann.get(tt.request); got.status != http.StatusOK {
			t.Errorf("%s: %d to %v", tt.name, got.status, got.location)
		}
	}
	native := request("client_id", "phone", "redirect_uri", "com.example.app:/cb")
	if got := ann.consent(native, "allow"); got.location == nil || got.location.Scheme != "com.example.app" {
		t.Fatalf("%d to %v", got.status, got.location)
	}
	if got := ann.get(native); got.status != http.StatusOK {
		t.Errorf("a native app is not asked for again: %d to %v", got.status, got.location)
	}
}

func TestARefusalGoesBack(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	got := ann.consent(request(), "deny")
	if q := got.location.Query(); got.status != http.StatusSeeOther || q.Get("error") != "access_denied" || q.Get("state") != "a b&c" || q.Get("iss") != sc.issuer {
		t.Errorf("%d to %v", got.status, got.location)
	}
	if page := ann.get("/o/authorized_tokens/"); strings.Contains(page.body, "Web app") {
		t.Error("the app is listed")
	}
}

// TestCutAll: everything is dead, other browsers are signed out, and this one
// is not.
func TestCutAll(t *testing.T) {
	sc := newScene(t)
	ann, elsewhere := sc.surfer(), sc.surfer()
	ann.signIn("")
	elsewhere.signIn("")
	access, refresh := sc.exchange(ann.consent(request(), "allow").code(t))
	page := ann.get("/o/authorized_tokens/")
	got := ann.post("/o/authorized_tokens/", page.form(t, "/o/authorized_tokens/", `name="all"`))
	if sc.active(access) || sc.active(refresh) {
		t.Error("a token is active")
	}
	if after := ann.get(got.location.String()); after.status != http.StatusOK || strings.Contains(after.body, "Web app") {
		t.Errorf("the page after is %d", after.status)
	}
	if got := elsewhere.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
		t.Errorf("another browser is signed in still: %d", got.status)
	}
	if got := ann.get(request()); got.status != http.StatusOK {
		t.Errorf("the consent is remembered: %d", got.status)
	}
	if got := ann.consent(request(), "allow"); !sc.active(first(sc.exchange(got.code(t)))) {
		t.Error("what is granted afterwards is not active")
	}
}

func first(a, _ string) string { return a }

func TestSignOut(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	stolen := ann.jar.Cookies(mustURL(t, sc.server.URL))
	page := ann.get("/o/authorized_tokens/")
	if got := ann.get("/o/sign_out/"); got.status != http.StatusSeeOther {
		t.Errorf("a link signs people out: %d", got.status)
	}
	got := ann.post("/o/sign_out/", page.form(t, "/o/sign_out/", ""))
	if got.status != http.StatusOK || !strings.Contains(got.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("signing out gives %d, %v", got.status, got.header)
	}
	thief := sc.surfer()
	thief.jar.SetCookies(mustURL(t, sc.server.URL), stolen)
	if got := thief.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
		t.Errorf("the session lives on: %d", got.status)
	}
	if got := ann.get("/o/sign_out/"); got.status != http.StatusOK {
		t.Errorf("somebody who is signed out sees %d", got.status)
	}
}

// TestSomebodyElseAnswers: who is signed in is not who the app should know, so
// they sign out on the consent page, and the request goes on.
func TestSomebodyElseAnswers(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	form := ann.get(request()).form(t, "/o/sign_out/", "")
	got := ann.post("/o/sign_out/", form)
	if got.status != http.StatusSeeOther || got.location.Path != "/o/sign_in/" || got.location.Query().Get("next") != request() {
		t.Errorf("%d to %v", got.status, got.location)
	}
	if got := ann.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
		t.Errorf("they are signed in still: %d", got.status)
	}
	ann.signIn("")
	form.Set("next", "https://evil.example/")
	if got := ann.post("/o/sign_out/", form); got.status != http.StatusBadRequest || got.location != nil {
		t.Errorf("a next of somebody's gives %d to %v", got.status, got.location)
	}
}
