package browser_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rescind/shared/browser"
)

// FuzzAuthorize: whatever somebody asks, and whatever cookie they bring, the
// answer is a page or leads to the client's own redirect URI or to sign-in, and
// nothing is an outage.
func FuzzAuthorize(f *testing.F) {
	good := strings.TrimPrefix(request(), "/o/authorize/?")
	f.Add(good, "")
	f.Add(good+"&state=2", "rescind-session=rsc_se_")
	f.Add(strings.Replace(good, "app.example.com", "evil.example", 1), "rescind-session=x; rescind-session=y")
	f.Add("client_id=web&redirect_uri=https://app.example.com/cb%0d%0aX:y", "rescind-form=\"\"")
	f.Add("%zz&&=&client_id", "rescind-upstream=1~a~b~c~d~e~f~g")
	f.Add("client_id=phone&redirect_uri=http://127.0.0.1:99999/cb&response_type=code&code_challenge=x", ";;;")
	sc := newScene(f)
	f.Fuzz(func(t *testing.T, query, cookie string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, sc.server.URL+"/o/authorize/", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.URL.RawQuery = query
		r.Header["Cookie"] = []string{cookie}
		w := httptest.NewRecorder()
		sc.handler.ServeHTTP(w, r)
		switch to := w.Header().Get("Location"); {
		case w.Code == http.StatusSeeOther:
			u, err := url.Parse(to)
			own := err == nil && u.Host == "" && u.Path == "/o/sign_in/"
			if !own && !strings.HasPrefix(to, callback+"?") && !strings.HasPrefix(to, "http://127.0.0.1") && !strings.HasPrefix(to, "com.example.app:/cb") {
				t.Errorf("%q leads to %q", query, to)
			}
		case w.Code != http.StatusBadRequest || to != "":
			t.Errorf("%q gives %d to %q", query, w.Code, to)
		}
	})
}

// FuzzNext: after signing in one is at an authorization request of this site or
// at the page of what one authorized.
func FuzzNext(f *testing.F) {
	for _, next := range []string{"", "/o/authorized_tokens/", request(), "//evil.example", "/o/authorize/?a=%0d%0a", "/o/authorize/?prompt=login&max_age=%31&prompt=none"} {
		f.Add(next)
	}
	sc := newScene(f)
	f.Fuzz(func(t *testing.T, next string) {
		after, ok := browser.GoesTo(sc.service, next)
		if !ok {
			return
		}
		u, err := url.Parse(after)
		if err != nil || u.Scheme != "" || u.Host != "" || u.Path != "/o/authorize/" && u.Path != "/o/authorized_tokens/" || strings.ContainsAny(after, "\r\n\t ") {
			t.Errorf("%q leads to %q", next, after)
		}
	})
}
