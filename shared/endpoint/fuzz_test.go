package endpoint_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"rescind/internal/clauses"
	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
)

// target is what fuzzed requests are sent to. In them, words in braces stand
// for what only a real client can know.
type target struct {
	*deployment
	app, spa     app
	tokens, spas grant.Tokens
}

func newTarget(f *testing.F) *target {
	d := deploy(f, onMemory{}, defaultIssuer)
	d.service.Auth = client.NewAuthenticator(d.clock.Now, client.NewAttempts(1<<40, time.Second)) // guesses must not hide the rest
	d.gateway = gatewayOf(f, d.service, d.store)
	p := confidential()
	p.Scope, p.Audience = scopeOf("read write introspection"), []string{"https://a.example"}
	g := &target{deployment: d, app: d.register("app", p), spa: d.register("spa", public())}
	g.renew(f)
	return g
}

// renew gives the clients tokens that nobody has used.
func (g *target) renew(t testing.TB) {
	d := *g.deployment
	d.TB = t
	g.tokens = d.issue(g.app, "alice", scopeOf("read write"), []string{"https://a.example"})
	g.spas = d.issue(g.spa, "alice", scopeOf("read"), nil)
}

func (g *target) fill(raw string) string {
	return strings.NewReplacer("{app}", g.app.id, "{spa}", g.spa.id, "{secret app}", g.app.text.Reveal(),
		"{basic app}", strings.TrimPrefix(g.app.basic(), "Authorization: Basic "),
		"{access}", reveal(g.tokens.Access), "{refresh}", reveal(g.tokens.Refresh),
		"{spa access}", reveal(g.spas.Access), "{spa refresh}", reveal(g.spas.Refresh)).Replace(raw)
}

// FuzzRequest sends whole requests to the gateway: never a panic, never 5xx,
// nothing changed but by a 200, and no secret in a log or an error.
func FuzzRequest(f *testing.F) {
	for _, seed := range requestSeeds(f) {
		f.Add(seed)
	}
	g := newTarget(f)
	logs.cut(f)
	f.Fuzz(func(t *testing.T, raw string) {
		r := readRequest(g.fill(raw))
		if r == nil {
			return // net/http answers what is no HTTP
		}
		g.store.Reset()
		g.audit.Take()
		w := httptest.NewRecorder()
		g.gateway.ServeHTTP(w, r)
		checkAnswer(t, w)
		if writes(g) && (w.Code == 200 || g.reused()) {
			g.renew(t)
		} else if writes(g) {
			t.Errorf("a request that is answered %d wrote: %v", w.Code, g.store.Calls())
		}
		if said := logs.since(0); strings.Contains(said, `"msg":"panic"`) || strings.Contains(said, `"msg":"outage"`) {
			t.Errorf("logged: %s", said)
		}
		logs.cut(t)
	})
}

// readRequest reads a request as net/http does. Where it tells no length, all
// that follows the head is its body.
func readRequest(raw string) *http.Request {
	rest := bufio.NewReader(strings.NewReader(raw))
	r, err := http.ReadRequest(rest)
	if err != nil {
		return nil
	}
	r.RemoteAddr = "192.0.2.1:1"
	if r.Header.Get("Content-Length") == "" && len(r.TransferEncoding) == 0 {
		body, _ := io.ReadAll(rest) // of a string: cannot fail
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	}
	return r
}

func writes(g *target) bool {
	for _, v := range g.store.Calls() {
		if v.Writes() {
			return true
		}
	}
	return false
}

// reused tells whether the refusal was the one that writes.
func (g *target) reused() bool {
	for _, e := range g.audit.Take() {
		if e.Action == audit.Reuse {
			return true
		}
	}
	return false
}

func checkAnswer(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	text := w.Body.String()
	if w.Code >= 500 || w.Code < 200 {
		t.Errorf("the status is %d", w.Code)
	}
	if text != "" && !json.Valid(w.Body.Bytes()) {
		t.Errorf("the body is no JSON: %s", text)
	}
	if w.Code < 300 {
		made.values(text)
		return
	}
	var body struct{ Error string }
	_ = json.Unmarshal(w.Body.Bytes(), &body) // valid, as just seen, or empty with 304
	if body.Error == "" && w.Code != 304 {
		t.Errorf("%d without an error: %s", w.Code, text)
	}
	if valueForm.MatchString(text) || made.in([]byte(text)) != "" {
		t.Errorf("a value of ours in an error: %s", text)
	}
}

// seedEvery keeps the seeds few: a fuzzer runs each before it begins.
const seedEvery = 16

// requestSeeds are some requests of the clause files, and some malformed ones.
func requestSeeds(f *testing.F) []string {
	all, err := clauses.All(os.DirFS("testdata"), "clauses")
	if err != nil {
		f.Fatal(err)
	}
	var seeds []string
	n := 0
	for _, c := range all {
		for _, s := range c.Sections {
			if s.Kind != clauses.Request || strings.HasPrefix(s.Lines[0], "@") {
				continue
			}
			if n++; n%seedEvery == 0 {
				seeds = append(seeds, seedOf(s.Lines))
			}
		}
	}
	form := "Content-Type: application/x-www-form-urlencoded\r\n"
	return append(seeds,
		"POST /o/token/ HTTP/1.1\r\nHost: x\r\n"+form+"Content-Length: 5\r\n\r\na",
		"POST /o/token/ HTTP/1.1\r\nHost: x\r\n"+form+"Transfer-Encoding: chunked\r\n\r\n5\r\na=b&c\r\n0\r\n\r\n",
		"POST /o/token/ HTTP/1.1\r\nHost: x\r\n"+form+"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		"POST /o/token/?a=%zz HTTP/1.1\r\nHost: x\r\n"+form+"Content-Length: 0\r\n\r\n",
		"POST /o/revoke_token/ HTTP/1.1\r\nHost: x\r\nX-Request-Id: {access}\r\n"+form+"Content-Length: 29\r\n\r\nclient_id={spa}&token={access}",
		"GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\n",
		"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "FOO {access} HTTP/1.1\r\n\r\n", "GET http://x/{refresh} HTTP/1.1\r\n\r\n", "")
}

// seedOf writes a clause's request as HTTP, but for its length: the braces are
// still to be filled.
func seedOf(lines []string) string {
	head, body, _ := strings.Cut(strings.Join(lines, "\n"), "\n\n")
	first, headers, _ := strings.Cut(head, "\n")
	if headers != "" {
		headers = strings.ReplaceAll(headers, "\n", "\r\n") + "\r\n"
	}
	return first + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n" + body
}
