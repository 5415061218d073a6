package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// patience is how long a server may take to become healthy, and to stop.
const patience = 20 * time.Second

// Server is a running `rescind serve`.
type Server struct {
	Addr string // host:port

	binary, store string
	environ       []string
	log           string
	cmd           *exec.Cmd
	ended         chan struct{} // closed once the process has ended, err being why
	err           error
}

// Config says which server to start.
type Config struct {
	Binary  string   // as Build made it
	Store   string   // as --store takes it: sqlite:PATH or dynamodb
	Log     string   // the file its log is appended to
	Environ []string // added to this process' environment
	Args    []string // added to `serve --addr ... --store ...`
}

// Build compiles the package pkg, a path from the module's root, which must be
// the working directory, to the file out.
func Build(ctx context.Context, out, pkg string, extra ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w"}, extra...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", out, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s (run this from the module's root): %w\n%s", pkg, err, msg)
	}
	return nil
}

// Start runs a server on a free port of 127.0.0.1 and returns once it is
// healthy. When ctx ends it is asked to stop, and killed if it does not.
func Start(ctx context.Context, c Config) (*Server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	// A file, as under a service manager: a pipe would make this process part of the server's way.
	logs, err := os.OpenFile(c.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the server's log: %w", err)
	}
	defer logs.Close()
	s := &Server{Addr: addr, binary: c.Binary, store: c.Store, environ: append(os.Environ(), c.Environ...), log: c.Log, ended: make(chan struct{})}
	s.cmd = exec.CommandContext(ctx, c.Binary, append([]string{"serve", "--addr", addr, "--store", c.Store}, c.Args...)...)
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = s.environ, logs, logs
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.WaitDelay = patience
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the caller, which stops it in order
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	go func() {
		defer close(s.ended)
		if s.err = s.cmd.Wait(); ctx.Err() != nil && s.cmd.ProcessState.Success() {
			s.err = nil // it was asked to stop because ctx ended, and stopped
		}
	}()
	if err := s.healthy(ctx); err != nil {
		_ = s.Stop()
		return nil, err
	}
	return s, nil
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

func (s *Server) healthy(ctx context.Context) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			return fmt.Errorf("the server ended at its start: %w; its log ends: %s", s.err, s.tail())
		case <-time.After(25 * time.Millisecond):
		}
		r, err := http.Get("http://" + s.Addr + "/healthz")
		if err != nil {
			continue
		}
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
		if r.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("the server did not become healthy within %s; its log ends: %s", patience, s.tail())
}

// PID is the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Ended is closed when the process has ended, wanted or not.
func (s *Server) Ended() <-chan struct{} { return s.ended }

// Stop asks the server to stop, waits for it and kills it if it takes too
// long. An end that was not clean is an error. It may be called twice.
func (s *Server) Stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		<-s.ended
		return fmt.Errorf("the server did not stop within %s and was killed", patience)
	}
	if s.err != nil {
		return fmt.Errorf("the server's end was not clean: %w; its log ends: %s", s.err, s.tail())
	}
	return nil
}

// Command runs the operator's command on the server's store, beside the server.
func (s *Server) Command(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, s.binary, append(args, "--store", s.store)...)
	cmd.Env = s.environ
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("the operator's command %q: %w: %s", args, err, bytes.TrimSpace(msg.Bytes()))
	}
	return out.Bytes(), nil
}

// Operator writes with the operator's command beside the server, five times a
// second, until ctx ends: it renames the client. It gives how many writes
// succeeded; the first that did not ends it.
func (s *Server) Operator(ctx context.Context, clientID string) (int, error) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for done := 0; ; done++ {
		select {
		case <-ctx.Done():
			return done, nil
		case <-tick.C:
			// The write that has begun is finished: it is not what ctx ends.
			if _, err := s.Command(context.WithoutCancel(ctx), "client", "update", clientID, "--name", fmt.Sprintf("bench %d", done)); err != nil {
				return done, err
			}
		}
	}
}

// TrimLog empties the server's log where it is longer than most bytes. A load
// of an hour would fill the disk with it.
func (s *Server) TrimLog(most int64) error {
	i, err := os.Stat(s.log)
	if err != nil || i.Size() <= most {
		return err
	}
	return os.Truncate(s.log, 0) // the server appends, so it goes on from there
}

// tail is the end of the log, for an error's text.
func (s *Server) tail() string {
	const most = 600
	f, err := os.Open(s.log)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	if i, err := f.Stat(); err == nil && i.Size() > most {
		_, _ = f.Seek(-most, io.SeekEnd)
	}
	b, _ := io.ReadAll(io.LimitReader(f, most))
	return string(bytes.TrimSpace(b))
}
