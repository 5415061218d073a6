package browser_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rescind/shared/secret"
)

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// forged are the ways in which a form can be somebody else's.
func forged(good url.Values, others string) map[string]url.Values {
	change := func(edit func(url.Values)) url.Values {
		v := url.Values{}
		for name, values := range good {
			v[name] = append([]string(nil), values...)
		}
		edit(v)
		return v
	}
	return map[string]url.Values{
		"without its token":            change(func(v url.Values) { v.Del("form_token") }),
		"with an empty token":          change(func(v url.Values) { v.Set("form_token", "") }),
		"with junk for its token":      change(func(v url.Values) { v.Set("form_token", "junk") }),
		"with another browser's token": change(func(v url.Values) { v.Set("form_token", others) }),
	}
}

// TestForgedForms: no form does anything that this browser was not given for
// just that (RFC 6749 section 10.12).
func TestForgedForms(t *testing.T) {
	sc := newScene(t)
	ann, eve := sc.surfer(), sc.surfer()
	ann.signIn("")
	eve.signIn("")
	sc.exchange(ann.consent(request(), "allow").code(t))
	page, evesPage := ann.get("/o/authorized_tokens/"), eve.get("/o/authorized_tokens/")
	for _, tt := range []struct{ path, holds string }{
		{"/o/authorized_tokens/", `value="web"`}, {"/o/authorized_tokens/", `name="all"`}, {"/o/sign_out/", ""},
	} {
		good, others := page.form(t, tt.path, tt.holds), evesPage.form(t, tt.path, tt.holds)
		for name, form := range forged(good, others.Get("form_token")) {
			if got := ann.post(tt.path, form); got.status != http.StatusBadRequest {
				t.Errorf("a form to %s (%s) %s gives %d", tt.path, tt.holds, name, got.status)
			}
		}
	}
	// One button's token is no other's.
	all := page.form(t, "/o/authorized_tokens/", `name="all"`)
	all.Set("form_token", page.form(t, "/o/authorized_tokens/", `value="web"`).Get("form_token"))
	if got := ann.post("/o/authorized_tokens/", all); got.status != http.StatusBadRequest {
		t.Errorf("the token of one button presses another: %d", got.status)
	}
	if got := ann.get("/o/authorized_tokens/"); got.status != http.StatusOK || !strings.Contains(got.body, "Web app") {
		t.Error("one of the forged forms did something")
	}
}

func TestForgedConsent(t *testing.T) {
	sc := newScene(t)
	ann, eve := sc.surfer(), sc.surfer()
	ann.signIn("")
	eve.signIn("")
	good := ann.get(request()).form(t, "/o/authorize/", "decision")
	others := eve.get(request()).form(t, "/o/authorize/", "decision")
	forms := forged(good, others.Get("form_token"))
	delete(forms, "without its token") // that is a request by POST, see TestARequestByPost
	other := url.Values{"next": {strings.TrimPrefix(request("scope", "read write"), "/o/authorize/?")}, "form_token": {good.Get("form_token")}}
	forms["for another request"] = other
	forms["without a decision"] = url.Values{"next": good["next"], "form_token": good["form_token"], "decision": {"maybe"}}
	for name, form := range forms {
		if name != "without a decision" {
			form.Set("decision", "allow")
		}
		if got := ann.post("/o/authorize/", form); got.status != http.StatusBadRequest || got.location != nil {
			t.Errorf("consent %s gives %d to %v", name, got.status, got.location)
		}
	}
	if got := ann.get(request("prompt", "none")); got.location.Query().Get("error") != "consent_required" {
		t.Errorf("one of them was taken: %v", got.location)
	}
	sc.clock.Advance(3 * time.Hour)
	good.Set("decision", "allow")
	if got := ann.post("/o/authorize/", good); got.status != http.StatusBadRequest {
		t.Errorf("an old form gives %d", got.status)
	}
}

// TestWhatAnotherSiteSends: a browser says so where a form comes from another
// site, whatever token it bears.
func TestWhatAnotherSiteSends(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	page := ann.get("/o/authorized_tokens/")
	consent := ann.get(request()).form(t, "/o/authorize/", "decision")
	consent.Set("decision", "allow")
	signIn := ann.get("/o/sign_in/").form(t, "/o/sign_in/", "password")
	for _, site := range []string{"cross-site", "same-site"} {
		ann.header.Set("Sec-Fetch-Site", site)
		for path, form := range map[string]url.Values{
			"/o/sign_out/": page.form(t, "/o/sign_out/", ""), "/o/authorize/": consent, "/o/sign_in/": signIn,
		} {
			if got := ann.post(path, form); got.status != http.StatusBadRequest {
				t.Errorf("a %s form to %s gives %d", site, path, got.status)
			}
		}
	}
	ann.header.Set("Sec-Fetch-Site", "same-origin")
	ann.post("/o/authorize/", consent).code(t)
}

// TestClientsThatChangeMeanwhile: a consent is for the client as it was shown.
func TestClientsThatChangeMeanwhile(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	form := ann.get(request()).form(t, "/o/authorize/", "decision")
	form.Set("decision", "allow")
	sc.clock.Advance(time.Second)
	c, err := sc.store.FindClient(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	if err := sc.store.RaiseClientEpoch(t.Context(), "web", c.Epoch, c.Epoch+1); err != nil {
		t.Fatal(err)
	}
	if got := ann.post("/o/authorize/", form); got.status != http.StatusBadRequest || got.location != nil {
		t.Errorf("a consent of before the client was revoked gives %d to %v", got.status, got.location)
	}
}

// TestOpenRedirects: after signing in one gets to this site's pages only.
func TestOpenRedirects(t *testing.T) {
	sc := newScene(t)
	for _, next := range []string{
		"https://evil.example/", "//evil.example/o/authorize/?x=1", "/\\evil.example", "/o/authorize/../../?x", "/o/authorize/", "/o/sign_out/",
		"/o/authorized_tokens/?cut=web", "/o/authorize/?x=\r\nSet-Cookie: a=b", "/o/authorize/?x=1#y", "javascript:alert(1)", " /o/authorized_tokens/",
		"http://" + strings.TrimPrefix(sc.issuer, "http://") + "/o/authorized_tokens/", "/o/authorize/?" + strings.Repeat("x", 2501),
	} {
		if got := sc.surfer().get("/o/sign_in/?" + url.Values{"next": {next}}.Encode()); got.status != http.StatusBadRequest {
			t.Errorf("next %q gives %d", next, got.status)
		}
		eve := sc.surfer()
		form := eve.get("/o/sign_in/").form(t, "/o/sign_in/", "password")
		form.Set("next", next)
		form.Set("email", email)
		form.Set("password", password)
		if got := eve.post("/o/sign_in/", form); got.status != http.StatusBadRequest || got.location != nil {
			t.Errorf("a form with next %q gives %d to %v", next, got.status, got.location)
		}
	}
	for _, redirectURI := range []string{"https://evil.example/cb", callback + "/../x", callback + "@evil.example", "https://app.example.com:444/cb", ""} {
		got := sc.surfer().get(request("redirect_uri", redirectURI, "client_id", map[bool]string{true: "phone", false: "web"}[redirectURI == ""]))
		if got.status != http.StatusBadRequest || got.location != nil {
			t.Errorf("redirect_uri %q gives %d to %v", redirectURI, got.status, got.location)
		}
	}
}

var tokens = regexp.MustCompile(`value="[A-Za-z0-9_-]{40,}"`)

// TestEnumeration: an unknown address, a wrong password, an account that is off
// and one that was deleted get one answer, and leave one trace.
func TestEnumeration(t *testing.T) {
	sc := newScene(t)
	for _, e := range []string{"off@example.com", "gone@example.com"} {
		if _, err := sc.service.Accounts.Create(t.Context(), e, secret.NewText(password)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sc.service.Accounts.Disable(t.Context(), "off@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := sc.service.Accounts.Delete(t.Context(), "gone@example.com"); err != nil {
		t.Fatal(err)
	}
	want := ""
	for _, tt := range []struct{ email, password string }{
		{email, "wrong"}, {"nobody@example.com", password}, {"off@example.com", password}, {"gone@example.com", password},
		{"no address", password}, {email, ""}, {email, strings.Repeat("x", 300)},
	} {
		got := sc.surfer().signInAs("", tt.email, tt.password)
		body := tokens.ReplaceAllString(strings.ReplaceAll(got.body, tt.email, "EMAIL"), "")
		if want == "" {
			want = body
		}
		if got.status != http.StatusForbidden || body != want {
			t.Errorf("%q gets %d, and another page:\n%s", tt.email, got.status, body)
		}
	}
}

// TestGuessing is slowed down, and the owner at another address is not locked out.
func TestGuessing(t *testing.T) {
	sc := newScene(t)
	eve := sc.surfer()
	slowed := false
	for range 50 {
		if got := eve.signInAs("", email, "wrong"); got.status == http.StatusTooManyRequests {
			if got.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
			slowed = true
			break
		}
	}
	if !slowed {
		t.Error("fifty guesses went through")
	}
}

func secretText(s string) secret.Text { return secret.NewText(s) }
