package browser_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/oauth"
)

// TestLoginCSRF: nobody is signed in by a form that another browser was given
// (RFC 9700 section 4.7).
func TestLoginCSRF(t *testing.T) {
	sc := newScene(t)
	eve, ann := sc.surfer(), sc.surfer()
	form := eve.get("/o/sign_in/").form(t, "/o/sign_in/", "password")
	form.Set("email", email)
	form.Set("password", password)
	if got := ann.post("/o/sign_in/", form); got.status != http.StatusBadRequest {
		t.Errorf("a browser that never asked gets %d", got.status)
	}
	ann.get("/o/sign_in/")
	if got := ann.post("/o/sign_in/", form); got.status != http.StatusBadRequest {
		t.Errorf("another browser gets %d", got.status)
	}
	ann.isNobody(t)
	form.Set("next", request())
	if got := eve.post("/o/sign_in/", form); got.status != http.StatusBadRequest {
		t.Errorf("a form that leads elsewhere than it was shown for gives %d", got.status)
	}
	eve.isNobody(t)
}

// TestNoValueIsAnother: what forms are bound to before the sign-in is no session.
func TestNoValueIsAnother(t *testing.T) {
	sc := newScene(t)
	eve := sc.surfer()
	eve.get("/o/sign_in/")
	here := mustURL(t, sc.server.URL)
	for _, c := range eve.jar.Cookies(here) {
		thief := sc.surfer()
		thief.jar.SetCookies(here, []*http.Cookie{{Name: "rescind-session", Value: c.Value, Path: "/"}})
		thief.isNobody(t)
	}
}

// TestGuessesCostTheSame: a wrong password, an unknown address, an account that
// is off and one that was deleted take the same calls. How often a password is
// hashed is counted in package user.
func TestGuessesCostTheSame(t *testing.T) {
	sc := newScene(t)
	for _, e := range []string{"off@example.com", "gone@example.com"} {
		if _, err := sc.service.Accounts.Create(t.Context(), e, secretText(password)); err != nil {
			t.Fatal(err)
		}
	}
	if err := sc.service.Accounts.Disable(t.Context(), "off@example.com"); err != nil {
		t.Fatal(err)
	}
	if err := sc.service.Accounts.Delete(t.Context(), "gone@example.com"); err != nil {
		t.Fatal(err)
	}
	var want []broken.Verb
	for n, e := range []string{email, "nobody@example.com", "off@example.com", "gone@example.com"} {
		sc.store.Reset()
		sc.surfer().signInAs("", e, "wrong password")
		if n == 0 {
			want = sc.store.Calls()
		}
		if got := sc.store.Calls(); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("%s: the store was asked %v and not %v", e, got, want)
		}
	}
}

// TestNamesAreText: what others chose is text on every page, and in no header.
func TestNamesAreText(t *testing.T) {
	const bad = `"><script>alert(1)</script><img src=x onerror=alert(2)>`
	sc := newScene(t)
	policy := client.Policy{Name: bad, Type: client.Confidential, GrantTypes: []string{oauth.GrantAuthorizationCode}, RedirectURIs: []string{callback},
		Scope: oauth.Scope{"<script>alert(3)</script>", "read"}, DefaultScope: oauth.Scope{"<script>alert(3)</script>", "read"},
		Audience: []string{"https://api.example.com/?'><script>alert(4)</script>"}}
	manager := client.Manager{Store: sc.store, Now: sc.clock.Now, Rand: rand.Reader}
	if _, _, err := manager.Create(t.Context(), "bad", policy); err != nil {
		t.Fatal(err)
	}
	const address = `<script>alert(5)</script>"'>@example.com`
	if _, err := sc.service.Accounts.Create(t.Context(), address, secretText(password)); err != nil {
		t.Fatal(err)
	}
	asked := request("client_id", "bad", "login_hint", bad, "state", bad, "ui_locales", bad)
	eve := sc.surfer()
	seen := map[string]seen{
		"the sign-in page":        eve.get("/o/sign_in/?" + url.Values{"next": {asked}}.Encode()),
		"the page of a failure":   eve.signInAs(asked, address, bad),
		"an error page":           eve.get(asked + "&client_id=" + url.QueryEscape(bad)),
		"the way back after that": eve.signInAs(asked, address, password),
	}
	seen["the consent page"] = eve.get(asked)
	eve.consent(asked, "allow").code(t)
	seen["the list"] = eve.get("/o/authorized_tokens/")
	form := seen["the list"].form(t, "/o/authorized_tokens/", `value="bad"`)
	seen["the list after a cut"] = eve.get(eve.post("/o/authorized_tokens/", form).location.String())
	for name, got := range seen {
		if strings.Contains(got.body, "<script") || strings.Contains(got.body, "<img") {
			t.Errorf("%s holds markup:\n%s", name, got.body)
		}
		if all := fmt.Sprint(got.header); strings.Contains(all, "<") || strings.Contains(all, "alert(4)") {
			t.Errorf("%s has it in a header: %s", name, all)
		}
	}
}

// TestAClientCalledAll: the button that cuts it cuts nothing else.
func TestAClientCalledAll(t *testing.T) {
	sc := newScene(t)
	manager := client.Manager{Store: sc.store, Now: sc.clock.Now, Rand: rand.Reader}
	policy := client.Policy{Name: "All", Type: client.Confidential, GrantTypes: []string{oauth.GrantAuthorizationCode}, RedirectURIs: []string{callback},
		Scope: oauth.Scope{"read"}, DefaultScope: oauth.Scope{"read"}}
	if _, _, err := manager.Create(t.Context(), "all", policy); err != nil {
		t.Fatal(err)
	}
	ann := sc.surfer()
	ann.signIn("")
	ann.consent(request("client_id", "all"), "allow").code(t)
	one := ann.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `value="all"`)
	if got := ann.post("/o/authorized_tokens/", url.Values{"form_token": one["form_token"], "all": {"1"}}); got.status != http.StatusBadRequest {
		t.Errorf("its button cuts everything: %d", got.status)
	}
	after := ann.get(ann.post("/o/authorized_tokens/", one).location.String())
	if text := after.read(); !strings.Contains(text, "All no longer") || strings.Contains(text, "All access") {
		t.Errorf("the page then says %s", text)
	}
}

func (sn seen) read() string { return answer{body: sn.body}.text() }

// TestLongInputs are refused before anything is looked up or hashed.
func TestLongInputs(t *testing.T) {
	sc := newScene(t)
	long := strings.Repeat("x", 60_000)
	eve := sc.surfer()
	form := eve.get("/o/sign_in/").form(t, "/o/sign_in/", "password")
	for name, change := range map[string]func(url.Values){
		"a long password": func(v url.Values) { v.Set("email", email); v.Set("password", long) },
		"a long email":    func(v url.Values) { v.Set("email", long); v.Set("password", password) },
		"a long next":     func(v url.Values) { v.Set("next", "/o/authorize/?"+long) },
		"a long token":    func(v url.Values) { v.Set("form_token", long) },
	} {
		changed := url.Values{}
		for k := range form {
			changed.Set(k, form.Get(k))
		}
		change(changed)
		sc.store.Reset()
		if got := eve.post("/o/sign_in/", changed); got.status != http.StatusBadRequest && got.status != http.StatusForbidden {
			t.Errorf("%s gives %d", name, got.status)
		}
		if n := len(sc.store.Calls()); n > 0 {
			t.Errorf("%s costs %d calls", name, n)
		}
	}
	cookies := sc.surfer()
	for name, header := range map[string]string{
		"a long cookie": "rescind-session=" + strings.Repeat("y", 30_000),
		"many cookies":  strings.Repeat("rescind-session=z; ", 1500),
		"many others":   strings.Repeat("a=b; ", 2500),
	} {
		cookies.header.Set("Cookie", header)
		sc.store.Reset()
		if got := cookies.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther || len(sc.store.Calls()) > 0 {
			t.Errorf("%s gives %d, and costs %d calls", name, got.status, len(sc.store.Calls()))
		}
	}
}

// TestWhatBrowsersLeaveUnescaped: a request that holds a backslash or a quote as
// it is gets through the sign-in like any other.
func TestWhatBrowsersLeaveUnescaped(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	asked := strings.Replace(request(), "state=a+b%26c", `state=a\b|{}'^`, 1)
	got := ann.get(asked)
	in := ann.signIn(got.location.Query().Get("next"))
	if in.status != http.StatusSeeOther {
		t.Fatalf("signing in gives %d", in.status)
	}
	if answer := ann.consent(in.location.String(), "allow"); answer.location == nil || answer.location.Query().Get("state") != `a\b|{}'^` {
		t.Errorf("%d to %v", answer.status, answer.location)
	}
}
