package proxy

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// behind is a server that counts what arrives, and a proxy before it that does
// what is said.
func behind(t *testing.T, o Orders, tells bool) (p *Proxy, arrived *atomic.Int64) {
	t.Helper()
	arrived = new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived.Add(1)
		w.Header().Set("X-Kept", r.Header.Get("X-Sent"))
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write(append([]byte("got "), body...))
	}))
	t.Cleanup(server.Close)
	p, err := Start(func(*http.Request) Orders { return o }, tells)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.Forward(server.URL + "/")
	return p, arrived
}

func post(t *testing.T, p *Proxy) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL()+"/path?q=1", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Sent", "yes")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res, string(body), err
}

// TestEachFaultDoesWhatItSays: how often the request arrives, at once and in
// the end, and whether an answer comes back.
func TestEachFaultDoesWhatItSays(t *testing.T) {
	const late = 150 * time.Millisecond
	for _, tt := range []struct {
		fault           Fault
		answered        bool
		at, in          int64 // arrivals when the caller knows, and in the end
		least, atLatest time.Duration
	}{
		{None, true, 1, 1, 0, time.Second},
		{Delay, true, 1, 1, 30 * time.Millisecond, time.Second},
		{LoseRequest, false, 0, 0, 0, time.Second},
		{LoseAnswer, false, 1, 1, 0, time.Second},
		{Duplicate, true, 1, 2, 0, time.Second},
		{LateDuplicate, true, 1, 2, 0, late},
		{LateAfterReset, false, 0, 1, 0, late},
		{Reorder, true, 1, 1, reorderLimit, time.Second},
	} {
		o := Orders{Fault: tt.fault, Late: late}
		if tt.fault == Delay {
			o.Before, o.After = 20*time.Millisecond, 20*time.Millisecond
		}
		p, arrived := behind(t, o, false)
		began := time.Now()
		res, body, err := post(t, p)
		took, n := time.Since(began), arrived.Load()
		if (err == nil) != tt.answered {
			t.Errorf("%s: %v", tt.fault, err)
		}
		if err == nil && (res.StatusCode != http.StatusTeapot || body != "got body" || res.Header.Get("X-Kept") != "yes") {
			t.Errorf("%s: the answer is %d %q", tt.fault, res.StatusCode, body)
		}
		if n < tt.at || tt.fault != Duplicate && n > tt.at || took < tt.least || took > tt.atLatest {
			t.Errorf("%s: %d had arrived after %s", tt.fault, n, took)
		}
		p.Drain()
		if n := arrived.Load(); n != tt.in {
			t.Errorf("%s: %d arrived in all", tt.fault, n)
		}
		if tt.fault != None && p.Counts()[tt.fault] != 1 {
			t.Errorf("%s was not counted", tt.fault)
		}
	}
}

// TestAReorderedRequestGoesAfterTheNext, and does not wait for its time to end.
func TestAReorderedRequestGoesAfterTheNext(t *testing.T) {
	var calls atomic.Int64
	order := make(chan string, 2)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { order <- r.URL.Path }))
	defer server.Close()
	p, err := Start(func(*http.Request) Orders {
		if calls.Add(1) == 1 {
			return Orders{Fault: Reorder}
		}
		return Orders{}
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Forward(server.URL)
	done := make(chan error, 1)
	get := func(path string) error {
		res, err := http.Get(p.URL() + path)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	go func() { done <- get("/first") }()
	for calls.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := get("/second"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if a, b := <-order, <-order; a != "/second" || b != "/first" {
		t.Errorf("the order is %s, %s", a, b)
	}
}

// TestWhatNeverArrivesIsToldWhereAsked, and only where it is certain.
func TestWhatNeverArrivesIsToldWhereAsked(t *testing.T) {
	for fault, told := range map[Fault]bool{LoseRequest: true, None: true, LateDuplicate: false} {
		p, _ := behind(t, Orders{Fault: fault}, true)
		p.Forward("http://127.0.0.1:1") // nobody listens on it
		res, _, err := post(t, p)
		if got := err == nil && res.Header.Get(NotSent) != ""; got != told {
			t.Errorf("%s: told is %v, %v", fault, got, err)
		}
	}
}
