package page_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"rescind/shared/page"
)

// TestHeadersOfEveryPage: each page forbids scripts, frames, referrers, caches.
func TestHeadersOfEveryPage(t *testing.T) {
	eachPage(t, func(t *testing.T, lang string, w *httptest.ResponseRecorder) {
		h := w.Header()
		for name, want := range map[string]string{
			"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
			"Cross-Origin-Opener-Policy": "", "Content-Language": lang, "Content-Type": "text/html; charset=utf-8",
			"Content-Length": strconv.Itoa(w.Body.Len()),
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		csp := strings.Split(h.Get("Content-Security-Policy"), "; ")
		if len(csp) != 6 {
			t.Errorf("policy %q", csp)
		}
		for _, want := range []string{"default-src 'none'", "style-src 'self'", "img-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} {
			if !strings.Contains(strings.Join(csp, "; ")+" ", want) {
				t.Errorf("no %q in %q", want, csp)
			}
		}
	})
}

// TestStatusOfAPage: what went wrong is told to programs too.
func TestStatusOfAPage(t *testing.T) {
	signIn := func(problem string) func(p *page.Pages, w http.ResponseWriter) {
		return func(p *page.Pages, w http.ResponseWriter) {
			p.SignIn(w, "en", page.SignIn{Problem: problem, RetryAfter: 7})
		}
	}
	fault := func(status, retry int) func(p *page.Pages, w http.ResponseWriter) {
		return func(p *page.Pages, w http.ResponseWriter) { p.Error(w, "en", page.Error{Status: status, Retry: retry}) }
	}
	for _, tt := range []struct {
		name   string
		write  func(p *page.Pages, w http.ResponseWriter)
		status int
		retry  string
	}{
		{"sign in", signIn(""), 200, ""},
		{"wrong credentials", signIn("credentials"), 403, ""},
		{"too many guesses", signIn("throttled"), 429, "7"},
		{"a form that is too old", signIn("form_expired"), 400, ""},
		{"a refusal upstream", signIn("upstream"), 403, ""},
		{"an error", fault(404, 0), 404, ""},
		{"an outage", fault(503, 5), 503, "5"},
		{"an error that would be a success", fault(200, 0), 503, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := write(t, tt.write)
			if w.Code != tt.status || w.Header().Get("Retry-After") != tt.retry {
				t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
			}
		})
	}
}

// TestFormAction: what may follow a form is an origin or a scheme, and nothing
// else gets into the policy.
func TestFormAction(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{"an origin", "https://app.example.com", " https://app.example.com"},
		{"an origin with a port", "https://app.example.com:8443", " https://app.example.com:8443"},
		{"a native app's scheme", "com.example.app:", " com.example.app:"},
		{"loopback", "http://127.0.0.1:51004", " http://127.0.0.1:51004"},
		{"localhost", "http://localhost:3000", " http://localhost:3000"},
		{"loopback that a policy cannot name", "http://[::1]:51004", " http:"},
		{"an address that a policy cannot name", "https://192.0.2.1", " https:"},
		{"ourselves again", "'self'", ""},
		{"nothing", "", ""},
		{"everything", "*", ""},
		{"a wildcard host", "https://*.example.com", ""},
		{"a path", "https://app.example.com/callback", ""},
		{"a path behind an address", "http://[::1]/x", ""},
		{"no address", "http://[::1", ""},
		{"user information", "https://a@app.example.com", ""},
		{"another directive", "https://app.example.com; script-src *", ""},
		{"a second source", "https://app.example.com *", ""},
		{"a line break", "https://app.example.com\r\nX: y", ""},
		{"a comma, which ends a policy", "https://a.example,https://b.example", ""},
		{"no scheme", "//app.example.com", ""},
		{"a scheme that is none", "1x:", ""},
		{"a port that is none", "https://app.example.com:*", ""},
		{"letters of another script", "https://äpp.example.com", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := write(t, func(p *page.Pages, w http.ResponseWriter) {
				p.Consent(w, "en", page.Consent{FormAction: []string{tt.source, tt.source}})
			})
			if got, want := w.Header().Get("Content-Security-Policy"), "; form-action 'self'"+tt.want+"; "; !strings.Contains(got, want) {
				t.Errorf("no %q in %q", want, got)
			}
		})
	}
}

// FuzzFormAction: a source never writes a directive, a header or a wildcard.
func FuzzFormAction(f *testing.F) {
	for _, s := range []string{"https://a.example:1", "a.b:", "http://[::1]:1", "x;y", "'self'", "*"} {
		f.Add(s)
	}
	p := newPages(f)
	f.Fuzz(func(t *testing.T, s string) {
		w := httptest.NewRecorder()
		p.SignIn(w, "en", page.SignIn{FormAction: []string{s}})
		csp := w.Header().Get("Content-Security-Policy")
		if strings.Count(csp, ";") != 5 || strings.ContainsAny(csp, "*,\r\n\"") {
			t.Errorf("%q", csp)
		}
	})
}

// TestRedirect: 303, with the address as it is, and nothing that is kept.
func TestRedirect(t *testing.T) {
	for _, tt := range []struct{ name, to, want string }{
		{"a client's address", "https://app.example.com/cb?a=b%20c&code=x&state='()!*~[]", "https://app.example.com/cb?a=b%20c&code=x&state='()!*~[]"},
		{"a native app's", "com.example.app:/cb?code=x", "com.example.app:/cb?code=x"},
		{"a header in it", "https://x.example/\r\nSet-Cookie: a=b", "https://x.example/%0D%0ASet-Cookie:%20a=b"},
		{"a byte beyond ASCII", "https://x.example/\xff", "https://x.example/%FF"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			page.Redirect(w, tt.to)
			h := w.Header()
			if w.Code != http.StatusSeeOther || h.Get("Location") != tt.want || w.Body.Len() != 0 {
				t.Errorf("%d, Location %q, %d bytes", w.Code, h.Get("Location"), w.Body.Len())
			}
			if h.Get("Cache-Control") != "no-store" || h.Get("Referrer-Policy") != "no-referrer" || !strings.HasPrefix(h.Get("Content-Security-Policy"), "default-src 'none'") {
				t.Errorf("headers %v", h)
			}
		})
	}
}

// TestStyle: the stylesheet is kept for good under the URL that pages name.
func TestStyle(t *testing.T) {
	p := newPages(t)
	get := func(method, url, noneMatch string) *httptest.ResponseRecorder {
		w, r := httptest.NewRecorder(), httptest.NewRequest(method, url, nil)
		if noneMatch != "" {
			r.Header.Set("If-None-Match", noneMatch)
		}
		p.Style(w, r)
		return w
	}
	whole := get("GET", stylePath, "")
	if whole.Code != 200 || whole.Body.Len() == 0 || whole.Header().Get("Content-Type") != "text/css; charset=utf-8" ||
		whole.Header().Get("Cache-Control") != "public, max-age=300" || whole.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", whole.Code, whole.Header())
	}
	etag := whole.Header().Get("ETag")
	for _, match := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		if w := get("GET", stylePath, match); w.Code != 304 || w.Body.Len() != 0 {
			t.Errorf("If-None-Match %s: %d", match, w.Code)
		}
	}
	if w := get("GET", stylePath, `"x"`); w.Code != 200 {
		t.Errorf("another version: %d", w.Code)
	}
	if w := get("HEAD", stylePath, ""); w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Content-Length") != strconv.Itoa(whole.Body.Len()) {
		t.Errorf("HEAD: %d, %d bytes", w.Code, w.Body.Len())
	}
	if w := get("POST", stylePath, ""); w.Code != 405 || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: %d", w.Code)
	}
	named := write(t, func(p *page.Pages, w http.ResponseWriter) { p.SignedOut(w, "en", page.SignedOut{}) }).Body.String()
	_, named, _ = strings.Cut(named, `<link rel="stylesheet" href="`)
	named, _, _ = strings.Cut(named, `"`)
	if w := get("GET", named, ""); !strings.HasPrefix(named, stylePath+"?v=") || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %v", named, w.Header())
	}
	if w := get("GET", stylePath+"?v=other", ""); strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Error("another release's stylesheet is kept for good")
	}
}
