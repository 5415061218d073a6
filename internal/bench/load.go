package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// maker gives the next request of one connection, and takes its answer's body.
// A maker is used by one goroutine.
type maker struct {
	next func() (request []byte, ok bool)
	took func(body []byte) error
}

// load is one run: requests from several connections, for a time.
type load struct {
	addr        string
	connections int
	duration    time.Duration
	rate        int // requests a second in all, evenly spaced; 0: each connection as fast as it is answered
	make        func(connection int) maker
}

// result is what a run measured. Latencies at a rate count from when the
// request was due, so that a stall is not left out.
type result struct {
	Operations int           `json:"operations"`
	PerSecond  float64       `json:"operations_per_second"`
	P50        time.Duration `json:"p50_ns"`
	P99        time.Duration `json:"p99_ns"`
	Max        time.Duration `json:"max_ns"`
}

func (l load) run() (result, error) {
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		all      []time.Duration
		failures []error
		tickets  atomic.Int64
	)
	start := time.Now()
	for i := range l.connections {
		wg.Go(func() {
			took, err := l.connection(i, start, &tickets)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				failures = append(failures, err)
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(start)
	if err := errors.Join(failures...); err != nil {
		return result{}, err
	}
	if len(all) == 0 {
		return result{}, errors.New("no request was answered")
	}
	slices.Sort(all)
	return result{
		Operations: len(all), PerSecond: float64(len(all)) / elapsed.Seconds(),
		P50: all[len(all)/2], P99: all[len(all)*99/100], Max: all[len(all)-1],
	}, nil
}

// connection sends one request after the other. A minimal client, for the
// server's share of the cores is what is to be measured.
func (l load) connection(i int, start time.Time, tickets *atomic.Int64) ([]time.Duration, error) {
	conn, err := net.Dial("tcp", l.addr)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	m := l.make(i)
	var took []time.Duration
	var body []byte
	for time.Since(start) < l.duration {
		due := time.Now()
		if l.rate > 0 {
			due = start.Add(time.Duration(tickets.Add(1)) * time.Second / time.Duration(l.rate))
			time.Sleep(time.Until(due))
		}
		request, ok := m.next()
		if !ok {
			break
		}
		if _, err := conn.Write(request); err != nil {
			return took, fmt.Errorf("sending: %w", err)
		}
		if body, err = readAnswer(in, body[:0]); err != nil {
			return took, err
		}
		took = append(took, time.Since(due))
		if err := m.took(body); err != nil {
			return took, err
		}
	}
	return took, nil
}

// readAnswer reads one response with a Content-Length and wants 200.
func readAnswer(in *bufio.Reader, body []byte) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
		return nil, fmt.Errorf("an answer was %q", bytes.TrimSpace(line))
	}
	length := -1
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return nil, fmt.Errorf("reading an answer: %w", err)
		}
		if len(line) <= 2 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return nil, fmt.Errorf("an answer's length: %w", err)
			}
		}
	}
	if length < 0 {
		return nil, errors.New("an answer has no length")
	}
	body = slices.Grow(body, length)[:length]
	_, err = io.ReadFull(in, body)
	return body, err
}

// post builds a form request as a client library would send it.
func post(path, host, basic, form string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"User-Agent: bench\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n%s", path, host, basic, len(form), form)
}
