package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Maker gives the requests of one connection, one after the other, and takes
// their answers. One goroutine uses it.
type Maker struct {
	// Next gives the next request's bytes, which may be reused once its answer
	// was taken; ok is false when there are no more.
	Next func() (request []byte, ok bool)
	// Took judges an answer by its body, which is valid until it returns. Its
	// error ends the run.
	Took func(body []byte) error
	// Answered, where set, is called in the place of Took, for every status.
	Answered func(status int, body []byte) error
}

// Run is one run of load: requests from several connections, for a time.
type Run struct {
	Addr        string // host:port, plain HTTP
	Connections int
	Duration    time.Duration
	Rate        int           // requests a second in all, evenly spaced; 0: each connection as fast as it is answered
	Accept      []int         // statuses that are right where Maker.Took judges; empty: 200 alone
	Timeout     time.Duration // for one answer; 0: 30 seconds
	Make        func(connection int) Maker
}

// Result is what a run measured. Latencies at a rate count from when the
// request was due, so that a stall is not left out.
type Result struct {
	Operations int           `json:"operations"`
	PerSecond  float64       `json:"operations_per_second"`
	P50        time.Duration `json:"p50_ns"`
	P99        time.Duration `json:"p99_ns"`
	Max        time.Duration `json:"max_ns"`
	// Resent counts requests sent a second time because the server had closed
	// the idle connection before one byte of an answer.
	Resent int `json:"resent,omitempty"`
}

// tally is what one connection did.
type tally struct {
	took   []time.Duration
	resent int
	err    error
}

// Do runs until the time is over, a Maker has no more, a Maker's error, or ctx
// ends, which is an error too. The Result holds what was answered until then,
// with an error as well as without.
func (r Run) Do(ctx context.Context) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	tallies := make([]tally, r.Connections)
	var wg sync.WaitGroup
	var tickets atomic.Int64
	start := time.Now()
	for i := range r.Connections {
		wg.Go(func() {
			if tallies[i] = r.connection(ctx, i, start, &tickets); tallies[i].err != nil {
				cancel(tallies[i].err)
			}
		})
	}
	wg.Wait()
	result := sum(tallies, time.Since(start))
	if err := context.Cause(ctx); err != nil {
		return result, err
	}
	if result.Operations == 0 {
		return result, errors.New("no request was answered")
	}
	return result, nil
}

func sum(tallies []tally, elapsed time.Duration) Result {
	var all []time.Duration
	var r Result
	for _, t := range tallies {
		all = append(all, t.took...)
		r.Resent += t.resent
	}
	if len(all) == 0 {
		return r
	}
	slices.Sort(all)
	r.Operations, r.PerSecond = len(all), float64(len(all))/elapsed.Seconds()
	r.P50, r.P99, r.Max = all[len(all)/2], all[len(all)*99/100], all[len(all)-1]
	return r
}

// connection sends one request after the other.
func (r Run) connection(ctx context.Context, i int, start time.Time, tickets *atomic.Int64) tally {
	w := &wire{addr: r.Addr, timeout: r.Timeout}
	if w.timeout == 0 {
		w.timeout = 30 * time.Second
	}
	defer w.drop()
	stop := context.AfterFunc(ctx, w.drop)
	defer stop()
	m := r.Make(i)
	var t tally
	for time.Since(start) < r.Duration && ctx.Err() == nil {
		due := time.Now()
		if r.Rate > 0 {
			due = start.Add(time.Duration(tickets.Add(1)) * time.Second / time.Duration(r.Rate))
			if due.Sub(start) >= r.Duration || !sleep(ctx, time.Until(due)) {
				break
			}
		}
		request, ok := m.Next()
		if !ok {
			break
		}
		status, body, err := w.roundTrip(ctx, request)
		took := time.Since(due)
		if err == nil {
			t.took = append(t.took, took)
			err = r.judge(m, status, body)
		}
		if err != nil {
			t.err = err
			break
		}
	}
	t.resent = w.resent
	return t
}

func (r Run) judge(m Maker, status int, body []byte) error {
	switch {
	case m.Answered != nil:
		return m.Answered(status, body)
	case len(r.Accept) == 0 && status != http.StatusOK, len(r.Accept) > 0 && !slices.Contains(r.Accept, status):
		return fmt.Errorf("an answer was %d: %.200q", status, body)
	case m.Took != nil:
		return m.Took(body)
	}
	return nil
}

// sleep waits for d; it is false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Get builds a browser's request for a page, with a cookie.
func Get(path, host, cookie string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nUser-Agent: bench\r\nAccept: text/html\r\n\r\n", path, host, cookie)
}

// Post builds a form request as a client library would send it. basic is the
// base64 of the client's credentials; empty: no Authorization header.
func Post(path, host, basic, form string) []byte {
	authorization := ""
	if basic != "" {
		authorization = "Authorization: Basic " + basic + "\r\n"
	}
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/x-www-form-urlencoded\r\n"+
		"User-Agent: bench\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n%s", path, host, authorization, len(form), form)
}
