package browser_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/audit"
)

// TestBudget counts what each page asks of the store. On DynamoDB a find of one
// kind is a read unit for each row, and a write is one unit; see docs/cost.md.
func TestBudget(t *testing.T) {
	const (
		session, find, consents = broken.FindSession, broken.Find, broken.FindConsents
	)
	sc := newScene(t)
	ann := sc.surfer()
	ann.signIn("")
	asked := func(to string, want ...broken.Verb) seen {
		t.Helper()
		sc.store.Reset()
		got := ann.get(to)
		if calls := sc.store.Calls(); !slices.Equal(calls, want) {
			t.Errorf("%s asks the store %v and not %v", to, calls, want)
		}
		return got
	}
	did := func(what, to string, form url.Values, want ...broken.Verb) {
		t.Helper()
		sc.store.Reset()
		ann.post(to, form)
		if calls := sc.store.Calls(); !slices.Equal(calls, want) {
			t.Errorf("%s asks the store %v and not %v", what, calls, want)
		}
	}
	// The session; the client and the subject; the consents. Nothing is written.
	form := asked(request(), session, find, consents).form(t, "/o/authorize/", "decision")
	form.Set("decision", "allow")
	did("consenting", "/o/authorize/", form, session, find, consents, broken.Create, consents, broken.PutConsents)
	asked(request(), session, find, consents, broken.Create, consents, broken.PutConsents) // remembered: a grant all the same
	// Two grants of one app: listed, then read at once, then what they are judged by; the store's index; the app.
	page := asked("/o/authorized_tokens/", session, find, consents, find, find, broken.ListGrants, find)
	did("cutting", "/o/authorized_tokens/", page.form(t, "/o/authorized_tokens/", `value="web"`), session, find,
		consents, broken.PutConsents, find, find, broken.Revoke, broken.Revoke, broken.ListGrants, consents, broken.PutConsents)
	did("cutting everything", "/o/authorized_tokens/", func() url.Values {
		ann.consent(request(), "allow")
		return ann.get("/o/authorized_tokens/").form(t, "/o/authorized_tokens/", `name="all"`)
	}(), session, find, broken.RaiseSubjectEpoch, broken.EndSession, broken.CreateSession)
	asked("/o/static/style.css")
	asked("/o/sign_in/")
	asked(request("redirect_uri", "https://evil.example/"), session, find)
	asked(request("client_id", "no client"))

	stranger := sc.surfer()
	sc.store.Reset()
	stranger.get(request())
	if calls := sc.store.Calls(); !slices.Equal(calls, []broken.Verb{find}) {
		t.Errorf("a stranger's request asks the store %v", calls)
	}
	sc.store.Reset()
	stranger.post("/o/sign_in/", url.Values{"email": {email}, "password": {password}, "form_token": {"x"}})
	if calls := sc.store.Calls(); len(calls) > 0 {
		t.Errorf("a forged sign-in asks the store %v", calls)
	}
	sc.store.Reset()
	stranger.signIn("")
	if calls := sc.store.Calls(); !slices.Equal(calls, []broken.Verb{broken.FindUser, find, broken.FindUser, broken.CreateSession}) {
		t.Errorf("signing in asks the store %v", calls)
	}
}

// BenchmarkAuthorizePage is a consent page, over SQLite, without the network.
func BenchmarkAuthorizePage(b *testing.B) {
	sc := newScene(b, func(sc *scene) {
		logger := slog.New(slog.NewJSONHandler(io.Discard, nil))
		sc.service.Endpoint.Log, sc.service.Endpoint.Audit = logger, audit.Slog{Logger: logger}
	})
	ann := sc.surfer()
	ann.signIn("")
	here, err := url.Parse(sc.server.URL)
	if err != nil {
		b.Fatal(err)
	}
	cookie := ann.jar.Cookies(here)[0].String()
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest(http.MethodGet, request(), nil)
		r.Header.Set("Cookie", cookie)
		w := httptest.NewRecorder()
		sc.handler.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("answered %d", w.Code)
		}
	}
}
