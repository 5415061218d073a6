package endpoint_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rescind/shared/audit"
	"rescind/shared/endpoint"
	"rescind/shared/oauth"
)

// page is a deployment whose browser handler is do and answer.
func page(t *testing.T, issuer string, do func(http.ResponseWriter, *http.Request, *endpoint.Visit) error,
	answer func(http.ResponseWriter, *http.Request, *endpoint.Visit, error),
) *deployment {
	t.Helper()
	d := deploy(t, onSQLite{}, issuer)
	handlers := map[string]http.Handler{endpoint.RouteBrowser: d.service.Page(do, answer)}
	for _, name := range []string{endpoint.RouteToken, endpoint.RouteRevocation, endpoint.RouteIntrospection, endpoint.RouteMetadata} {
		handlers[name] = d.service.Unavailable(name, errors.New("not under test"))
	}
	var err error
	d.gateway, err = d.service.Gateway(handlers, d.store)
	d.must(err, "putting the gateway together")
	return d
}

// told is an answer in HTML.
func told(w http.ResponseWriter, _ *http.Request, v *endpoint.Visit, err error) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusTeapot)
	_, _ = fmt.Fprintf(w, "<p>%s %t", v.RequestID(), errors.As(err, new(*oauth.Error)))
}

// TestAPageIsObserved as every other endpoint is, whatever becomes of it.
func TestAPageIsObserved(t *testing.T) {
	var fail error
	d := page(t, defaultIssuer, func(w http.ResponseWriter, r *http.Request, v *endpoint.Visit) error {
		if v.Source() != "192.0.2.1" {
			t.Errorf("the source is %q", v.Source())
		}
		v.SetClient("spa")
		switch r.URL.Query().Get("end") {
		case "panic":
			panic("state-in-the-url")
		case "late":
			_, _ = w.Write([]byte("<p>begun"))
			panic("late")
		case "error":
			return fail
		}
		v.Record(r.Context(), audit.Event{Action: audit.Authorize, Outcome: "ok", Subject: "alice"})
		w.WriteHeader(http.StatusSeeOther)
		return nil
	}, told)
	for _, tt := range []struct {
		end    string
		err    error
		status int
		body   string
		event  audit.Event
	}{
		{"ok", nil, 303, "", audit.Event{Action: audit.Authorize, Outcome: "ok", Subject: "alice"}},
		{"error", oauth.Refuse(oauth.AccessDenied, "Denied."), 418, "<p>r-1 true", audit.Event{Action: audit.Refuse, Outcome: "access_denied", Reason: "Denied."}},
		{"error", errors.New("the disk is gone"), 418, "<p>r-1 false", audit.Event{Action: audit.Outage, Outcome: "temporarily_unavailable"}},
		{"panic", nil, 418, "<p>r-1 false", audit.Event{Action: audit.Outage, Outcome: "temporarily_unavailable"}},
		{"late", nil, 200, "<p>begun", audit.Event{Action: audit.Outage, Outcome: "temporarily_unavailable"}},
	} {
		fail = tt.err
		from := logs.size()
		got := overHTTP(t, d.gateway, request{method: "GET", target: endpoint.PathAuthorize + "?end=" + tt.end + "&state=state-in-the-url",
			header: []string{"X-Request-Id: r-1"}})
		if got.status != tt.status || got.body != tt.body || got.header["X-Request-Id"] != "r-1" {
			t.Errorf("%s is answered %s", tt.end, got.without())
		}
		want := tt.event
		want.Operation, want.ClientID, want.RequestID, want.Source, want.Time = "browser", "spa", "r-1", "192.0.2.1", d.clock.Now()
		if events := d.audit.Take(); !slices.Equal(events, []audit.Event{want}) {
			t.Errorf("%s is audited as %+v", tt.end, events)
		}
		said := logs.since(from)
		if strings.Contains(said, "state-in-the-url") || strings.Contains(said, "authorize/") {
			t.Errorf("what the browser asked for is in the log: %s", said)
		}
		if line := fmt.Sprintf(`"route":"browser","status":%d,`, tt.status); strings.Count(said, line) != 1 || !strings.Contains(said, `"client_id":"spa"`) {
			t.Errorf("the access log is %s", said)
		}
	}
}

// TestAnAnswerThatPanicsIsAnOutage, in the one form that needs no page.
func TestAnAnswerThatPanicsIsAnOutage(t *testing.T) {
	d := page(t, defaultIssuer, func(http.ResponseWriter, *http.Request, *endpoint.Visit) error {
		return oauth.Refuse(oauth.AccessDenied, "Denied.")
	}, func(http.ResponseWriter, *http.Request, *endpoint.Visit, error) { panic("no template") })
	got := overHTTP(t, d.gateway, request{method: "GET", target: endpoint.PathSignIn})
	if got.status != 503 || !strings.Contains(got.body, "temporarily_unavailable") || got.header["Cache-Control"] != "no-store" {
		t.Errorf("the answer is %s", got.without())
	}
}

// TestPagesHaveTheirPaths below the issuer, and where there are none every one
// of them is 404.
func TestPagesHaveTheirPaths(t *testing.T) {
	for issuer, below := range map[string]string{defaultIssuer: "", "https://auth.example.com/tenant": "/tenant"} {
		with := page(t, issuer, func(w http.ResponseWriter, _ *http.Request, _ *endpoint.Visit) error {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}, told)
		without := deploy(t, onSQLite{}, issuer)
		for _, path := range []string{"/o/authorize/", "/o/authorize", "/o/sign_in/", "/o/sign_in", "/o/sign_out/", "/o/sign_out", "/o/authorized_tokens/",
			"/o/authorized_tokens", "/o/upstream/", "/o/upstream", "/o/upstream/callback/", "/o/upstream/callback", "/o/static/style.css"} {
			req := request{method: "GET", target: below + path}
			if got := overHTTP(t, with.gateway, req); got.status != 204 {
				t.Errorf("%s below %s is answered %d", path, issuer, got.status)
			}
			if got := overHTTP(t, without.gateway, req); got.status != 404 {
				t.Errorf("%s without pages is answered %d", path, got.status)
			}
		}
		for _, path := range []string{"/o/static/style.css/", "/o/static/", "/o/", "/o/authorize//", "/o/Authorize/"} {
			if got := overHTTP(t, with.gateway, request{method: "GET", target: below + path}); got.status != 404 {
				t.Errorf("%s below %s is answered %d", path, issuer, got.status)
			}
		}
	}
}

// TestAQueryTellsWhatItRepeats: whether the answer may be redirected depends on
// which parameter it was.
func TestAQueryTellsWhatItRepeats(t *testing.T) {
	p, repeated, err := endpoint.ParseQuery("client_id=a&state=x&client_id=b&state=y&state=&resource=r&resource=s&%63lient_id=c")
	if err != nil || p.Get("client_id") != "a" || p.Get("state") != "x" || len(p.All("resource")) != 2 || !slices.Equal(repeated, []string{"client_id", "state"}) {
		t.Errorf("it reads %v, repeated %v, %v", p, repeated, err)
	}
	for _, raw := range []string{"a=%zz", "a=%00", "a=%ff", strings.Repeat("a&", 300), strings.Repeat("a=b&", 257)} {
		if p, repeated, err := endpoint.ParseQuery(raw); err == nil || p.Len() > 0 || repeated != nil {
			t.Errorf("%.20q is read as %v, %v", raw, p, err)
		}
	}
}

// TestAPagesForm is read by the rules of the other endpoints; only its address
// may say what it likes.
func TestAPagesForm(t *testing.T) {
	d := page(t, defaultIssuer, func(w http.ResponseWriter, r *http.Request, _ *endpoint.Visit) error {
		p, err := endpoint.ReadPage(w, r)
		if err == nil {
			_, _ = fmt.Fprintf(w, "%s", p.Get("decision"))
		}
		return err
	}, func(w http.ResponseWriter, _ *http.Request, _ *endpoint.Visit, err error) {
		if answer := (*oauth.Error)(nil); errors.As(err, &answer) {
			w.WriteHeader(answer.Code.Status())
		}
	})
	json := post(endpoint.PathAuthorize, "{}")
	json.header[0] = "Content-Type: application/json"
	for _, tt := range []struct {
		name   string
		req    request
		status int
	}{
		{"a form", post(endpoint.PathAuthorize, "decision=allow"), 200},
		{"a form with a code in its address", post(endpoint.PathAuthorize+"?code=x&code=y", "decision=allow"), 200},
		{"a repeated decision", post(endpoint.PathAuthorize, "decision=deny&decision=allow"), 400},
		{"a malformed form", post(endpoint.PathAuthorize, "decision=%zz"), 400},
		{"another media type", json, 415},
		{"too much", post(endpoint.PathAuthorize, "decision=allow&x="+strings.Repeat("x", 64<<10)), 413},
		{"a GET", request{method: "GET", target: endpoint.PathAuthorize}, 405},
	} {
		got := overHTTP(t, d.gateway, tt.req)
		if got.status != tt.status || (tt.status == 200) != (got.body == "allow") {
			t.Errorf("%s is answered %s", tt.name, got.without())
		}
	}
}
