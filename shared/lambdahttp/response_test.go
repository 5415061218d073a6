package lambdahttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"testing"

	"rescind/shared/lambdahttp"
)

const (
	get20  = `{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"GET"}}}`
	head20 = `{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"HEAD"}}}`
	get10  = `{"httpMethod":"GET","path":"/"}`
)

// replyTo runs h on an event and reads its answer.
func replyTo(t testing.TB, event string, h http.HandlerFunc) reply {
	t.Helper()
	out, err := lambdahttp.Handler(h).Invoke(context.Background(), []byte(event))
	if err != nil {
		t.Fatal(err)
	}
	return decodeAnswer(t, out, event != get10)
}

func TestRepeatedHeadersAreKept(t *testing.T) {
	h := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("WWW-Authenticate", `Basic realm="a"`)
		w.Header().Add("WWW-Authenticate", `Bearer realm="b"`)
		w.Header().Add("Set-Cookie", "a=1; Path=/, x")
		w.Header()["set-cookie"] = []string{"b=2"}
		w.Header().Set("X-Break", "one\r\nX-Injected: two")
		w.Header()["X-None"] = nil
		w.WriteHeader(http.StatusUnauthorized)
	}
	cookies := func(r reply) map[string]bool {
		got := map[string]bool{}
		for _, c := range r.header["Set-Cookie"] {
			got[c] = true
		}
		return got
	}
	for event, want := range map[string][]string{
		get20: {`Basic realm="a", Bearer realm="b"`},
		get10: {`Basic realm="a"`, `Bearer realm="b"`},
	} {
		got := replyTo(t, event, h)
		if got.status != http.StatusUnauthorized || !reflect.DeepEqual(got.header["Www-Authenticate"], want) {
			t.Errorf("%s: %d %q, want 401 %q", event, got.status, got.header["Www-Authenticate"], want)
		}
		if !reflect.DeepEqual(cookies(got), map[string]bool{"a=1; Path=/, x": true, "b=2": true}) {
			t.Errorf("%s: cookies %q", event, got.header["Set-Cookie"])
		}
		if got.header.Get("X-Break") != "one  X-Injected: two" || got.header["X-None"] != nil {
			t.Errorf("%s: header %q", event, got.header)
		}
	}
}

func TestTheFirstWriteHeaderCounts(t *testing.T) {
	got := replyTo(t, get20, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Before", "1")
		w.WriteHeader(http.StatusEarlyHints) // informational: not the answer
		w.Header().Set("X-Before", "2")
		w.WriteHeader(http.StatusTeapot)
		w.Header().Set("X-After", "1")
		w.Header()["X-Before"][0] = "3"
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, "short ")
		_, _ = w.Write([]byte("and stout"))
	})
	want := reply{http.StatusTeapot, http.Header{"X-Before": {"2"}}, []byte("short and stout"), false}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestImplicitStatus(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"nothing done": func(http.ResponseWriter, *http.Request) {},
		"header only":  func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("A", "b") },
		"body": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(nil)
			w.WriteHeader(http.StatusTeapot)
		},
	} {
		if got := replyTo(t, get20, h); got.status != http.StatusOK {
			t.Errorf("%s: status %d, want 200", name, got.status)
		}
	}
}

func TestAnswersWithoutBody(t *testing.T) {
	got := replyTo(t, head20, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "5")
		if n, err := io.WriteString(w, "hello"); n != 5 || err != nil {
			t.Errorf("WriteString to HEAD: %d, %v; want 5, nil", n, err)
		}
		if n, err := w.Write([]byte("hello")); n != 5 || err != nil {
			t.Errorf("Write to HEAD: %d, %v; want 5, nil", n, err)
		}
	})
	if len(got.body) != 0 || got.base64 || got.header.Get("Content-Length") != "5" {
		t.Errorf("HEAD answered %+v", got)
	}
	for _, status := range []int{http.StatusNoContent, http.StatusNotModified} {
		got := replyTo(t, get20, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			if _, err := w.Write([]byte("x")); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("Write after %d: %v, want ErrBodyNotAllowed", status, err)
			}
			if _, err := io.WriteString(w, "x"); !errors.Is(err, http.ErrBodyNotAllowed) {
				t.Errorf("WriteString after %d: %v, want ErrBodyNotAllowed", status, err)
			}
		})
		if got.status != status || len(got.body) != 0 {
			t.Errorf("answered %+v, want %d without body", got, status)
		}
	}
}

func TestImpossibleStatusFails(t *testing.T) {
	logTo(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(99) })
	if _, err := lambdahttp.Handler(h).Invoke(context.Background(), []byte(get20)); !errors.Is(err, lambdahttp.ErrPanic) {
		t.Errorf("error %v, want ErrPanic", err)
	}
}

func TestBodyAsTextOrBase64(t *testing.T) {
	for _, tc := range []struct {
		contentType, encoding, body string
		base64                      bool
	}{
		{"application/json", "", `{"a":"<&>\u2028"}`, false},
		{"application/json;charset=UTF-8", "", `{"a":"ä"}`, false},
		{"application/token-introspection+jwt", "", "e30.e30.", false},
		{"application/a+b+json", "", "{}", false},
		{"text/html; charset=iso-8859-1", "", "a", true},
		{"text/plain", "", "a\x00b", false},
		{"text/plain", "", "\xff", true},
		{"text/plain", "gzip", "plain, but said to be gzip", true},
		{"image/png", "", "\x89PNG", true},
		{"application/octet-stream", "", "abc", true},
		{"not a type", "", "abc", true},
		{"", "", "abc", false},
		{"image/png", "", "", false},
	} {
		for _, event := range []string{get20, get10} {
			got := replyTo(t, event, func(w http.ResponseWriter, _ *http.Request) {
				if tc.contentType != "" {
					w.Header().Set("Content-Type", tc.contentType)
				}
				if tc.encoding != "" {
					w.Header().Set("Content-Encoding", tc.encoding)
				}
				_, _ = io.WriteString(w, tc.body)
			})
			if got.base64 != tc.base64 || string(got.body) != tc.body {
				t.Errorf("%q %q %q: base64 %v, body %q", tc.contentType, tc.encoding, tc.body, got.base64, got.body)
			}
		}
	}
}
