// Package samples holds every page in each of its states with sample data: for
// the preview, for screenshots, and for the tests of package page. It must not
// know where its pages are served.
package samples

import (
	"net/http"
	"time"

	"rescind/shared/page"
)

// Sample is a page in one state.
type Sample struct {
	Name  string // fit for a file's name
	Write func(p *page.Pages, w http.ResponseWriter, lang string)
}

func signIn(name string, v page.SignIn) Sample {
	v.Action, v.Hidden = "/o/sign_in/", hidden("next", "/o/authorize/?client_id=notes")
	return Sample{name, func(p *page.Pages, w http.ResponseWriter, lang string) { p.SignIn(w, lang, v) }}
}

func consent(name string, v page.Consent) Sample {
	v.Action, v.Hidden = "/o/authorize/", hidden("request", "sample")
	v.SignOutAction, v.SignOutHidden = "/o/sign_out/", hidden("next", "/o/authorize/")
	return Sample{name, func(p *page.Pages, w http.ResponseWriter, lang string) { p.Consent(w, lang, v) }}
}

func authorized(name string, v page.Authorized) Sample {
	v.Account, v.Action, v.CutAllHidden = "ada@example.com", "/o/authorized_tokens/", hidden("cut", "all")
	v.SignOutAction, v.SignOutHidden = "/o/sign_out/", hidden("next", "")
	return Sample{name, func(p *page.Pages, w http.ResponseWriter, lang string) { p.Authorized(w, lang, v) }}
}

func fault(status int, kind string, retry int) Sample {
	v := page.Error{Status: status, Kind: kind, RequestID: "b3f1c2a89d7e4f60", Retry: retry}
	return Sample{"error-" + kind, func(p *page.Pages, w http.ResponseWriter, lang string) { p.Error(w, lang, v) }}
}

func hidden(name, value string) []page.Field {
	return []page.Field{{Name: "csrf", Value: "sample-token"}, {Name: name, Value: value}}
}

// All are the pages, in the order in which somebody meets them.
func All() []Sample {
	upstream := page.SignIn{Client: "Notes", UpstreamAction: "/o/upstream/", UpstreamName: "Example Identity", UpstreamHidden: hidden("next", "/")}
	both := upstream
	both.Passwords, both.FormAction = true, []string{"https://notes.example.com", "https://id.example.com"}
	return append([]Sample{
		signIn("sign-in", page.SignIn{Passwords: true, Client: "Notes", FormAction: []string{"https://notes.example.com"}}),
		signIn("sign-in-both", both),
		signIn("sign-in-upstream", upstream),
		signIn("sign-in-plain", page.SignIn{Passwords: true}),
		signIn("sign-in-wrong", page.SignIn{Passwords: true, Client: "Notes", Email: "ada@example.com", Problem: "credentials"}),
		signIn("sign-in-throttled", page.SignIn{Passwords: true, Client: "Notes", Email: "ada@example.com", Problem: "throttled", RetryAfter: 150}),
		signIn("sign-in-expired", page.SignIn{Passwords: true, Client: "Notes", Problem: "form_expired"}),
		signIn("sign-in-refused", page.SignIn{Client: "Notes", Problem: "upstream", UpstreamAction: "/o/upstream/", UpstreamName: "Example Identity"}),
		consent("consent", page.Consent{Client: "Notes", ClientID: "notes-web", Host: "notes.example.com", Account: "ada@example.com",
			Scopes: []string{"read", "write", "offline_access"}, Audience: []string{"https://api.example.com/notes"}, FormAction: []string{"https://notes.example.com"}}),
		consent("consent-native", page.Consent{Client: "Notes for the desktop", ClientID: "notes-desktop", Host: "127.0.0.1", Native: true,
			Account: "ada@example.com", Scopes: []string{"read", "notes:share"}, FormAction: []string{"http://127.0.0.1:51004"}}),
		consent("consent-long", page.Consent{ClientID: "f3b1d1f6-8a04-4c1f-9d7e-2f1f3c6f5a10", Client: longName,
			Host:    "a-tenant-with-a-rather-long-name.eu-central-1.applications.example-cloud-provider.com",
			Account: "a.person.with.a.long.address@mail.subsidiary.example.com", Scopes: longScopes, Audience: longAudience}),
		authorized("authorized", page.Authorized{Apps: apps()}),
		authorized("authorized-cut", page.Authorized{Apps: apps()[1:], Done: "cut", DoneName: "Notes"}),
		authorized("authorized-cut-all", page.Authorized{Done: "cut_all"}),
		authorized("authorized-none", page.Authorized{}),
		authorized("authorized-more", page.Authorized{Apps: append(apps(), longApp()), More: true}),
		{"signed-out", func(p *page.Pages, w http.ResponseWriter, lang string) {
			p.SignedOut(w, lang, page.SignedOut{SignIn: "/o/sign_in/"})
		}},
	}, faults()...)
}

func faults() []Sample {
	return []Sample{
		fault(400, "unknown_client", 0), fault(400, "bad_redirect_uri", 0), fault(400, "invalid_request", 0),
		fault(400, "unsupported_response_type", 0), fault(400, "unauthorized_client", 0), fault(400, "invalid_scope", 0),
		fault(400, "invalid_target", 0), fault(403, "access_denied", 0), fault(400, "login_required", 0),
		fault(400, "form_expired", 0), fault(403, "upstream_refused", 0), fault(429, "too_many_requests", 45),
		fault(503, "unavailable", 5), fault(404, "not_found", 0), fault(405, "method_not_allowed", 0), fault(400, "unheard_of", 0),
	}
}

var (
	longName = "The Extraordinarily Comprehensive Collaborative Document Management Companion, Enterprise Edition"

	longScopes   = []string{"openid", "profile", "email", "offline_access", "read", "write", "https://api.example.com/scopes/documents.readwrite.everything"}
	longAudience = []string{"https://api.example.com/documents", "https://archive.eu-central-1.example.com/a/path/that/does/not/end/soon"}
)

func apps() []page.App {
	day := func(month time.Month, d, hour, minute int) time.Time {
		return time.Date(2026, month, d, hour, minute, 0, 0, time.UTC)
	}
	return []page.App{
		{Client: "Notes", ClientID: "notes-web", Host: "notes.example.com", Since: day(3, 14, 9, 26), LastRefresh: day(11, 28, 17, 5),
			Scopes: []string{"read", "write", "offline_access"}, Hidden: hidden("cut", "notes-web")},
		{Client: "Calendar", ClientID: "calendar", Host: "calendar.example.org", Since: day(11, 2, 8, 0),
			Scopes: []string{"read", "calendar:events"}, Audience: []string{"https://api.example.com/calendar"}, Hidden: hidden("cut", "calendar")},
		{ClientID: "backup-tool", Host: "127.0.0.1", Since: day(1, 1, 0, 0), LastRefresh: day(6, 30, 23, 59), Hidden: hidden("cut", "backup-tool")},
	}
}

func longApp() page.App {
	return page.App{Client: longName, ClientID: "long", Host: "a-tenant-with-a-rather-long-name.eu-central-1.applications.example-cloud-provider.com",
		Scopes: longScopes, Audience: longAudience, Hidden: hidden("cut", "long")}
}
