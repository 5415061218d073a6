package page_test

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"rescind/shared/page"
)

// fill sets every string of a view to s, those in slices and structs too, but
// not the names that choose a branch of the template.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i), s)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), s)
		}
	}
}

// filled is every page with s wherever a string goes.
func filled(t *testing.T, p *page.Pages, lang, s string) map[string]*httptest.ResponseRecorder {
	t.Helper()
	out := map[string]*httptest.ResponseRecorder{}
	show := func(name string, v any, write func(w http.ResponseWriter)) {
		fill(reflect.ValueOf(v).Elem(), s)
		out[name] = httptest.NewRecorder()
		write(out[name])
	}
	var signIn page.SignIn
	show("sign in", &signIn, func(w http.ResponseWriter) { p.SignIn(w, lang, signIn) })
	var consent page.Consent
	show("consent", &consent, func(w http.ResponseWriter) { p.Consent(w, lang, consent) })
	var authorized page.Authorized
	show("authorized", &authorized, func(w http.ResponseWriter) { p.Authorized(w, lang, authorized) })
	var signedOut page.SignedOut
	show("signed out", &signedOut, func(w http.ResponseWriter) { p.SignedOut(w, lang, signedOut) })
	var fault page.Error
	show("error", &fault, func(w http.ResponseWriter) { p.Error(w, lang, fault) })
	return out
}

// TestWhateverIsShownIsEscaped puts attacks in every string of every page: the
// page's elements and headers stay what they are with a harmless string.
func TestWhateverIsShownIsEscaped(t *testing.T) {
	p := newPages(t)
	for _, tt := range []struct{ name, s string }{
		{"an element", `<script>alert(1)</script>`},
		{"out of an attribute", `"><img src=x onerror=alert(1)>`},
		{"out of a single-quoted attribute", `' onfocus='alert(1)' autofocus='`},
		{"out of an unquoted attribute", `x onfocus=alert(1) `},
		{"a script's URL", `javascript:alert(1)`},
		{"a script's URL, broken up", "java\nscript:alert(1)"},
		{"a document's URL", `data:text/html,<script>alert(1)</script>`},
		{"end of the title", `</title><base href="https://evil.example/">`},
		{"a comment", `<!--`},
		{"a placeholder of ours", `{client}{account}{wait}`},
		{"an action of the template's", `{{.V}}{{define "x"}}`},
		{"a header", "x\r\nSet-Cookie: a=b"},
		{"a directive", "https://x.example; script-src *"},
		{"bytes that are no UTF-8", "\xff\xfe<\xc0\xbc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			harmless := filled(t, p, "en", "harmless")
			for name, w := range filled(t, p, "en", tt.s) {
				got, want := parse(t, w.Body.String()), parse(t, harmless[name].Body.String())
				if len(got) != len(want) {
					t.Fatalf("%s: %d elements, and %d with a harmless string", name, len(got), len(want))
				}
				for i := range got {
					if got[i].name != want[i].name || len(got[i].attr) != len(want[i].attr) {
						t.Errorf("%s: %v stands for %v", name, got[i], want[i])
					}
					for _, where := range []string{"href", "action"} {
						if u := strings.ToLower(got[i].attr[where]); strings.HasPrefix(u, "javascript:") || strings.HasPrefix(u, "data:") {
							t.Errorf("%s: %s leads to %q", name, where, u)
						}
					}
				}
				h := w.Header()
				if h.Get("Set-Cookie") != "" || strings.Contains(h.Get("Content-Security-Policy"), "script-src") {
					t.Errorf("%s: headers %v", name, h)
				}
			}
		})
	}
}

// TestANameCannotPoseAsOurText: what hides or turns text is dropped, what is
// long is cut, and a name stands isolated.
func TestANameCannotPoseAsOurText(t *testing.T) {
	for _, tt := range []struct{ name, client, want string }{
		{"a plain name", "Notes", "Notes"},
		{"letters of other scripts", "Überblick 日本 ملاحظات 🗒", "Überblick 日本 ملاحظات 🗒"},
		{"a text turned around", "Notes \u202egro.live\u202c", "Notes gro.live"},
		{"isolates of its own", "\u2067Notes\u2069", "Notes"},
		{"invisible letters", "N\u200bo\u00adt\u3164e\u2060s", "Notes"},
		{"line breaks and wide gaps", "Notes\r\n\r\n   wants\u2028nothing\u3000", "Notes wants nothing"},
		{"control characters", "No\x00t\x1b[31mes", "Not[31mes"},
		{"80 characters", strings.Repeat("é", 80), strings.Repeat("é", 80)},
		{"more than 80 characters", strings.Repeat("é", 81), strings.Repeat("é", 80) + "…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := write(t, func(p *page.Pages, w http.ResponseWriter) { p.Consent(w, "en", page.Consent{Client: tt.client}) })
			if want := "<h1><strong><bdi>" + tt.want + "</bdi></strong> asks"; !strings.Contains(w.Body.String(), want) {
				t.Errorf("no %q in\n%s", want, w.Body)
			}
		})
	}
}
