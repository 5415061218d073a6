package lambdahttp_test

import (
	"context"
	"net/http"
	"testing"

	"rescind/shared/lambdahttp"
)

// TestHTTPAPI: the id is the gateway's word, and there only where the API's URL
// is made of nothing else.
func TestHTTPAPI(t *testing.T) {
	for name, want := range map[string]string{
		"http-api-2.0-form": "a1b2c3d4e5", "http-api-2.0-sam-local": "1234567890",
		"http-api-2.0-named-stage": "", "http-api-1.0": "", "rest-api-1.0": "",
	} {
		var got string
		h := lambdahttp.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = lambdahttp.HTTPAPI(r.Context()) }))
		if _, err := h.Invoke(context.Background(), readEvent(t, name)); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: the HTTP API is %q, want %q", name, got, want)
		}
	}
	if id := lambdahttp.HTTPAPI(context.Background()); id != "" {
		t.Errorf("HTTPAPI of a foreign context: %q", id)
	}
}
