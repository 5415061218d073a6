package endpoint_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"rescind/shared/grant"
)

// victim is a client, and a grant that must stay as it is.
type victim struct {
	*deployment
	app    app
	tokens grant.Tokens
}

func newVictim(t *testing.T) victim {
	d := deploy(t, onSQLite{}, defaultIssuer)
	a := d.register("app", confidential())
	return victim{d, a, d.issue(a, "alice", scopeOf("read write"), nil)}
}

// badRequest is malformed input and its pinned answer.
type badRequest struct {
	name   string
	req    request
	status int
	word   string // of "error"; empty for a 200
	asked  bool   // whether the store may be asked
}

// TestBadInput: a pinned answer, within the time that is printed, and nothing changed.
func TestBadInput(t *testing.T) {
	v := newVictim(t)
	slowest, name := time.Duration(0), ""
	for _, bad := range append(append(v.badBodies(), v.badForms()...), v.badHeaders()...) {
		t.Run(bad.name, func(t *testing.T) {
			v.store.Reset()
			before := v.dump()
			got := overHTTP(t, v.gateway, bad.req)
			if got.took > slowest {
				slowest, name = got.took, bad.name
			}
			var body struct{ Error string }
			if err := json.Unmarshal([]byte(got.body), &body); err != nil && got.body != "" {
				t.Errorf("the body is no JSON: %s", got.body)
			}
			if got.status != bad.status || body.Error != bad.word {
				t.Errorf("the answer is %d %s and should be %d %s", got.status, body.Error, bad.status, bad.word)
			}
			if calls := v.store.Calls(); len(calls) > 0 && !bad.asked {
				t.Errorf("the store was asked: %v", calls)
			}
			if v.dump() != before {
				t.Error("something changed")
			}
		})
	}
	t.Logf("the slowest answer took %v: %s (to be under 100 ms)", slowest, name)
}

// to is a revocation of the victim's token by its client, but for what is given.
func (v victim) to(body string, header ...string) request {
	return post("/o/revoke_token/", body, append([]string{v.app.basic()}, header...)...)
}

func (v victim) badBodies() []badRequest {
	token := "token=" + reveal(v.tokens.Access)
	of := func(name, body string) badRequest {
		return badRequest{name: name, req: v.to(body), status: 400, word: "invalid_request"}
	}
	return []badRequest{
		of("an escape that is none", token+"%zz"),
		of("an escape cut short", token+"%4"),
		of("a lone percent sign", token+"&x=%"),
		of("an escape in a name", "tok%en=x"),
		of("an escaped NUL", token+"%00"),
		of("a bare NUL", token+"\x00"),
		of("a NUL in a name", "token\x00="+token),
		of("an escaped line break", token+"%0d%0a"),
		of("a bare line break", token+"\n"),
		of("a DEL", token+"\x7f"),
		of("UTF-8 that is none", token+"&x=\xff\xfe"),
		of("escaped UTF-8 that is none", token+"&x=%ff%fe"),
		of("an overlong NUL", token+"&x=%c0%80"),
		of("a surrogate in UTF-8", token+"&x=%ed%a0%80"),
		of("UTF-16", "t\x00o\x00k\x00e\x00n\x00=\x00x\x00"),
		of("JSON under a form's name", `{"token":"x"}`+"\n"),
		of("a multipart body under a form's name", "--b\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nx\r\n--b--"),
		of("257 parameters", many(257)),
		of("30,000 parameters", many(30000)[:65000]),
		{name: "100,000 parameters", req: v.to(many(100000)), status: 413, word: "invalid_request"},
		{name: "10 MB", req: v.to(strings.Repeat("a", 10<<20)), status: 413, word: "invalid_request"},
		{name: "10 MB of ampersands", req: v.to(strings.Repeat("&", 10<<20)), status: 413, word: "invalid_request"},
		{name: "a byte too many", req: v.to("x=" + strings.Repeat("a", 64<<10-1)), status: 413, word: "invalid_request"},
		{name: "64 KB of ampersands", req: v.to(strings.Repeat("&", 64<<10)), status: 400, word: "invalid_request", asked: true},
	}
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "x%d=&", i)
	}
	return b.String()
}

func (v victim) badForms() []badRequest {
	access, refresh := reveal(v.tokens.Access), reveal(v.tokens.Refresh)
	to := func(path, body string) request { return post(path, body, v.app.basic()) }
	bad := func(name string, req request, asked bool) badRequest {
		return badRequest{name: name, req: req, status: 400, word: "invalid_request", asked: asked}
	}
	return []badRequest{
		bad("a repeated token", v.to("token="+access+"&token="+access), false),
		bad("a repeated hint", v.to("token="+access+"&token_type_hint=a&token_type_hint=b"), false),
		bad("a misspelt token", v.to("tokn="+access), true),
		bad("a token in capitals", v.to("TOKEN="+access), true),
		bad("no body", v.to(""), true),
		bad("a body of one equals sign", v.to("="+access), true),
		bad("a misspelt grant_type", to("/o/token/", "grant-type=client_credentials"), true),
		bad("a misspelt refresh_token", to("/o/token/", "grant_type=refresh_token&refreshtoken="+refresh), true),
		bad("semicolons for ampersands", to("/o/token/", "x=y;grant_type=client_credentials"), true),
		{name: "a token of 500 characters at revocation", req: v.to("token=" + strings.Repeat("a", 500)), status: 200, asked: true},
		{name: "a token of 500 characters at introspection", req: to("/o/introspect/", "token="+strings.Repeat("a", 500)), status: 200, asked: true},
		{name: "a refresh token of 500 characters", req: to("/o/token/", "grant_type=refresh_token&refresh_token="+strings.Repeat("a", 500)), status: 400, word: "invalid_grant", asked: true},
		{name: "a token and more", req: v.to("token=" + access + "x"), status: 200, asked: true},
		{name: "a token with a space before it", req: v.to("token=+" + access), status: 200, asked: true},
		{name: "a token in the other case", req: v.to("token=" + strings.ToUpper(access)), status: 200, asked: true},
		{name: "a prefix alone", req: v.to("token=rsc_at_"), status: 200, asked: true},
		{name: "an access token under a refresh token's prefix", req: v.to("token=rsc_rt_" + access[7:]), status: 200, asked: true},
		{name: "a scope of 60,000 characters", req: to("/o/token/", "grant_type=client_credentials&scope="+strings.Repeat("a", 60000)), status: 400, word: "invalid_scope", asked: true},
		{name: "a resource of 60,000 characters", req: to("/o/token/", "grant_type=client_credentials&resource=https://"+strings.Repeat("a", 60000)), status: 400, word: "invalid_target", asked: true},
		{name: "a client_id of 60,000 characters", req: post("/o/token/", "client_id="+strings.Repeat("a", 60000)+"&client_secret=x"), status: 401, word: "invalid_client"},
		{name: "a client_id with a space", req: post("/o/token/", "client_id=a+b&client_secret=x"), status: 401, word: "invalid_client"},
		{name: "a client_id that is not ASCII", req: post("/o/token/", "client_id=%C3%A9&client_secret=x"), status: 401, word: "invalid_client"},
		{name: "a path that does not exist", req: to("/o/revoke", "token="+access), status: 404, word: "invalid_request"},
		{name: "a path with two slashes", req: to("//o/revoke_token/", "token="+access), status: 404, word: "invalid_request"},
		{name: "a path with dots", req: to("/o/x/../revoke_token/", "token="+access), status: 404, word: "invalid_request"},
		{name: "an endpoint in capitals", req: to("/O/Revoke_Token/", "token="+access), status: 404, word: "invalid_request"},
		{name: "a malformed query", req: to("/o/revoke_token/?%zz", "token="+access), status: 400, word: "invalid_request"},
	}
}

func (v victim) badHeaders() []badRequest {
	token := "token=" + reveal(v.tokens.Access)
	var all []badRequest
	for _, basic := range []struct{ name, value string }{
		{"Basic and no more", "Basic"},
		{"Basic and a space", "Basic "},
		{"Basic cut short", "Basic YQ"},
		{"Basic that is not base64", "Basic %%%"},
		{"Basic without a colon", "Basic " + base64.StdEncoding.EncodeToString([]byte(v.app.id))},
		{"Basic with an empty pair", "Basic Og=="},
		{"Basic with a secret only", "Basic " + base64.StdEncoding.EncodeToString([]byte(":"+v.app.text.Reveal()))},
		{"Basic with a NUL", "Basic " + base64.StdEncoding.EncodeToString([]byte("\x00:\x00"))},
		{"Basic with UTF-8 that is none", "Basic " + base64.StdEncoding.EncodeToString([]byte("\xff:\xff"))},
		{"Basic with a long id", "Basic " + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", 9000)+":x"))},
		{"a scheme that is not known", "Negotiate YQ=="},
		{"an Authorization of one space", " "},
		{"a secret without a scheme", v.app.text.Reveal()},
	} {
		all = append(all, badRequest{name: basic.name, status: 401, word: "invalid_client",
			req: post("/o/revoke_token/", token, "Authorization: "+basic.value)})
	}
	for _, media := range []string{"text/plain", "application/json", "multipart/form-data; boundary=b", "application/x-www-form-urlencoded,text/plain",
		"application/x-www-form-urlencoded; charset", "x", "application/x-www-form-urlencoded-not"} {
		req := v.to(token)
		req.header[0] = "Content-Type: " + media
		all = append(all, badRequest{name: "the media type " + media, req: req, status: 415, word: "invalid_request"})
	}
	twice := v.to(token, "Content-Type: application/x-www-form-urlencoded")
	all = append(all, badRequest{name: "two media types", req: twice, status: 415, word: "invalid_request"})
	for _, method := range []string{"GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "post", "X"} {
		req := v.to(token)
		req.method = method
		all = append(all, badRequest{name: "the method " + method, req: req, status: 405, word: "invalid_request"})
	}
	return all
}

// TestABodyThatBreaksOff is the sender's fault, not an outage.
func TestABodyThatBreaksOff(t *testing.T) {
	v := newVictim(t)
	before := v.dump()
	for _, length := range []int64{-1, 100} {
		r := httptest.NewRequest(http.MethodPost, "/o/revoke_token/", iotest.ErrReader(errors.New("reset by peer")))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.ContentLength = length
		w := httptest.NewRecorder()
		v.gateway.ServeHTTP(w, r)
		if w.Code != 400 || !strings.Contains(w.Body.String(), `"invalid_request"`) {
			t.Errorf("with a length of %d the answer is %d %s", length, w.Code, w.Body)
		}
	}
	if v.dump() != before {
		t.Error("something changed")
	}
}

// TestABodyInChunks is one whose length nobody told.
func TestABodyInChunks(t *testing.T) {
	v := newVictim(t)
	for _, tt := range []struct {
		name, body string
		status     int
	}{
		{"within the limit", "token=unknown", 200},
		{"at the limit", "token=" + strings.Repeat("a", 64<<10-len("token=")), 200},
		{"beyond the limit", "token=" + strings.Repeat("a", 64<<10), 413},
		{"far beyond the limit", strings.Repeat("a", 10<<20), 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			head := "POST /o/revoke_token/ HTTP/1.1\r\nHost: x\r\n" + v.app.basic() +
				"\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
			raw := fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", head, len(tt.body), tt.body)
			answer, _, err := exchange(v.gateway, "192.0.2.1", []byte(raw))
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("HTTP/1.1 %d ", tt.status); !strings.HasPrefix(string(answer), want) {
				t.Errorf("the answer is %.60s and should begin %s", answer, want)
			}
		})
	}
}
