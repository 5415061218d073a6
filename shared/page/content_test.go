package page_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"rescind/shared/oauth"
	"rescind/shared/page"
)

var tags = regexp.MustCompile(`<[^>]*>`)

// text is what a reader sees of a page.
func text(w *httptest.ResponseRecorder) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(w.Body.String(), ""))), " ")
}

func write(t *testing.T, f func(p *page.Pages, w http.ResponseWriter)) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	f(newPages(t), w)
	return w
}

// TestWhatAPageSays: what somebody decides by stands on the page.
func TestWhatAPageSays(t *testing.T) {
	since := time.Date(2026, 3, 4, 23, 30, 0, 0, time.FixedZone("", -2*3600)) // the 5th in UTC
	fields := []page.Field{{Name: "csrf", Value: `a"b`}}
	long := strings.Repeat("sub.", 50) + "example.com"
	for _, tt := range []struct {
		name  string
		write func(p *page.Pages, w http.ResponseWriter)
		raw   []string
		says  []string
	}{
		{"consent names app, host, scopes and account", func(p *page.Pages, w http.ResponseWriter) {
			p.Consent(w, "en", page.Consent{Action: "/o/authorize/", Hidden: fields, Client: "Notes", ClientID: "notes-web", Host: long,
				Account: "ada@example.com", Scopes: []string{"read", "x:y"}, Audience: []string{"https://api.example.com/"}})
		}, []string{`name="decision" value="allow"`, `name="decision" value="deny"`, `name="csrf" value="a&#34;b"`, `action="/o/authorize/"`},
			[]string{"Notes asks for access", long, "notes-web", "ada@example.com", "Read your data read", "x:y", "https://api.example.com/"}},
		{"a client without a name has its id", func(p *page.Pages, w http.ResponseWriter) {
			p.Consent(w, "en", page.Consent{Client: "\u200b \x00", ClientID: "notes-web"})
		}, nil, []string{"notes-web asks for access"}},
		{"a native app is said to be one", func(p *page.Pages, w http.ResponseWriter) {
			p.Consent(w, "en", page.Consent{Client: "Notes", Host: "com.example.notes", Native: true})
		}, nil, []string{"an app on this device", "com.example.notes", "just started this app yourself"}},
		{"no account can be changed where that leads nowhere", func(p *page.Pages, w http.ResponseWriter) {
			p.Consent(w, "en", page.Consent{SignOutAction: "/o/sign_out/"})
		}, []string{`action="/o/sign_out/"`}, []string{"Use another account"}},
		{"authorized applications: since, last refresh, buttons", func(p *page.Pages, w http.ResponseWriter) {
			p.Authorized(w, "en", page.Authorized{Account: "ada@example.com", Action: "/o/authorized_tokens/", CutAllHidden: fields, More: true,
				Apps: []page.App{{Client: "Notes", Host: "notes.example.com", Since: since, LastRefresh: since, Scopes: []string{"read"},
					Hidden: []page.Field{{Name: "client", Value: "n1"}}}, {ClientID: "other"}}})
		}, []string{`<time datetime="2026-03-05T01:30:00Z">5 March 2026</time>`, `name="client" value="n1"`, `name="csrf"`},
			[]string{"5 March 2026, 01:30 UTC", "Remove access of Notes", "Remove access of other", "Not yet", "Remove all access", "notes.example.com", "There are more"}},
		{"dates in German", func(p *page.Pages, w http.ResponseWriter) {
			p.Authorized(w, "de", page.Authorized{Apps: []page.App{{Since: since, LastRefresh: since}}})
		}, nil, []string{"5. März 2026", "5. März 2026, 01:30 Uhr UTC"}},
		{"what was cut", func(p *page.Pages, w http.ResponseWriter) {
			p.Authorized(w, "en", page.Authorized{Done: "cut", DoneName: "Notes"})
		}, []string{`role="status"`, "<strong><bdi>Notes</bdi></strong> no longer"}, []string{"No application has access"}},
		{"a problem is tied to the field", func(p *page.Pages, w http.ResponseWriter) {
			p.SignIn(w, "en", page.SignIn{Passwords: true, Problem: "credentials", Email: "ada@example.com"})
		}, []string{`id="problem" role="alert"`, `value="ada@example.com"`, `aria-describedby="problem"`}, []string{"do not match"}},
		{"how long to wait", func(p *page.Pages, w http.ResponseWriter) {
			p.SignIn(w, "de", page.SignIn{Passwords: true, Problem: "throttled", RetryAfter: 61})
		}, nil, []string{"Warten Sie 65 Sekunden"}},
		{"minutes are rounded up", func(p *page.Pages, w http.ResponseWriter) {
			p.Error(w, "en", page.Error{Status: 429, Kind: "too_many_requests", Retry: 121, RequestID: "r-1"})
		}, []string{`<code dir="ltr">r-1</code>`}, []string{"Try again in 3 minutes"}},
		{"both ways of signing in", func(p *page.Pages, w http.ResponseWriter) {
			p.SignIn(w, "en", page.SignIn{Passwords: true, UpstreamAction: "/o/upstream/", UpstreamName: "Example", UpstreamHidden: fields})
		}, []string{`action="/o/upstream/"`, `autocomplete="current-password"`, `autocomplete="username"`}, []string{"or Continue with Example"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := write(t, tt.write)
			for _, s := range tt.raw {
				if !strings.Contains(w.Body.String(), s) {
					t.Errorf("no %s in\n%s", s, w.Body)
				}
			}
			for _, s := range tt.says {
				if !strings.Contains(text(w), s) {
					t.Errorf("it does not say %q but\n%s", s, text(w))
				}
			}
		})
	}
}

// TestWhatAPageLeavesOut: a form that leads nowhere is not there.
func TestWhatAPageLeavesOut(t *testing.T) {
	for _, tt := range []struct {
		name, absent string
		write        func(p *page.Pages, w http.ResponseWriter)
	}{
		{"passwords where there are none", `type="password"`, func(p *page.Pages, w http.ResponseWriter) {
			p.SignIn(w, "en", page.SignIn{UpstreamAction: "/o/upstream/"})
		}},
		{"an upstream provider where there is none", `class="or"`, func(p *page.Pages, w http.ResponseWriter) {
			p.SignIn(w, "en", page.SignIn{Passwords: true})
		}},
		{"another account", "Use another account", func(p *page.Pages, w http.ResponseWriter) { p.Consent(w, "en", page.Consent{}) }},
		{"nothing to cut", "<form", func(p *page.Pages, w http.ResponseWriter) { p.Authorized(w, "en", page.Authorized{}) }},
		{"nowhere to sign in", "<a ", func(p *page.Pages, w http.ResponseWriter) { p.SignedOut(w, "en", page.SignedOut{}) }},
		{"no hint to wait", "Try again in", func(p *page.Pages, w http.ResponseWriter) { p.Error(w, "en", page.Error{}) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if w := write(t, tt.write); strings.Contains(w.Body.String(), tt.absent) {
				t.Errorf("there is %s", tt.absent)
			}
		})
	}
}

// TestEveryRefusalHasItsText: an error that may come to a browser is not told
// in the words that are for all others.
func TestEveryRefusalHasItsText(t *testing.T) {
	title := func(kind, lang string) string {
		return text(write(t, func(p *page.Pages, w http.ResponseWriter) { p.Error(w, lang, page.Error{Status: 400, Kind: kind}) }))
	}
	kinds := []string{"unknown_client", "bad_redirect_uri", "form_expired", "upstream_refused", "account_off", "too_many_requests", "unavailable", "not_found",
		"method_not_allowed", "access_denied", "login_required", "consent_required", "interaction_required", "unsupported_response_type",
		"request_not_supported", "request_uri_not_supported"}
	elsewhere := map[oauth.Code]bool{oauth.InvalidGrant: true, oauth.UnsupportedGrantType: true, oauth.InvalidToken: true} // never at a page
	for _, code := range oauth.Codes() {
		if !elsewhere[code] {
			kinds = append(kinds, string(code))
		}
	}
	for _, lang := range newPages(t).Languages() {
		for _, kind := range kinds {
			if title(kind, lang) == title("unheard_of", lang) {
				t.Errorf("%s has no text in %q", kind, lang)
			}
		}
	}
}
