package functions_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"testing"
	"time"

	"rescind/functions/setup"
	"rescind/internal/testkit/samplestore"
	"rescind/shared/endpoint"
	"rescind/shared/granttype"
	"rescind/shared/lambdahttp"
	"rescind/shared/metric"
)

// What the endpoints do over a store is what their metrics count. Each event is
// the first that touches its grant.
func TestMetricsOfWhatWasDone(t *testing.T) {
	store := samplestore.Open(t)
	s := setup.Service(setup.Settings{Issuer: issuer}, slog.New(slog.NewJSONHandler(io.Discard, nil)), time.Now)
	routes := map[string]http.Handler{
		endpoint.RouteToken:         s.Token(store, granttype.ClientCredentials{}, granttype.RefreshToken{}),
		endpoint.RouteRevocation:    s.Revocation(store),
		endpoint.RouteIntrospection: s.Introspection(store),
	}
	type counts map[string]float64
	for _, tt := range []struct {
		route, event string
		want         counts
		reason       string
	}{
		{endpoint.RouteToken, "token-client-credentials", counts{"Issues": 1}, ""},
		{endpoint.RouteToken, "token-refresh", counts{"Refreshes": 1}, ""},
		{endpoint.RouteToken, "token-refresh", counts{"Refreshes": 1}, ""}, // within the grace
		{endpoint.RouteToken, "token-reuse-rest", counts{"ReuseDetections": 1, "Refusals": 1}, "invalid_grant"},
		{endpoint.RouteToken, "token-scope-not-allowed", counts{"Refusals": 1}, "invalid_scope"},
		{endpoint.RouteToken, "token-wrong-secret-url", counts{"Refusals": 1, "FailedAuthentications": 1}, "invalid_client"},
		{endpoint.RouteRevocation, "revocation-access-token", counts{"Revocations": 1}, ""},
		{endpoint.RouteRevocation, "revocation-access-token", counts{}, ""}, // dead already
		{endpoint.RouteRevocation, "revocation-unknown-token", counts{}, ""},
		{endpoint.RouteRevocation, "revocation-wrong-secret-rest", counts{"Refusals": 1, "FailedAuthentications": 1}, "invalid_client"},
		{endpoint.RouteIntrospection, "introspection-active", counts{}, ""},
		{endpoint.RouteIntrospection, "introspection-unknown-token", counts{}, ""},
	} {
		var out bytes.Buffer
		h := metric.New("auth", &out, time.Now).Handler(tt.route, setup.Handler(tt.route, routes[tt.route]))
		if _, err := lambdahttp.Handler(h).Invoke(t.Context(), readFile(t, "events", tt.event+".json")); err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%s: not one line of metrics: %q", tt.event, out.String())
		}
		got := counts{}
		for name, v := range line {
			if n, ok := v.(float64); ok && name != "Latency" {
				got[name] = n
			}
		}
		reason, _ := line["Reason"].(string)
		if !reflect.DeepEqual(got, tt.want) || reason != tt.reason || line["Endpoint"] != tt.route {
			t.Errorf("%s: %v for the reason %q at %v, want %v for %q", tt.event, got, reason, line["Endpoint"], tt.want, tt.reason)
		}
	}
}
