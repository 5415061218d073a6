package dynamodblocal

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// startLimit is generous: a first start on two busy cores takes a few seconds.
const startLimit = 60 * time.Second

// An Engine is a running DynamoDB Local with an empty memory store, shared by
// all credentials and regions.
type Engine struct {
	endpoint string
	cmd      *exec.Cmd
	stdin    io.Closer // its end of file is what ends the engine
	done     chan struct{}
}

// Start starts the engine that lies in dir (see Dir) on a free port of
// 127.0.0.1 and returns when it answers. The error holds the end of what the
// engine printed.
func Start(ctx context.Context, dir string) (*Engine, error) {
	said := &output{port: make(chan int, 1)}
	// The class path's star is for java to expand, not for a shell.
	classes := dir + string(os.PathListSeparator) + filepath.Join(dir, "*")
	cmd := exec.Command("java", "-Xmx1g", "-Djava.library.path="+dir, "-cp", classes, MainClass)
	cmd.Dir = dir
	cmd.Env = Isolate(os.Environ())
	cmd.Stdout, cmd.Stderr = said, said
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("java does not start: %w", err)
	}
	e := &Engine{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(e.done)
	}()

	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := e.wait(ctx, said.port); err != nil {
		e.Stop()
		return nil, fmt.Errorf("DynamoDB Local does not start (%w); remove %s and run make test-dynamodb; it said:\n%s", err, filepath.Dir(dir), said.tail())
	}
	return e, nil
}

// wait reads the port that the engine chose, then asks it for its tables: a
// missing native library shows only at the first request.
func (e *Engine) wait(ctx context.Context, port <-chan int) error {
	select {
	case n := <-port:
		e.endpoint = "http://127.0.0.1:" + strconv.Itoa(n)
		return Ready(ctx, e.endpoint)
	case <-e.done:
		return fmt.Errorf("it ended with %s", e.cmd.ProcessState)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Endpoint is the engine's URL, without a last slash.
func (e *Engine) Endpoint() string { return e.endpoint }

// Stop ends the engine and returns when it is gone. It may be called twice.
func (e *Engine) Stop() {
	_ = e.stdin.Close()
	select {
	case <-e.done:
	case <-time.After(3 * time.Second):
		_ = e.cmd.Process.Kill()
		<-e.done
	}
}

// portPrefix begins the line with which Loopback.java names its port.
var portPrefix = []byte("rescind-dynamodb-port ")

// output keeps the last of what the engine prints and finds the port in it.
type output struct {
	mu   sync.Mutex
	kept []byte
	port chan int
	sent bool
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept = append(o.kept, p...)
	if !o.sent {
		o.findPort()
	}
	const limit = 8 << 10
	if o.sent && len(o.kept) > limit {
		o.kept = append([]byte(nil), o.kept[len(o.kept)-limit:]...)
	}
	return len(p), nil
}

func (o *output) findPort() {
	_, rest, found := bytes.Cut(o.kept, portPrefix)
	line, _, whole := bytes.Cut(rest, []byte("\n"))
	if !found || !whole {
		return
	}
	if n, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil {
		o.sent = true
		o.port <- n
	}
}

func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.kept)
}
