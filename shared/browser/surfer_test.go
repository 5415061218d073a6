package browser_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"rescind/internal/testkit/webform"
)

// surfer is a browser: it keeps cookies, and follows no redirect by itself.
type surfer struct {
	sc     *scene
	jar    http.CookieJar
	header http.Header
}

func (sc *scene) surfer() *surfer {
	jar, err := cookiejar.New(nil)
	if err != nil {
		sc.t.Fatal(err)
	}
	return &surfer{sc: sc, jar: jar, header: http.Header{}}
}

// seen is an answer, read whole.
type seen struct {
	status   int
	header   http.Header
	location *url.URL // nil where there is none
	body     string
}

func (s *surfer) do(method, to string, form url.Values) seen {
	t := s.sc.t
	t.Helper()
	if strings.HasPrefix(to, "/") {
		to = s.sc.server.URL + to
	}
	req, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range s.header {
		req.Header[name] = values
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	hc := &http.Client{Jar: s.jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := seen{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if l := resp.Header.Get("Location"); l != "" {
		if out.location, err = url.Parse(l); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func (s *surfer) get(to string) seen                   { return s.do(http.MethodGet, to, nil) }
func (s *surfer) post(to string, form url.Values) seen { return s.do(http.MethodPost, to, form) }

// form gives the hidden fields of the page's form that leads to a path and
// holds a text.
func (sn seen) form(t testing.TB, action, holds string) url.Values {
	t.Helper()
	values, err := webform.Find(sn.body, action, holds)
	if err != nil {
		t.Fatalf("status %d, %v:\n%s", sn.status, err, sn.body)
	}
	return values
}

// request is an authorization request's address, changed by pairs.
func request(pairs ...string) string {
	q := url.Values{"client_id": {"web"}, "response_type": {"code"}, "redirect_uri": {callback}, "state": {"a b&c"},
		"code_challenge": {challenge}, "code_challenge_method": {"S256"}}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			q.Del(pairs[i])
		} else {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return "/o/authorize/?" + q.Encode()
}

// signIn goes through the sign-in page on the way to next.
func (s *surfer) signIn(next string) seen {
	s.sc.t.Helper()
	return s.signInAs(next, email, password)
}

func (s *surfer) signInAs(next, email, password string) seen {
	s.sc.t.Helper()
	to := "/o/sign_in/"
	if next != "" {
		to += "?" + url.Values{"next": {next}}.Encode()
	}
	form := s.get(to).form(s.sc.t, "/o/sign_in/", "password")
	form.Set("email", email)
	form.Set("password", password)
	return s.post("/o/sign_in/", form)
}

// consent opens a request and presses a button of the consent page.
func (s *surfer) consent(request, decision string) seen {
	s.sc.t.Helper()
	form := s.get(request).form(s.sc.t, "/o/authorize/", "decision")
	form.Set("decision", decision)
	return s.post("/o/authorize/", form)
}

// code gives the code of an answer that leads to the client.
func (sn seen) code(t testing.TB) string {
	t.Helper()
	if sn.status != http.StatusSeeOther || sn.location == nil || sn.location.Query().Get("code") == "" {
		t.Fatalf("no code but %d to %v", sn.status, sn.location)
	}
	return sn.location.Query().Get("code")
}
