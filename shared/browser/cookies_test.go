package browser_test

import (
	"net/http"
	"strings"
	"testing"
)

// TestFixation: a sign-in is bound to no value that the browser had before.
func TestFixation(t *testing.T) {
	sc := newScene(t)
	eve, ann := sc.surfer(), sc.surfer()
	eve.signIn("")
	here := mustURL(t, sc.server.URL)
	planted := eve.jar.Cookies(here)
	ann.jar.SetCookies(here, planted)
	ann.signIn("")
	for _, c := range ann.jar.Cookies(here) {
		for _, p := range planted {
			if c.Name == p.Name && c.Value == p.Value {
				t.Errorf("the cookie %s is the one that was planted", c.Name)
			}
		}
	}
	if got := eve.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
		t.Errorf("who planted the cookie is signed in: %d", got.status)
	}
}

// TestTwoCookiesOfAName: one of them is somebody else's, so neither counts.
func TestTwoCookiesOfAName(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	mine := ann.jar.Cookies(mustURL(t, sc.server.URL))[0].String()
	plain := sc.surfer()
	plain.header.Set("Cookie", mine)
	if got := plain.get("/o/authorized_tokens/"); got.status != http.StatusOK {
		t.Fatalf("the cookie alone gives %d", got.status)
	}
	plain.header.Set("Cookie", mine+"; "+mine)
	if got := plain.get("/o/authorized_tokens/"); got.status != http.StatusSeeOther {
		t.Errorf("the cookie twice gives %d", got.status)
	}
}

func TestCookies(t *testing.T) {
	for _, tt := range []struct{ issuer, name string }{
		{"", "rescind-session"}, {"https://auth.example.com", "__Host-rescind-session"},
	} {
		sc := newScene(t, func(sc *scene) {
			if tt.issuer != "" {
				sc.issuer = tt.issuer
			}
		})
		got := sc.surfer().signIn("")
		found := false
		for _, c := range (&http.Response{Header: got.header}).Cookies() {
			if c.Name != tt.name {
				continue
			}
			found = true
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.Secure != (tt.issuer != "") {
				t.Errorf("the cookie is %v", c)
			}
		}
		if !found {
			t.Errorf("no cookie %s in %d %v", tt.name, got.status, got.header)
		}
	}
}

// TestHeaders: framing, and everything else that a page's headers keep away.
func TestHeaders(t *testing.T) {
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	for _, path := range []string{"/o/sign_in/", request(), "/o/authorized_tokens/", request("client_id", "nobody")} {
		got := ann.get(path)
		csp := got.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") ||
			got.header.Get("X-Frame-Options") != "DENY" || got.header.Get("Referrer-Policy") != "no-referrer" ||
			got.header.Get("Cache-Control") != "no-store" || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s has the headers %v", path, got.header)
		}
		if strings.Contains(got.body, "<script") || strings.Contains(got.body, "style=") || len(got.body) > 40<<10 {
			t.Errorf("%s has a script, a style, or %d bytes", path, len(got.body))
		}
	}
}
