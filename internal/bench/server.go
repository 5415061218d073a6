package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is the command as a user runs it, built and started for this.
type server struct {
	binary, store, addr string
	cmd                 *exec.Cmd
	log                 *bytes.Buffer
}

func build(ctx context.Context, out, pkg string, extra ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w"}, extra...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", out, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", pkg, err, msg)
	}
	return nil
}

func startServer(ctx context.Context, dir, store string) (*server, error) {
	s := &server{binary: filepath.Join(dir, "rescind"), store: store, log: &bytes.Buffer{}}
	if err := build(ctx, s.binary, "./cmd/rescind"); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, err
	}
	logs, err := os.Create(filepath.Join(dir, "server.log")) // a file, as under a service manager
	if err != nil {
		return nil, err
	}
	defer logs.Close()
	s.cmd = exec.Command(s.binary, "serve", "--addr", s.addr, "--store", "sqlite:"+store)
	s.cmd.Stdout, s.cmd.Stderr = logs, logs
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	for range 200 {
		time.Sleep(25 * time.Millisecond)
		if r, err := http.Get("http://" + s.addr + "/healthz"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return s, nil
			}
		}
	}
	s.stop()
	return nil, errors.New("the server did not become healthy within five seconds; see " + logs.Name())
}

func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// memory gives the resident memory now and at its peak, in bytes; 0 where the
// system does not say.
func (s *server) memory() (now, peak int64) {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(s.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0, 0
	}
	field := func(name string) int64 {
		_, rest, _ := strings.Cut(string(b), "\n"+name+":")
		kb, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		n, _ := strconv.ParseInt(kb, 10, 64)
		return n << 10
	}
	return field("VmRSS"), field("VmHWM")
}

// operator runs the command's writes beside the server, five a second, until
// ctx ends; it gives how many succeeded.
func (s *server) operator(ctx context.Context, clientID string) (int, error) {
	done := 0
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return done, nil
		case <-tick.C:
			cmd := exec.Command(s.binary, "client", "update", clientID, "--name", fmt.Sprintf("bench %d", done), "--store", "sqlite:"+s.store)
			if msg, err := cmd.CombinedOutput(); err != nil {
				return done, fmt.Errorf("the operator's command: %w: %s", err, msg)
			}
			done++
		}
	}
}

// syncTime is the median of 200 appends of 4 KiB, each made durable, to a file
// in dir.
func syncTime(dir string) (time.Duration, error) {
	f, err := os.Create(filepath.Join(dir, "fsync"))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	took := make([]time.Duration, 0, 200)
	for range cap(took) {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return 0, err
		}
		start := time.Now()
		if err := f.Sync(); err != nil {
			return 0, err
		}
		took = append(took, time.Since(start))
	}
	return median(took), nil
}
