package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/webform"
)

// person is somebody with a browser that keeps cookies and follows redirects.
type person struct {
	t  *testing.T
	hc *http.Client
}

func newPerson(t *testing.T) person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return person{t, &http.Client{Jar: jar, Timeout: startLimit}}
}

// open gives a page.
func (p person) open(at string) string {
	p.t.Helper()
	resp, err := p.hc.Get(at)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.read(resp)
}

func (p person) read(resp *http.Response) string {
	p.t.Helper()
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(body)
}

// send fills the page's form that leads to a path and holds a text, and gives
// the page that follows.
func (p person) send(base, page, path, holds string, more url.Values) string {
	p.t.Helper()
	values, err := webform.Find(page, path, holds)
	if err != nil {
		p.t.Fatalf("%v:\n%s", err, page)
	}
	for name := range more {
		values.Set(name, more.Get(name))
	}
	resp, err := p.hc.PostForm(base+path, values)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.read(resp)
}

var requestAddress = regexp.MustCompile(`http://[^\s]*/o/authorize/\?[^\s]*`)

// authorizeInBackground runs the command and gives the address that it prints,
// and what it comes to.
func (w *world) authorizeInBackground(stdin string, args ...string) (string, chan outcome) {
	w.t.Helper()
	printed, done := &screen{}, make(chan outcome, 1)
	go func() {
		var stdout bytes.Buffer
		status := Run(w.t.Context(), append([]string{"authorize"}, args...), strings.NewReader(stdin), &stdout, printed, noEnvironment)
		done <- outcome{status, stdout.String(), printed.String()}
	}()
	for end := time.Now().Add(startLimit); ; time.Sleep(5 * time.Millisecond) {
		if at := requestAddress.FindString(printed.String()); at != "" {
			return at, done
		}
		if time.Now().After(end) {
			w.t.Fatalf("no address was printed: %s", printed.String())
		}
	}
}

func TestAuthorizeAndCut(t *testing.T) {
	w := newWorld(t)
	s := start(t, w.store)
	c := w.json("client", "create", "--name", "Notes", "--type", "public", "--grant-types", "authorization_code,refresh_token",
		"--redirect-uri", "http://127.0.0.1/callback", "--scopes", "read write", "--default-scopes", "read")
	id := text(t, c, "client_id")
	w.okWith("a long enough password", "user", "create", "ann@example.com", "--password-stdin")

	at, done := w.authorizeInBackground("", "--client", id, "--issuer", s.url, "--scopes", "read write", "--json")
	ann := newPerson(t)
	consent := ann.send(s.url, ann.open(at), "/o/sign_in/", "password", url.Values{"email": {"ann@example.com"}, "password": {"a long enough password"}})
	if end := ann.send(s.url, consent, "/o/authorize/", "decision", url.Values{"decision": {"allow"}}); !strings.Contains(end, "close this window") {
		t.Errorf("the browser ends at\n%s", end)
	}
	got := <-done
	if got.status != 0 {
		t.Fatal(got)
	}
	tokens := object(t, got.stdout)
	if text(t, tokens, "scope") != "read write" || strings.Contains(got.stderr, "rsc_") {
		t.Errorf("it prints %v", got)
	}
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {text(t, tokens, "refresh_token")}, "client_id": {id}}
	if resp, err := http.PostForm(s.url+"/o/token/", refresh); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp, err)
	} else {
		refresh.Set("refresh_token", text(t, object(t, ann.read(resp)), "refresh_token"))
	}
	apps := ann.open(s.url + "/o/authorized_tokens/")
	after := ann.send(s.url, apps, "/o/authorized_tokens/", `value="`+id+`"`, nil)
	if strings.Contains(after, `value="`+id+`"`) || !strings.Contains(after, "Notes") {
		t.Errorf("the page after cutting is\n%s", after)
	}
	resp, err := http.PostForm(s.url+"/o/token/", refresh)
	if err != nil {
		t.Fatal(err)
	}
	if body := ann.read(resp); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "invalid_grant") {
		t.Errorf("after cutting a refresh gives %d %s", resp.StatusCode, body)
	}
	// Somebody who refuses.
	at, done = w.authorizeInBackground("", "--client", id, "--issuer", s.url)
	if end := ann.send(s.url, ann.open(at), "/o/authorize/", "decision", url.Values{"decision": {"deny"}}); strings.Contains(end, "Done") || !strings.Contains(end, "terminal") {
		t.Errorf("after a refusal the browser ends at\n%s", end)
	}
	if got := <-done; got.status == 0 || !strings.Contains(got.stderr, "access_denied") || got.stdout != "" {
		t.Errorf("a refusal ends as %v", got)
	}
}

// TestAuthorizeWaitsOutStrangers: what does not bear its state ends nothing, and
// another server's answer is no answer.
func TestAuthorizeWaitsOutStrangers(t *testing.T) {
	w := newWorld(t)
	s := start(t, w.store)
	c := w.json("client", "create", "--name", "Notes", "--type", "public", "--grant-types", "authorization_code",
		"--redirect-uri", "http://127.0.0.1/callback", "--scopes", "read")
	at, done := w.authorizeInBackground("", "--client", text(t, c, "client_id"), "--issuer", s.url)
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	back, p := u.Query().Get("redirect_uri"), newPerson(t)
	for _, stranger := range []string{"?code=x", "?code=x&state=y&iss=" + url.QueryEscape(s.url), "/other?code=x"} {
		if page := p.open(back + stranger); strings.Contains(page, "close this window") {
			t.Errorf("%s is taken", stranger)
		}
	}
	p.open(back + "?code=x&iss=https%3A%2F%2Fevil.example&state=" + url.QueryEscape(u.Query().Get("state")))
	if got := <-done; got.status == 0 || !strings.Contains(got.stderr, "another server") {
		t.Errorf("another issuer's answer ends as %v", got)
	}
}

func TestAuthorizeRefusesWrongLines(t *testing.T) {
	w := newWorld(t)
	s := start(t, w.store)
	for _, args := range [][]string{
		{}, {"--client", "a b"}, {"--client", "x", "--issuer", "ftp://x"}, {"--client", "x", "--secret", "hush"},
		{"--client", "x", "--issuer", s.url + "/other"}, {"--client", "x", "--issuer", strings.Replace(s.url, "localhost", "127.0.0.1", 1)},
	} {
		if o := run(t, "", append([]string{"authorize"}, args...)...); o.status == 0 {
			t.Errorf("%q succeeds", args)
		}
	}
	alias := strings.Replace(s.url, "localhost", "127.0.0.1", 1)
	if o := run(t, "", "authorize", "--client", "x", "--issuer", alias); !strings.Contains(o.stderr, "--issuer "+s.url) {
		t.Errorf("the issuer is not named: %s", o.stderr)
	}
}
