package load

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// some gives n requests and counts the answers' bodies that were right.
func some(n int, addr, want string, right *atomic.Int64) func(int) Maker {
	return func(int) Maker {
		left := n
		return Maker{
			Next: func() ([]byte, bool) { left--; return Post("/o/token/", addr, "YTpi", "a=b"), left >= 0 },
			Took: func(body []byte) error {
				if string(body) == want {
					right.Add(1)
				}
				return nil
			},
		}
	}
}

func TestRunAgainstGoServer(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"a length": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) },
		"chunks": func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = w.Write([]byte("hello"))
		},
		"one request": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			_, _ = w.Write([]byte("hello"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var bad atomic.Int64
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				id, text, _ := r.BasicAuth()
				if r.Method != http.MethodPost || r.PostFormValue("a") != "b" || id != "a" || text != "b" {
					bad.Add(1)
				}
				h(w, r)
			}))
			defer s.Close()
			addr := s.Listener.Addr().String()
			var right atomic.Int64
			res, err := Run{Addr: addr, Connections: 4, Duration: time.Minute, Make: some(25, addr, "hello", &right)}.Do(t.Context())
			if err != nil || res.Operations != 100 || right.Load() != 100 || bad.Load() > 0 || res.Resent > 0 {
				t.Errorf("%+v, %d right, %d requests unlike the one made, error %v", res, right.Load(), bad.Load(), err)
			}
			if res.P50 <= 0 || res.P99 < res.P50 || res.Max < res.P99 || res.PerSecond <= 0 {
				t.Errorf("%+v", res)
			}
		})
	}
}

func TestStatuses(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusCreated) }))
	defer s.Close()
	addr := s.Listener.Addr().String()
	var right atomic.Int64
	run := Run{Addr: addr, Connections: 1, Duration: time.Minute, Make: some(3, addr, "", &right)}
	if _, err := run.Do(t.Context()); err == nil || !strings.Contains(err.Error(), "201") {
		t.Errorf("201 is no error: %v", err)
	}
	run.Accept = []int{200, 201}
	if _, err := run.Do(t.Context()); err != nil || right.Load() != 3 {
		t.Errorf("%d right, error %v", right.Load(), err)
	}
	run.Accept, run.Make = nil, func(int) Maker {
		m := some(3, addr, "", &right)(0)
		m.Answered = func(status int, _ []byte) error {
			if status != http.StatusCreated {
				t.Errorf("status %d", status)
			}
			return nil
		}
		return m
	}
	if _, err := run.Do(t.Context()); err != nil {
		t.Error(err)
	}
}

// A server that closes each connection after a few answers, without saying so.
func TestRequestsOnAClosedConnectionAreSentAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(conn)
			for range 3 {
				r, err := http.ReadRequest(in)
				if err != nil {
					break
				}
				_ = r.ParseForm()
				_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"))
			}
			_ = conn.Close()
		}
	}()
	var right atomic.Int64
	addr := l.Addr().String()
	res, err := Run{Addr: addr, Connections: 1, Duration: time.Minute, Make: some(10, addr, "hi", &right)}.Do(t.Context())
	if err != nil || right.Load() != 10 || res.Resent != 3 {
		t.Errorf("%+v, %d right, error %v", res, right.Load(), err)
	}
}

// A fresh connection that is closed without an answer is a failure, never sent again.
func TestAServerThatNeverAnswers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var dialled atomic.Int64
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			dialled.Add(1)
			_, _ = http.ReadRequest(bufio.NewReader(conn))
			_ = conn.Close()
		}
	}()
	var right atomic.Int64
	addr := l.Addr().String()
	if _, err := (Run{Addr: addr, Connections: 1, Duration: time.Minute, Make: some(10, addr, "", &right)}).Do(t.Context()); err == nil || dialled.Load() != 1 {
		t.Errorf("error %v after %d connections", err, dialled.Load())
	}
}

func TestATimeoutIsAnError(t *testing.T) {
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer s.Close()
	defer close(stop)
	addr := s.Listener.Addr().String()
	var right atomic.Int64
	_, err := Run{Addr: addr, Connections: 1, Duration: time.Minute, Timeout: 50 * time.Millisecond, Make: some(1, addr, "", &right)}.Do(t.Context())
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
}

func TestARateIsKeptAndStallsCount(t *testing.T) {
	var n atomic.Int64
	const stall = 300 * time.Millisecond
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if n.Add(1) == 20 {
			time.Sleep(stall)
		}
	}))
	defer s.Close()
	addr := s.Listener.Addr().String()
	var right atomic.Int64
	res, err := Run{Addr: addr, Connections: 1, Duration: time.Second, Rate: 100, Make: some(1000, addr, "", &right)}.Do(t.Context())
	if err != nil || res.Operations < 50 || res.Operations > 100 {
		t.Fatalf("%+v, error %v", res, err)
	}
	// Those that were due during the stall waited too: some thirty, not one.
	if res.Max < stall || res.P99 < stall/2 {
		t.Errorf("a stall of %s was left out: %+v", stall, res)
	}
}

func TestTheEndOfTheContextEndsARun(t *testing.T) {
	stop := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-stop }))
	defer s.Close()
	defer close(stop)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	addr := s.Listener.Addr().String()
	var right atomic.Int64
	began := time.Now()
	_, err := Run{Addr: addr, Connections: 3, Duration: time.Minute, Make: some(10, addr, "", &right)}.Do(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
}
