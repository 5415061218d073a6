package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"rescind/internal/bench/disk"
	"rescind/internal/bench/load"
	"rescind/internal/bench/process"
	"rescind/internal/bench/server"
)

// report is all that was measured.
type report struct {
	Machine  string                 `json:"machine"`
	Grants   int                    `json:"grants"`
	Sync     time.Duration          `json:"fsync_p50_ns"`
	Server   map[string]load.Result `json:"server"`
	Steady   map[string]load.Result `json:"at_70_percent_with_operator"`
	Operator int                    `json:"operator_writes"`
	RSS      int64                  `json:"resident_bytes"`
	Peak     int64                  `json:"resident_peak_bytes"`
	File     int64                  `json:"store_bytes"`
	Lambda   int64                  `json:"token_bootstrap_bytes"`
	Handlers map[string]handling    `json:"handlers_alone"`
}

var order = []string{"introspection", "issue", "refresh", "revocation", authorizePage}

func main() {
	grants := flag.Int("grants", 100_000, "grants in the store")
	seconds := flag.Int("seconds", 5, "seconds for each measurement")
	connections := flag.Int("connections", 32, "connections at once")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r, err := measure(ctx, *grants, *connections, time.Duration(*seconds)*time.Second)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	if *asJSON {
		_ = json.NewEncoder(os.Stdout).Encode(r)
		return
	}
	r.print()
}

func measure(ctx context.Context, grants, connections int, d time.Duration) (_ *report, err error) {
	dir, err := os.MkdirTemp("", "rescind-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &report{Machine: fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), runtime.GOARCH, runtime.Version()), Grants: grants,
		Server: map[string]load.Result{}, Steady: map[string]load.Result{}}
	r.Handlers = measureHandlers()
	if r.Sync, err = disk.SyncTime(dir); err != nil {
		return nil, err
	}
	bootstrap := filepath.Join(dir, "bootstrap")
	if err := server.Build(ctx, bootstrap, "./functions/token", "-tags", "lambda.norpc"); err != nil {
		return nil, err
	}
	r.Lambda = size(bootstrap)
	store := filepath.Join(dir, "data", "rescind.db")
	tokens, err := fill(ctx, store, grants)
	if err != nil {
		return nil, err
	}
	s, err := start(ctx, dir, store)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	makers := tokens.makers(s.Addr, connections)
	for _, name := range order {
		l := load.Run{Addr: s.Addr, Connections: connections, Duration: d, Make: makers[name]}
		fmt.Fprintf(os.Stderr, "%s: peak\n", name)
		if r.Server[name], err = l.Do(ctx); err != nil {
			return nil, fmt.Errorf("%s at its peak: %w", name, err)
		}
		if name == "revocation" {
			continue // it uses up what it revokes; its p99 is that of the peak
		}
		fmt.Fprintf(os.Stderr, "%s: 70%% of it, the operator's command beside\n", name)
		l.Rate = int(r.Server[name].PerSecond * 0.7)
		if err := r.steady(ctx, s, l, name, tokens.ID); err != nil {
			return nil, err
		}
	}
	if use, err := process.One(s.PID()); err == nil { // 0 where the system does not say
		r.RSS, r.Peak = use.Resident, use.Peak
	}
	r.File = size(store) + size(store+"-wal")
	return r, nil
}

// start builds the server as a user has it, and runs it on the store.
func start(ctx context.Context, dir, store string) (*server.Server, error) {
	binary := filepath.Join(dir, "rescind")
	if err := server.Build(ctx, binary, "./cmd/rescind"); err != nil {
		return nil, err
	}
	return server.Start(ctx, server.Config{Binary: binary, Store: "sqlite:" + store, Log: filepath.Join(dir, "server.log")})
}

// steady measures at a fixed rate while the operator's command writes.
func (r *report) steady(ctx context.Context, s *server.Server, l load.Run, name, clientID string) error {
	beside, cancel := context.WithCancel(ctx)
	defer cancel()
	type ran struct {
		n   int
		err error
	}
	operator := make(chan ran, 1)
	go func() { n, err := s.Operator(beside, clientID); operator <- ran{n, err} }()
	res, err := l.Do(ctx)
	cancel()
	o := <-operator
	switch {
	case err != nil:
		return fmt.Errorf("%s at 70%% of its peak: %w", name, err)
	case o.err != nil:
		return o.err
	}
	r.Steady[name], r.Operator = res, r.Operator+o.n
	return nil
}

// makers gives the requests of each operation: random tokens to introspect, a
// line of refresh tokens for each connection, every token revoked once.
func (t *seeded) makers(addr string, connections int) map[string]func(int) load.Maker {
	ignore := func([]byte) error { return nil }
	form := func(path, body string) []byte { return load.Post(path, addr, t.Basic, body) }
	active := func(body []byte) error {
		if !strings.Contains(string(body), `"active":true`) {
			return fmt.Errorf("a live token was answered %s", body)
		}
		return nil
	}
	return map[string]func(int) load.Maker{
		"introspection": func(int) load.Maker {
			return load.Maker{Next: func() ([]byte, bool) {
				return form("/o/introspect/", "token="+t.access[rand.IntN(len(t.access))]), true
			}, Took: active}
		},
		"issue": func(int) load.Maker {
			request := form("/o/token/", "grant_type=client_credentials")
			return load.Maker{Next: func() ([]byte, bool) { return request, true }, Took: ignore}
		},
		authorizePage: func(int) load.Maker { return t.browser(addr) },
		"refresh":     func(i int) load.Maker { return t.refresher(i, connections, form) },
		"revocation": func(i int) load.Maker {
			return load.Maker{Next: func() ([]byte, bool) {
				if i += connections; i >= len(t.access) {
					return nil, false
				}
				return form("/o/revoke_token/", "token="+t.access[i]), true
			}, Took: ignore}
		},
	}
}

// refresher goes through the grants at random: each refresh presents the
// current token of its grant, and no two connections share a grant.
func (t *seeded) refresher(i, stride int, form func(path, body string) []byte) load.Maker {
	n := 0
	return load.Maker{
		Next: func() ([]byte, bool) {
			n = rand.IntN(len(t.refresh)/stride)*stride + i%stride
			return form("/o/token/", "grant_type=refresh_token&refresh_token="+url.QueryEscape(t.refresh[n])), true
		},
		Took: func(body []byte) error {
			_, rest, ok := strings.Cut(string(body), `"refresh_token":"`)
			value, _, closed := strings.Cut(rest, `"`)
			if !ok || !closed {
				return fmt.Errorf("a refresh gave no refresh token")
			}
			t.refresh[n] = value
			return nil
		},
	}
}

func size(path string) int64 {
	if i, err := os.Stat(path); err == nil {
		return i.Size()
	}
	return 0
}

func (r *report) print() {
	us := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000) }
	mb := func(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
	fmt.Printf("\n%s; SQLite with %d grants; load from the same cores; fsync p50 %s\n\n", r.Machine, r.Grants, us(r.Sync))
	fmt.Printf("%-14s %12s %10s %10s   %s\n", "server", "per second", "p50", "p99", "at 70% with the operator's writes: p50, p99, max")
	for _, name := range order {
		p, s := r.Server[name], r.Steady[name]
		fmt.Printf("%-14s %12.0f %10s %10s", name, p.PerSecond, us(p.P50), us(p.P99))
		if s.Operations > 0 {
			fmt.Printf("   %s, %s, %s", us(s.P50), us(s.P99), us(s.Max))
		}
		fmt.Println()
	}
	fmt.Printf("\n%-14s %12s %10s %10s\n", "handler alone", "per second", "allocs", "bytes")
	for _, name := range order {
		if h, ok := r.Handlers[name]; ok {
			fmt.Printf("%-14s %12.0f %10d %10d   %.1f us\n", name, 1e9/h.Nanoseconds, h.Allocations, h.Bytes, h.Nanoseconds/1000)
		}
	}
	fmt.Printf("\nresident memory %s, at its peak %s; store %s; operator's writes %d; token bootstrap %s\n",
		mb(r.RSS), mb(r.Peak), mb(r.File), r.Operator, mb(r.Lambda))
}
