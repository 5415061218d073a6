package lambdahttp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rescind/shared/lambdahttp"
)

const form = "grant_type=client_credentials&scope=read+write" +
	"&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example"

// seen is what a handler was shown.
type seen struct {
	method, path, escapedPath, query, host, remote, requestID, body string
	length                                                          int64
	header                                                          http.Header
}

func see(r *http.Request) seen {
	body, _ := io.ReadAll(r.Body)
	return seen{r.Method, r.URL.Path, r.URL.EscapedPath(), r.URL.RawQuery, r.Host, r.RemoteAddr,
		lambdahttp.RequestID(r.Context()), string(body), r.ContentLength, r.Header}
}

func readEvent(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "events", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const (
	apiHost = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
	urlHost = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-central-1.on.aws"
)

// accepted are the files of testdata/events that are requests, with what the
// handler must see and some of the headers.
var accepted = map[string]struct {
	want   seen
	header http.Header
}{
	"http-api-2.0-form": {
		seen{"POST", "/o/token/", "/o/token/", "", apiHost, "203.0.113.7:0", "JKJaXmPLvHcESHA=", form, int64(len(form)), nil},
		http.Header{
			"Authorization": {"Basic ZGVtbzpub3QtYS1zZWNyZXQ="},
			"Content-Type":  {"application/x-www-form-urlencoded"},
			"Cookie":        {"a=1; b=2"},
			"X-List":        {"one,two, three"}, // joined by the gateway: not ours to split
			"Host":          nil,
		},
	},
	"http-api-2.0-named-stage": {
		seen{"GET", "/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server",
			"q=1&q=2&empty=&enc=%2F+%20", apiHost, "203.0.113.7:0", "JKJaXmPLvHcESHA=", "", 0, nil},
		http.Header{"Cookie": nil},
	},
	"http-api-2.0-sam-local": {
		seen{"POST", "/o/revoke token/", "/o/revoke%20token/", "", "127.0.0.1:3000", "127.0.0.1:0",
			"6b1f0c2e-2f0a-4a53-9d2e-0a5b8c1d7e3f", form, int64(len(form)), nil},
		http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Cookie": {"a=1; b=2"}},
	},
	"function-url": {
		seen{"POST", "/o/introspect//", "/o/introspect%2F/", "x=%41", urlHost, "[2001:db8::7]:0",
			"JKJaXmPLvHcESHA=", form, int64(len(form)), nil},
		http.Header{"Cookie": {"a=1"}}, // sent in both places, there once
	},
	"rest-api-1.0": { // its stage is named as the path's first segment, and it is not in the path
		seen{"POST", "/o/token/", "/o/token/", "only=%C3%A4&q=1&q=2+%26+3", apiHost, "203.0.113.7:0",
			"c6af9ac6-7b61-11e6-9a41-93e8deadbeef", form, int64(len(form)), nil},
		http.Header{"X-Multi": {"one", "two"}, "X-Forwarded-For": {"203.0.113.7, 198.51.100.1"}, "Cloudfront-Viewer-Country": {"DE"}},
	},
	"http-api-1.0": {
		seen{"POST", "/o/token/", "/o/token/", "only=%C3%A4&q=1&q=2+%26+3", apiHost, "[2001:db8::7]:0",
			"c6af9ac6-7b61-11e6-9a41-93e8deadbeef", form, int64(len(form)), nil},
		http.Header{"X-Multi": {"one", "two"}},
	},
	"rest-api-console-test": {
		seen{"HEAD", "/", "/", "", "testPrefix.testDomainName", "test-invoke-source-ip:0", "test-invoke-request", "", 0, nil},
		http.Header{"Accept": nil},
	},
}

func TestAcceptedEvents(t *testing.T) {
	for name, tc := range accepted {
		t.Run(name, func(t *testing.T) {
			var got seen
			var resource []string
			h := lambdahttp.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = see(r)
				r.Body = io.NopCloser(strings.NewReader(got.body))
				if err := r.ParseForm(); err != nil {
					t.Errorf("ParseForm: %v", err)
				}
				resource = r.PostForm["resource"]
				_, _ = io.WriteString(w, "ok")
			}))
			out, err := h.Invoke(context.Background(), readEvent(t, name))
			if err != nil {
				t.Fatal(err)
			}
			header := got.header
			got.header = nil
			if got.summary() != tc.want.summary() {
				t.Errorf("the handler saw\n%s\nwant\n%s", got.summary(), tc.want.summary())
			}
			for key, want := range tc.header {
				if !slices.Equal(header[key], want) {
					t.Errorf("header %s: %q, want %q", key, header[key], want)
				}
			}
			if tc.want.body != "" && len(resource) != 2 {
				t.Errorf("a repeated form parameter came as %q", resource)
			}
			var answer struct{ StatusCode int }
			if err := json.Unmarshal(out, &answer); err != nil || answer.StatusCode != 200 {
				t.Errorf("answer %s (%v), want status 200", out, err)
			}
		})
	}
}

func (s seen) summary() string {
	return strings.Join([]string{s.method, s.path, s.escapedPath, s.query, s.host, s.remote, s.requestID, s.body}, "\n")
}

// refused are the files that are no HTTP request, with a word of the error.
var refused = map[string]string{
	"refused-load-balancer": "Load Balancer",
	"refused-websocket":     "WebSocket",
	"refused-authorizer":    "authorizer",
	"refused-queue":         "no httpMethod",
	"refused-schedule":      "neither 1.0 nor 2.0",
	"refused-lattice":       "wrong type at byte", // its headers are lists
}

func TestRefusedEvents(t *testing.T) {
	for name, word := range refused {
		t.Run(name, func(t *testing.T) {
			wantRefused(t, readEvent(t, name), word)
		})
	}
}

func TestRefusedText(t *testing.T) {
	for name, tc := range map[string]struct{ event, word string }{
		"empty":           {``, "JSON"},
		"not an object":   {`["CANARY-7f3a"]`, "wrong type at byte"},
		"wrong type":      {`{"version":"2.0","body":{"CANARY-7f3a":1}}`, "wrong type at byte"},
		"wrong number":    {`{"httpMethod":73737373}`, "wrong type at byte"},
		"cut off":         {`{"version":"2.0","body":"CANARY-7f3a`, "malformed at byte"},
		"2.0, no method":  {`{"version":"2.0","method":"POST","path":"/","body":"CANARY-7f3a"}`, "requestContext.http.method"},
		"1.0, no path":    {`{"version":"1.0","httpMethod":"POST","body":"CANARY-7f3a"}`, "no httpMethod and path"},
		"not base64, 2.0": {`{"version":"2.0","rawPath":"/","requestContext":{"http":{"method":"POST"}},"body":"CANARY-7f3a!","isBase64Encoded":true}`, "not base64"},
		"not base64, 1.0": {`{"httpMethod":"POST","path":"/","body":"CANARY-7f3a!","isBase64Encoded":true}`, "not base64"},
	} {
		t.Run(name, func(t *testing.T) { wantRefused(t, []byte(tc.event), tc.word) })
	}
}

func wantRefused(t *testing.T, event []byte, word string) {
	t.Helper()
	h := lambdahttp.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the handler was called")
	}))
	out, err := h.Invoke(context.Background(), event)
	if !errors.Is(err, lambdahttp.ErrEvent) || !strings.Contains(err.Error(), word) || out != nil {
		t.Fatalf("answer %q, error %v; want ErrEvent naming %q", out, err, word)
	}
	if strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), "7373") {
		t.Errorf("the error holds something of the event: %v", err)
	}
}

// TestEveryEventFileIsUsed fails on a file that no test names, and on an empty
// folder.
func TestEveryEventFileIsUsed(t *testing.T) {
	files, err := filepath.Glob("testdata/events/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no event files (%v)", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		_, a := accepted[name]
		_, r := refused[name]
		if a == r {
			t.Errorf("%s is in no table, or in both", name)
		}
	}
}
