package metric_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/shared/audit"
	"rescind/shared/metric"
	"rescind/shared/oauth"
)

// serve gives the lines of one request in which these events are recorded.
func serve(t *testing.T, events ...audit.Event) []string {
	t.Helper()
	var out bytes.Buffer
	tick := time.UnixMilli(1_764_000_000_000)
	now := func() time.Time { tick = tick.Add(1500 * time.Microsecond); return tick }
	log := metric.Counting(audit.Discard{})
	h := metric.New("auth", &out, now).Handler("token", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, e := range events {
			log.Record(r.Context(), e)
		}
	}))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/o/token/?never=here", strings.NewReader("client_secret=never")))
	return strings.SplitAfter(out.String(), "\n")
}

// values checks a line against the embedded metric format's specification and
// gives its metrics: by their names, and those of sets without the endpoint by
// their dimensions too.
func values(t *testing.T, line string) map[string]float64 {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal([]byte(line), &root); err != nil || !strings.HasSuffix(line, "}\n") || strings.Count(line, "\n") != 1 {
		t.Fatalf("%q: %v", line, err)
	}
	var meta struct {
		AWS struct {
			Timestamp         int64
			CloudWatchMetrics []struct {
				Namespace  string
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal([]byte(line), &meta); err != nil {
		t.Fatal(err)
	}
	if meta.AWS.Timestamp != 1_764_000_000_001 {
		t.Errorf("the time is %d, not that of the request in milliseconds", meta.AWS.Timestamp)
	}
	got, known := map[string]float64{}, []string{"_aws"}
	for _, d := range meta.AWS.CloudWatchMetrics {
		if d.Namespace != "rescind" || len(d.Dimensions) == 0 || len(d.Metrics) == 0 || len(d.Metrics) > 100 {
			t.Errorf("a directive of %q with %d sets and %d metrics", d.Namespace, len(d.Dimensions), len(d.Metrics))
		}
		for _, m := range d.Metrics {
			v, ok := root[m.Name].(float64)
			if unit := map[bool]string{true: "Milliseconds", false: "Count"}[m.Name == metric.Latency]; !ok || m.Unit != unit {
				t.Errorf("%s is %v %s", m.Name, root[m.Name], m.Unit)
			}
			known = append(known, m.Name)
			if len(m.Name) > 255 {
				t.Errorf("the name %s is too long", m.Name)
			}
			for _, set := range d.Dimensions {
				if len(set) == 0 || len(slices.Compact(slices.Sorted(slices.Values(set)))) != len(set) {
					t.Errorf("a set of dimensions is %q", set)
				}
				name := m.Name
				for _, dimension := range set {
					value, ok := root[dimension].(string)
					if !ok || value == "" || len(value) > 1024 {
						t.Errorf("the dimension %s is %v", dimension, root[dimension])
					}
					known = append(known, dimension)
					if dimension != "Stack" {
						name += " " + value
					}
				}
				if _, twice := got[name]; twice || len(set) > 9 {
					t.Errorf("%s is there twice", name)
				}
				got[name] = v
			}
		}
	}
	for name := range root {
		if !slices.Contains(known, name) {
			t.Errorf("%s is no dimension and no metric", name)
		}
	}
	return got
}

func TestWhatARequestCounts(t *testing.T) {
	const took = 1.5
	for _, tt := range []struct {
		name   string
		events []audit.Event
		want   map[string]float64
	}{
		{"nothing but its time", nil, nil},
		{"a token", []audit.Event{{Action: audit.Issue, Outcome: "ok"}}, map[string]float64{"Issues": 1, "Issues token": 1}},
		{"a refresh", []audit.Event{{Action: audit.Refresh, Outcome: "ok"}}, map[string]float64{"Refreshes": 1, "Refreshes token": 1}},
		{"a refresh answered again", []audit.Event{{Action: audit.Replay, Outcome: "ok"}}, map[string]float64{"Refreshes": 1, "Refreshes token": 1}},
		{"a revocation", []audit.Event{{Action: audit.Revoke, Outcome: "ok", Reason: "ended_grant"}}, map[string]float64{"Revocations": 1, "Revocations token": 1}},
		{"a person's button", []audit.Event{{Action: audit.Revoke, Outcome: "ok", Reason: "cut_by_user"}}, map[string]float64{"Revocations": 1, "Revocations token": 1}},
		{"a sign-in", []audit.Event{{Action: audit.SignIn, Outcome: "ok"}}, nil},
		{"a wrong password", []audit.Event{{Action: audit.SignIn, Outcome: "access_denied"}}, map[string]float64{"FailedSignIns": 1, "FailedSignIns token": 1}},
		{"a revocation of what was dead", []audit.Event{{Action: audit.Revoke, Outcome: "ok", Reason: "unknown"}}, nil},
		{"a wrong secret", []audit.Event{{Action: audit.Refuse, Outcome: "invalid_client"}}, map[string]float64{
			"FailedAuthentications": 1, "FailedAuthentications token": 1, "Refusals": 1, "Refusals token": 1, "Refusals invalid_client": 1}},
		{"a guess too many", []audit.Event{{Action: audit.Refuse, Outcome: "too_many_requests"}}, map[string]float64{
			"FailedAuthentications": 1, "FailedAuthentications token": 1, "Refusals": 1, "Refusals token": 1, "Refusals too_many_requests": 1}},
		{"a reuse", []audit.Event{{Action: audit.Reuse, Outcome: "invalid_grant", Reason: "reuse"}}, map[string]float64{
			"ReuseDetections": 1, "ReuseDetections token": 1, "Refusals": 1, "Refusals token": 1, "Refusals invalid_grant": 1}},
		{"a refusal of no list", []audit.Event{{Action: audit.Refuse, Outcome: "rsc_at_never"}}, map[string]float64{
			"Refusals": 1, "Refusals token": 1, "Refusals other": 1}},
		{"an outage", []audit.Event{{Action: audit.Outage, Outcome: "temporarily_unavailable"}}, map[string]float64{"Outages": 1, "Outages token": 1}},
		{"an upgrade and a token", []audit.Event{{Action: audit.Client, Outcome: "ok"}, {Action: audit.Issue, Outcome: "ok"}}, map[string]float64{
			"Issues": 1, "Issues token": 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i := range tt.events { // what must not reach a line
				e := &tt.events[i]
				e.ClientID, e.Subject, e.GrantID, e.RequestID, e.Source = "never", "never", "never", "never", "never"
			}
			lines := serve(t, tt.events...)
			if len(lines) != 2 || lines[1] != "" || strings.Contains(lines[0], "never") {
				t.Fatalf("the lines are %q", lines)
			}
			got := values(t, lines[0])
			if got["Latency token"] != took {
				t.Errorf("it took %v ms", got["Latency token"])
			}
			delete(got, "Latency token")
			if tt.want == nil {
				tt.want = map[string]float64{}
			}
			if !reflect.DeepEqual(got, tt.want) {
				t.Errorf("it counts\n%v\nand should\n%v", got, tt.want)
			}
		})
	}
}

// TestEveryCodeIsAReason: a refusal of a new code must not vanish in "other".
func TestEveryCodeIsAReason(t *testing.T) {
	codes := oauth.Codes()
	if len(codes) < 14 {
		t.Fatalf("there are %d codes", len(codes))
	}
	for _, code := range codes {
		if code == oauth.NotFound || code == oauth.TemporarilyUnavailable { // no endpoint's, and an outage
			continue
		}
		got := values(t, serve(t, audit.Event{Action: audit.Refuse, Outcome: string(code)})[0])
		if got["Refusals "+string(code)] != 1 {
			t.Errorf("%s counts %v", code, got)
		}
	}
}

// TestALineIsCheap: every request has one.
func TestALineIsCheap(t *testing.T) {
	log := metric.Counting(audit.Discard{})
	h := metric.New("auth", io.Discard, time.Now).Handler("token", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.Record(r.Context(), audit.Event{Action: audit.Refuse, Outcome: "invalid_client"})
	}))
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil)
	if n := testing.AllocsPerRun(100, func() { h.ServeHTTP(w, r) }); n > 9 {
		t.Errorf("a refusal's line takes %v allocations", n)
	}
}

// TestAStacksNameIsQuoted, whatever it is.
func TestAStacksNameIsQuoted(t *testing.T) {
	var out bytes.Buffer
	metric.New("a\"b\n", &out, time.Now).Handler("token", http.NotFoundHandler()).
		ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
	var root map[string]any
	if err := json.Unmarshal(out.Bytes(), &root); err != nil || root["Stack"] != "a\"b\n" {
		t.Errorf("%q: %v", out.String(), err)
	}
}

// TestEventsAreHandedOn: those of no request too.
func TestEventsAreHandedOn(t *testing.T) {
	var kept collected
	log := metric.Counting(&kept)
	log.Record(context.Background(), audit.Event{Action: audit.Revoke})
	if len(kept.events) != 1 {
		t.Errorf("%d events came through", len(kept.events))
	}
}

type collected struct {
	mu     sync.Mutex
	events []audit.Event
}

func (c *collected) Record(_ context.Context, e audit.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, e)
}

// TestAPanicLeavesItsLine: the time until it is worth knowing.
func TestAPanicLeavesItsLine(t *testing.T) {
	var out bytes.Buffer
	h := metric.New("auth", &out, time.Now).Handler("token", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("x") }))
	func() {
		defer func() { _ = recover() }()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
	}()
	if strings.Count(out.String(), "\n") != 1 {
		t.Errorf("the lines are %q", out.String())
	}
}

// TestManyRequestsAtOnce share a Recorder; each has a line of its own.
func TestManyRequestsAtOnce(t *testing.T) {
	var out bytes.Buffer // not safe itself
	log := metric.Counting(audit.Discard{})
	h := metric.New("auth", &out, time.Now).Handler("token", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		log.Record(r.Context(), audit.Event{Action: audit.Issue})
	}))
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for range 50 {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
			}
		})
	}
	all.Wait()
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 32*50 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, line := range lines {
		var root map[string]any
		if err := json.Unmarshal([]byte(line), &root); err != nil || root[metric.Issues] != 1.0 {
			t.Fatalf("%q: %v", line, err)
		}
	}
}
