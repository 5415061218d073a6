package lambdahttp_test

import (
	"context"
	"net/http"
	"testing"

	"rescind/shared/lambdahttp"
)

// TestPaths has the paths that no caller's request line could hold, or that a
// stage's name begins.
func TestPaths(t *testing.T) {
	for _, tc := range []struct{ raw, stage, path, requestURI string }{
		{"/a?b", "$default", "/a?b", "/a%3Fb?q=1"}, // decoded before it came
		{"/100%", "$default", "/100%", "/100%25?q=1"},
		{"/a\x00b", "$default", "/a\x00b", "/a%00b?q=1"},
		{"/ä", "$default", "/ä", "/%C3%A4?q=1"},
		{"", "$default", "/", "/?q=1"},
		{"o/token", "", "/o/token", "/o/token?q=1"},
		{"/dev", "dev", "/", "/?q=1"},
		{"/dev/", "dev", "/", "/?q=1"},
		{"/dev/dev/o", "dev", "/dev/o", "/dev/o?q=1"},
		{"/device", "dev", "/device", "/device?q=1"},
		{"/o/token", "dev", "/o/token", "/o/token?q=1"}, // a custom domain
		{"/$default/o", "$default", "/$default/o", "/$default/o?q=1"},
	} {
		event := marshal(t, map[string]any{
			"version": "2.0", "rawPath": tc.raw, "rawQueryString": "q=1",
			"requestContext": map[string]any{"stage": tc.stage, "http": map[string]any{"method": "GET"}},
		})
		var got *http.Request
		h := lambdahttp.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
		if _, err := h.Invoke(context.Background(), event); err != nil {
			t.Fatal(err)
		}
		if got.URL.Path != tc.path || got.RequestURI != tc.requestURI || got.URL.RawQuery != "q=1" {
			t.Errorf("%q in stage %q: path %q, request URI %q, query %q; want %q, %q",
				tc.raw, tc.stage, got.URL.Path, got.RequestURI, got.URL.RawQuery, tc.path, tc.requestURI)
		}
	}
}
