package runtimeapi

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// api is the HTTP side: the four calls that a runtime makes.
type api struct {
	address   string
	server    *http.Server
	queue     chan *invocation
	ready     chan struct{} // closed at the first invocation/next
	readyAt   time.Time     // read after ready
	readyOnce sync.Once
	initError chan []byte

	mu      sync.Mutex
	pending map[string]*invocation // handed over and not yet answered
}

type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	started  time.Time // set at the hand-over
	done     chan Result
}

var lastID atomic.Uint64

func newInvocation(ctx context.Context, event []byte) *invocation {
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Now().Add(time.Minute)
	}
	id := fmt.Sprintf("00000000-0000-4000-8000-%012d", lastID.Add(1)) // Lambda's are UUIDs
	return &invocation{id: id, event: event, deadline: deadline, done: make(chan Result, 1)}
}

// listen serves the API on a free port of the loopback.
func listen() (*api, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtimeapi: %w", err)
	}
	a := &api{
		address: listener.Addr().String(),
		queue:   make(chan *invocation),
		ready:   make(chan struct{}),
		pending: map[string]*invocation{},
		// One report is enough: the runtime ends after it.
		initError: make(chan []byte, 1),
	}
	const base = "/2018-06-01/runtime"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+base+"/invocation/next", a.next)
	mux.HandleFunc("POST "+base+"/invocation/{id}/response", a.response)
	mux.HandleFunc("POST "+base+"/invocation/{id}/error", a.invocationError)
	mux.HandleFunc("POST "+base+"/init/error", a.initFailed)
	a.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = a.server.Serve(listener) }() // ends with close
	return a, nil
}

func (a *api) close() { _ = a.server.Close() }

// next waits for an event and hands it over. A runtime with several workers
// has several of these open.
func (a *api) next(w http.ResponseWriter, r *http.Request) {
	a.readyOnce.Do(func() {
		a.readyAt = time.Now()
		close(a.ready)
	})
	select {
	case <-r.Context().Done():
	case inv := <-a.queue:
		inv.started = time.Now()
		a.mu.Lock()
		a.pending[inv.id] = inv
		a.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:test")
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
		_, _ = w.Write(inv.event) // a runtime that is gone is seen by its exit
	}
}

func (a *api) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the response was cut off", http.StatusBadRequest)
		return
	}
	// A response that fails while it streams says so in a trailer.
	if r.Trailer.Get("Lambda-Runtime-Function-Error-Type") != "" {
		report, err := base64.StdEncoding.DecodeString(r.Trailer.Get("Lambda-Runtime-Function-Error-Body"))
		if err != nil {
			http.Error(w, "the error trailer is not base64", http.StatusBadRequest)
			return
		}
		a.end(w, r.PathValue("id"), Result{Err: report})
		return
	}
	a.end(w, r.PathValue("id"), Result{Payload: body})
}

func (a *api) invocationError(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the error was cut off", http.StatusBadRequest)
		return
	}
	a.end(w, r.PathValue("id"), Result{Err: body})
}

func (a *api) initFailed(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the error was cut off", http.StatusBadRequest)
		return
	}
	select {
	case a.initError <- body:
	default:
	}
	w.WriteHeader(http.StatusAccepted)
}

// end delivers a result. An id that is unknown, or answered already, gets the
// 400 that Lambda gives.
func (a *api) end(w http.ResponseWriter, id string, result Result) {
	a.mu.Lock()
	inv := a.pending[id]
	delete(a.pending, id)
	a.mu.Unlock()
	if inv == nil {
		http.Error(w, `{"errorMessage":"invalid request id","errorType":"InvalidRequestID"}`, http.StatusBadRequest)
		return
	}
	result.Duration = time.Since(inv.started)
	inv.done <- result
	w.WriteHeader(http.StatusAccepted)
}

// forget drops an invocation that nobody waits for any more.
func (a *api) forget(inv *invocation) {
	a.mu.Lock()
	delete(a.pending, inv.id)
	a.mu.Unlock()
}
