package proxy

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// NotSent is a header of the proxy's own answer where a request certainly did
// not reach the server, and never will: only a test can know that.
const NotSent = "X-Proxy-Not-Sent"

// reorderLimit is how long a request waits for another to pass.
const reorderLimit = 40 * time.Millisecond

// Proxy is one such place on the way. Choose says what happens to a request;
// it is called from many goroutines.
type Proxy struct {
	choose func(*http.Request) Orders
	tells  bool
	target atomic.Pointer[string]
	server *http.Server
	addr   string
	client *http.Transport
	counts [faults]atomic.Int64

	mu     sync.Mutex
	passed chan struct{} // closed when the next request passes
	late   int           // requests that are still to arrive
	none   *sync.Cond    // that late is 0
}

// Start listens on a free port of 127.0.0.1. Where tells is set, the answer to
// what did not arrive has NotSent; otherwise the connection breaks.
func Start(choose func(*http.Request) Orders, tells bool) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{choose: choose, tells: tells, addr: l.Addr().String(), passed: make(chan struct{}),
		client: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: 20 * time.Second, DisableCompression: true}}
	p.none = sync.NewCond(&p.mu)
	p.server = &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

// URL is where the proxy listens.
func (p *Proxy) URL() string { return "http://" + p.addr }

// Forward sets the server's base URL. It may change at any time.
func (p *Proxy) Forward(base string) {
	base = strings.TrimSuffix(base, "/")
	p.target.Store(&base)
	p.client.CloseIdleConnections()
}

// Counts is how often each fault was injected.
func (p *Proxy) Counts() map[Fault]int64 {
	all := map[Fault]int64{}
	for _, f := range Faults() {
		all[f] = p.counts[f].Load()
	}
	return all
}

// Drain waits until all late requests have arrived.
func (p *Proxy) Drain() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.late > 0 {
		p.none.Wait()
	}
}

// Close ends the proxy, with all its connections.
func (p *Proxy) Close() {
	_ = p.server.Close()
	p.Drain()
	p.client.CloseIdleConnections()
}

// request is a copy of one: it may outlive the server's own.
type request struct {
	method, uri, host string
	header            http.Header
	body              []byte
}

// answer is one that was read whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// ServeHTTP carries the orders out.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	o := p.choose(r)
	p.counts[o.Fault].Add(1)
	if o.Fault == LoseRequest {
		p.refuse(w)
		return
	}
	time.Sleep(o.Before)
	p.pass(o.Fault == Reorder)
	// A request under way arrives, though its caller goes away.
	q := request{r.Method, r.URL.RequestURI(), r.Host, r.Header.Clone(), body}
	send := func() (answer, error) { return p.send(context.WithoutCancel(r.Context()), q) }
	switch o.Fault {
	case LateAfterReset:
		p.afterwards(o.Late, send)
		panic(http.ErrAbortHandler)
	case LateDuplicate:
		p.afterwards(o.Late, send)
	case Duplicate:
		p.afterwards(0, send)
	}
	got, err := send()
	time.Sleep(o.After)
	switch {
	case isRefused(err) && o.Fault != Duplicate && o.Fault != LateDuplicate:
		p.refuse(w)
		return
	case err != nil || o.Fault == LoseAnswer:
		panic(http.ErrAbortHandler) // the caller sees a connection that breaks
	}
	for name, values := range got.header {
		w.Header()[name] = values
	}
	w.WriteHeader(got.status)
	_, _ = w.Write(got.body) // a caller that is gone is gone
}

// refuse tells the caller that the request did not arrive.
func (p *Proxy) refuse(w http.ResponseWriter) {
	if !p.tells {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set(NotSent, "1")
	w.WriteHeader(http.StatusBadGateway)
}

func isRefused(err error) bool {
	return err != nil && strings.Contains(err.Error(), "connection refused")
}

// afterwards has a request arrive later. Nobody sees the answer.
func (p *Proxy) afterwards(delay time.Duration, send func() (answer, error)) {
	p.mu.Lock()
	p.late++
	p.mu.Unlock()
	go func() {
		time.Sleep(delay)
		_, _ = send()
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.late--; p.late == 0 {
			p.none.Broadcast()
		}
	}()
}

// pass lets those go on that wait for another request; wait makes this one wait too.
func (p *Proxy) pass(wait bool) {
	p.mu.Lock()
	next := p.passed
	if !wait {
		close(p.passed)
		p.passed = make(chan struct{})
	}
	p.mu.Unlock()
	if wait {
		select {
		case <-next:
			time.Sleep(time.Millisecond) // behind the one that passes
		case <-time.After(reorderLimit):
		}
	}
}

func (p *Proxy) send(ctx context.Context, q request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, q.method, *p.target.Load()+q.uri, bytes.NewReader(q.body))
	if err != nil {
		return answer{}, err
	}
	req.Header, req.Host, req.GetBody = q.header.Clone(), q.host, nil // nobody but us repeats it
	req.Header.Del("Connection")
	res, err := p.client.RoundTrip(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	got, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header, got}, err
}
