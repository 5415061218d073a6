package metric

import (
	"encoding/json"
	"strconv"
	"time"
)

// write writes a request's line: beside _aws, the metadata of the embedded
// metric format, the values of dimensions and metrics by their names. It is put
// together by hand, since every request has one; only the stack's name is a
// text that is not ours.
func (r *Recorder) write(endpoint string, t *tally, at time.Time, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := make([]byte, 0, 768)
	b = append(b, `{"_aws":{"Timestamp":`...)
	b = strconv.AppendInt(b, at.UnixMilli(), 10)
	b = append(b, `,"CloudWatchMetrics":[`...)
	b = append(b, begin+`[["Stack","Endpoint"]],"Metrics":[{"Name":"`+Latency+`","Unit":"Milliseconds"}]}`...)
	if some := t.appendNames(nil); some != nil {
		b = append(b, `,`+begin+`[["Stack"],["Stack","Endpoint"]],"Metrics":[`...)
		b = append(append(b, some...), `]}`...)
	}
	if t.reason != "" {
		b = append(b, `,`+begin+`[["Stack","Reason"]],"Metrics":[{"Name":"`+Refusals+`","Unit":"Count"}]}`...)
	}
	b = append(b, `]},"Stack":`...)
	b = append(b, r.stack...)
	b = append(b, `,"Endpoint":"`+endpoint+`"`...)
	if t.reason != "" {
		b = append(b, `,"Reason":"`+t.reason+`"`...)
	}
	b = append(b, `,"`+Latency+`":`...)
	b = strconv.AppendFloat(b, float64(took.Microseconds())/1000, 'f', -1, 64)
	for i, n := range t.counts {
		if n > 0 {
			b = append(b, `,"`+counted[i]+`":`...)
			b = strconv.AppendInt(b, int64(n), 10)
		}
	}
	b = append(b, "}\n"...)
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.w.Write(b)
}

// begin is that of a MetricDirective, up to its sets of dimensions.
const begin = `{"Namespace":"` + Namespace + `","Dimensions":`

// appendNames appends the definitions of what was counted: zeros would be paid
// for, and say nothing.
func (t *tally) appendNames(b []byte) []byte {
	for i, n := range t.counts {
		if n == 0 {
			continue
		}
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"Name":"`+counted[i]+`","Unit":"Count"}`...)
	}
	return b
}

// quoted is a text as JSON.
func quoted(text string) []byte {
	b, err := json.Marshal(text)
	if err != nil { // a text has no way to fail
		return []byte(`""`)
	}
	return b
}
