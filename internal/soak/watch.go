package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"rescind/internal/bench/process"
	"rescind/internal/bench/server"
)

// mostLog is how long the server's log file may get, in bytes.
const mostLog = 256 << 20

// watcher samples the server each second and says how the soak goes.
type watcher struct {
	server   *server.Server
	path     string // of the store's file; empty where there is none
	whole    time.Duration
	progress io.Writer
	state    func() string

	mu      sync.Mutex
	samples []sample
}

// watch samples until ctx ends. A server that cannot be sampled is an error.
func (w *watcher) watch(ctx context.Context) error {
	start := time.Now()
	tick := time.NewTicker(w.every())
	defer tick.Stop()
	said := time.Time{}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		use, err := process.One(w.server.PID())
		if err != nil {
			return fmt.Errorf("sampling the server: %w", err)
		}
		if err := w.server.TrimLog(mostLog); err != nil {
			return fmt.Errorf("shortening the server's log: %w", err)
		}
		s := sample{At: time.Since(start), Resident: use.Resident, Descriptors: use.Descriptors, Threads: use.Threads,
			Store: size(w.path), Log: size(w.path + "-wal")}
		w.mu.Lock()
		w.samples = append(w.samples, s)
		w.mu.Unlock()
		if time.Since(said) >= 10*time.Second {
			said = time.Now()
			fmt.Fprintf(w.progress, "soak: %s of %s; memory %.1f MB, %d descriptors, %d threads, store %.1f MB, its log %.1f MB; %s\n",
				s.At.Round(time.Second), w.whole, float64(s.Resident)/mega, s.Descriptors, s.Threads, float64(s.Store)/mega, float64(s.Log)/mega, w.state())
		}
	}
}

// every gives at least some forty samples, and one a second at the most.
func (w *watcher) every() time.Duration {
	return min(time.Second, max(w.whole/40, 50*time.Millisecond))
}

func size(path string) int64 {
	if i, err := os.Stat(path); err == nil {
		return i.Size()
	}
	return 0
}
