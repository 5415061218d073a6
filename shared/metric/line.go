package metric

import (
	"encoding/json"
	"time"
)

// directive is a MetricDirective of the embedded metric format: these metrics,
// once for each set of dimensions.
type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct{ Name, Unit string }

// write writes a request's line. The members of a line beside _aws are the
// values of dimensions and metrics, by their names.
func (r *Recorder) write(endpoint string, t *tally, at time.Time, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	byEndpoint := []string{"Stack", "Endpoint"}
	line := map[string]any{"Stack": r.stack, "Endpoint": endpoint, Latency: float64(took.Microseconds()) / 1000}
	directives := []directive{{Namespace, [][]string{byEndpoint}, []definition{{Latency, "Milliseconds"}}}}
	var counts []definition
	for _, name := range counted {
		if n := t.counts[name]; n > 0 { // zeros would be paid for, and say nothing
			line[name] = n
			counts = append(counts, definition{name, "Count"})
		}
	}
	if len(counts) > 0 {
		directives = append(directives, directive{Namespace, [][]string{{"Stack"}, byEndpoint}, counts})
	}
	if t.reason != "" {
		line["Reason"] = t.reason
		directives = append(directives, directive{Namespace, [][]string{{"Stack", "Reason"}}, []definition{{Refusals, "Count"}}})
	}
	line["_aws"] = map[string]any{"Timestamp": at.UnixMilli(), "CloudWatchMetrics": directives}
	b, err := json.Marshal(line)
	if err != nil { // it holds strings and numbers only
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.w.Write(append(b, '\n'))
}
