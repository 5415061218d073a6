package lambdahttp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"rescind/shared/lambdahttp"
)

// FuzzRoundTrip holds the adapter against net/http itself: a request that
// http.ReadRequest reads off the wire must be the one that the handler sees
// after the way through a gateway's event, in both formats; and the handler's
// answer must come out of the gateway as it went in.
func FuzzRoundTrip(f *testing.F) {
	f.Add("POST", "/o/token/?a=1&a=2", "Content-Type: application/x-www-form-urlencoded\r\n", []byte(form), "$default", uint16(200), "application/json", "no-store", []byte(`{"active":false}`))
	f.Add("GET", "/.well-known/oauth-authorization-server", "Accept: */*\r\nX-A: 1\r\nx-a: 2, 3\r\nCookie: a=1; b=2\r\n", []byte(nil), "dev", uint16(401), "", `Basic realm="a, b"`, []byte(nil))
	f.Add("HEAD", "/a%2Fb/%41//c;d?x=%zz&y=%26+%20&=&z;w", "Cookie: a=1\r\nCookie: b=2\r\n", []byte("\x00\xff"), "o", uint16(204), "image/png", "x", []byte("\x89PNG"))
	f.Add("POST", "//double/slash?", "X-Empty:\r\nTransfer-Encoding: identity\r\n", []byte("ä"), "prod", uint16(503), "text/plain; charset=latin1", "é", []byte("<&>"))
	f.Fuzz(func(t *testing.T, method, target, headers string, body []byte, stage string, status uint16, contentType, value string, answer []byte) {
		m, ok := onTheWire(method, target, headers, body, stage)
		if !ok {
			return
		}
		want := reply{200 + int(status)%400, http.Header{}, answer, false}
		if !printable(contentType) || !printable(value) {
			return
		}
		if contentType != "" {
			want.header.Set("Content-Type", contentType)
		}
		want.header["Www-Authenticate"] = []string{value, "Bearer"}
		want.header["Set-Cookie"] = []string{"a=" + value, "b=2"}

		for _, format20 := range []bool{true, false} {
			var got *http.Request
			h := lambdahttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r
				for name, values := range want.header {
					w.Header()[name] = values
				}
				w.WriteHeader(want.status)
				_, _ = w.Write(want.body)
			}))
			event := m.event10(t, utf8.Valid(body))
			if format20 {
				event = m.event20(t)
			}
			out, err := h.Invoke(context.Background(), event)
			if err != nil {
				t.Fatalf("%v: %s", err, event)
			}
			compareRequest(t, got, m, format20)
			compareReply(t, decodeAnswer(t, out, format20), want, m.method, format20)
		}
	})
}

// onTheWire reads a request's text with net/http. It reports false for what
// net/http refuses and for what JSON cannot carry, so that no gateway could
// have sent it as an event.
func onTheWire(method, target, headers string, body []byte, stage string) (m message, ok bool) {
	text := method + " " + target + " HTTP/1.1\r\nHost: as.example:8443\r\n" + headers + "\r\n"
	if !utf8.ValidString(text) || strings.HasPrefix(headers, "\r\n") || strings.Contains(headers, "\r\n\r\n") {
		return m, false
	}
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
	if err != nil || r.URL.Host != "" || !strings.HasPrefix(target, "/") || r.Method == "CONNECT" || r.Host != "as.example:8443" {
		return m, false
	}
	if stage == "" || strings.ContainsAny(stage, "/%?# ") || !printable(stage) {
		stage = "$default"
	}
	for name := range r.Header { // http.ReadRequest takes them, http.Server does not
		if strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) }) {
			return m, false
		}
	}
	path, query, _ := strings.Cut(target, "?")
	header := r.Header.Clone()
	header.Set("Host", r.Host)
	if first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); first == stage {
		stage = "$default" // the one ambiguity, documented: such a stage is not to be used
	}
	parsed, _ := url.ParseQuery(query) // what is sound in it, which is what handlers see
	for name, values := range parsed {
		if !utf8.ValidString(name + strings.Join(values, "")) {
			return m, false
		}
	}
	return message{r.Method, path, query, header, body, "2001:db8::1", stage, "request-id"}, true
}

// printable tells whether a header value stands unchanged in HTTP and in JSON.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsAny(s, "\r\n")
}

func compareRequest(t *testing.T, got *http.Request, m message, format20 bool) {
	t.Helper()
	want, err := url.ParseRequestURI(m.path)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "method", got.Method, m.method)
	equal(t, "path", got.URL.Path, want.Path)
	equal(t, "escaped path", got.URL.EscapedPath(), want.EscapedPath())
	equal(t, "host", got.Host, "as.example:8443")
	equal(t, "remote", got.RemoteAddr, "[2001:db8::1]:0")
	equal(t, "request id", lambdahttp.RequestID(got.Context()), m.id)
	equal(t, "proto", got.Proto, "HTTP/1.1")
	wantQuery, _ := url.ParseQuery(m.query)
	if format20 {
		equal(t, "raw query", got.URL.RawQuery, m.query)
	} else {
		equal(t, "query", got.URL.Query(), wantQuery)
	}

	wantHeader := m.header.Clone()
	wantHeader.Del("Host")
	wantHeader.Del("Transfer-Encoding")
	if format20 {
		for name, values := range wantHeader {
			joiner := ","
			if name == "Cookie" {
				joiner = "; "
			}
			wantHeader[name] = []string{strings.Join(values, joiner)}
		}
	}
	equal(t, "header", got.Header, wantHeader)

	body, err := io.ReadAll(got.Body)
	if err != nil || !bytes.Equal(body, m.body) || got.ContentLength != int64(len(m.body)) {
		t.Fatalf("body %q (length %d, error %v), want %q", body, got.ContentLength, err, m.body)
	}
}

func compareReply(t *testing.T, got, want reply, method string, format20 bool) {
	t.Helper()
	equal(t, "status", got.status, want.status)
	header := want.header.Clone()
	if format20 {
		header.Set("Www-Authenticate", strings.Join(header["Www-Authenticate"], ", "))
	}
	equal(t, "answer's header", got.header, header)
	body := want.body
	if method == "HEAD" || want.status == 204 || want.status == 304 {
		body = nil
	}
	if !bytes.Equal(got.body, body) {
		t.Fatalf("answer's body %q, want %q", got.body, body)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s: %#v, want %#v", what, got, want)
	}
}

// FuzzInvoke feeds arbitrary bytes: every input is answered or refused with
// ErrEvent, and nothing panics.
func FuzzInvoke(f *testing.F) {
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no event files (%v)", err)
	}
	for _, file := range files {
		event, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(event)
	}
	f.Add([]byte(`{"version":"2.0","rawPath":"%zz\u0000?","requestContext":{"stage":"%","http":{"method":"\u0000","protocol":"HTTP/9.9","sourceIp":"::"}}}`))
	f.Add([]byte(`null`))
	slog.SetDefault(slog.New(slog.DiscardHandler))
	f.Fuzz(func(t *testing.T, event []byte) {
		h := lambdahttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil || int64(len(body)) != r.ContentLength {
				t.Errorf("read %d bytes of %d: %v", len(body), r.ContentLength, err)
			}
			if !strings.HasPrefix(r.URL.Path, "/") || r.RequestURI == "" {
				t.Errorf("path %q, request URI %q", r.URL.Path, r.RequestURI)
			}
			_ = r.ParseForm()
			w.Header().Set("X-Path", strconv.Quote(r.URL.Path))
			_, _ = w.Write(body)
		}))
		out, err := h.Invoke(context.Background(), event)
		if err != nil {
			if !errors.Is(err, lambdahttp.ErrEvent) || out != nil {
				t.Fatalf("answer %q, error %v", out, err)
			}
			return
		}
		if !bytes.Contains(out, []byte(`"statusCode":200`)) {
			t.Fatalf("answered %s", out)
		}
	})
}
