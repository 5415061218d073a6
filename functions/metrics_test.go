package functions_test

import (
	"encoding/json"
	"strings"
	"testing"

	"rescind/functions/setup"
)

// TestMetricLines: the programs write one line of metrics a request where they
// are told a stack, and none where not; all lines stay JSON.
func TestMetricLines(t *testing.T) {
	for _, tt := range []struct {
		function, event, stack string
		want                   map[string]any
	}{
		{"token", "token-client-credentials.json", "auth", map[string]any{"Stack": "auth", "Endpoint": "token", "Outages": 1.0}},
		{"token", "token-get.json", "auth", map[string]any{"Stack": "auth", "Endpoint": "token", "Refusals": 1.0, "Reason": "method_not_allowed"}},
		{"revocation", "revocation-access-token.json", "auth", map[string]any{"Stack": "auth", "Endpoint": "revocation", "Outages": 1.0}},
		{"introspection", "introspection-active.json", "auth", map[string]any{"Stack": "auth", "Endpoint": "introspection", "Outages": 1.0}},
		{"metadata", "metadata.json", "auth", map[string]any{"Stack": "auth", "Endpoint": "metadata"}},
		{"browser", "browser-authorize.json", "auth", map[string]any{"Stack": "auth", "Endpoint": "browser", "Outages": 1.0}},
		{"browser", "browser-authorize-delete.json", "auth", map[string]any{"Stack": "auth", "Endpoint": "browser", "Refusals": 1.0, "Reason": "method_not_allowed"}},
		{"metadata", "metadata.json", "", nil},
	} {
		t.Run(tt.function+" "+tt.event+" "+tt.stack, func(t *testing.T) {
			f := start(t, tt.function, with(nowhere(t), setup.Metrics, tt.stack))
			f.invoke(t, readFile(t, "events", tt.event))
			awaited := `"_aws":`
			if tt.want == nil {
				awaited = `"route":"` + tt.function
			}
			var found []map[string]any
			for line := range strings.Lines(f.logs(awaited)) {
				var root map[string]any
				if err := json.Unmarshal([]byte(line), &root); err != nil {
					t.Fatalf("a line that is no JSON: %q", line)
				}
				if root["_aws"] != nil {
					found = append(found, root)
				}
			}
			if tt.want == nil {
				if len(found) != 0 {
					t.Errorf("the metrics are off, and there are %v", found)
				}
				return
			}
			if len(found) != 1 {
				t.Fatalf("%d lines of metrics", len(found))
			}
			delete(found[0], "_aws")
			if took, ok := found[0]["Latency"].(float64); !ok || took <= 0 || took > 10_000 {
				t.Errorf("it took %v ms", found[0]["Latency"])
			}
			delete(found[0], "Latency")
			if len(found[0]) != len(tt.want) {
				t.Errorf("the line holds %v", found[0])
			}
			for name, v := range tt.want {
				if found[0][name] != v {
					t.Errorf("%s is %v, not %v", name, found[0][name], v)
				}
			}
		})
	}
}
