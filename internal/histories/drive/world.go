package drive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"rescind/internal/histories/proxy"
)

// servers is how many processes serve one store.
const servers = 2

// The stores.
const (
	SQLite   = "sqlite"
	DynamoDB = "dynamodb"
)

// World is one store with its servers and the proxies before them, and for
// DynamoDB the proxy behind them. It runs one history at a time.
type World struct {
	Store string // SQLite or DynamoDB

	binary, dir, name string
	env               []string
	servers           [servers]*server
	proxies           [servers]*proxy.Proxy
	engine            *proxy.Proxy // between the processes and DynamoDB, or nil
	network           network
	clients           int // registered so far

	// Restoring a store wants all its other users stopped.
	using sync.RWMutex
	Kills atomic.Int64 // of servers
	Ended atomic.Int64 // operator's commands that were killed
}

// Open makes a store in dir, which must be empty, and starts its servers.
// engine is the URL of the DynamoDB engine; n makes the tables' names unique in
// it. environ is what the processes get.
func Open(ctx context.Context, kind, binary, dir, engine string, n int, environ []string) (*World, error) {
	w := &World{Store: kind, binary: binary, dir: dir, name: "sqlite:" + filepath.Join(dir, "store", "rescind.db"), env: environ}
	if kind == DynamoDB {
		var err error
		if w.engine, err = proxy.Start(w.network.choose, false); err != nil {
			return nil, err
		}
		w.engine.Forward(engine)
		w.name = fmt.Sprintf("dynamodb:histories-%d-%d", os.Getpid(), n)
		w.env = append(w.env, "AWS_ENDPOINT_URL_DYNAMODB="+w.engine.URL())
	}
	if out := w.operate(ctx, 0, "", "store", "create"); out.err != nil {
		w.Close()
		return nil, out.err
	}
	for i := range servers {
		var err error
		if w.proxies[i], err = proxy.Start(ordered, true); err == nil {
			err = w.start(i)
		}
		if err != nil {
			w.Close()
			return nil, err
		}
	}
	return w, nil
}

func (w *World) start(i int) error {
	s, err := startServer(w.binary, w.name, w.env, filepath.Join(w.dir, fmt.Sprintf("server-%d.log", i)))
	if err != nil {
		return err
	}
	w.servers[i] = s
	w.proxies[i].Forward(s.base)
	return nil
}

func (w *World) kill(i int) {
	w.servers[i].kill()
	w.Kills.Add(1)
}

// Close ends all processes of the world.
func (w *World) Close() {
	for i := range servers {
		if w.proxies[i] != nil {
			w.proxies[i].Close()
		}
		if w.servers[i] != nil {
			w.servers[i].kill()
		}
	}
	if w.engine != nil {
		w.engine.Close()
	}
}

// drain waits until nothing is on its way any more.
func (w *World) drain() {
	for _, p := range w.proxies {
		p.Drain()
	}
	if w.engine != nil {
		w.engine.Drain()
	}
}

// Faults counts what was injected so far, before the servers and behind them.
func (w *World) Faults() (before, behind map[proxy.Fault]int64) {
	before = map[proxy.Fault]int64{}
	for _, p := range w.proxies {
		for f, n := range p.Counts() {
			before[f] += n
		}
	}
	if w.engine != nil {
		behind = w.engine.Counts()
	}
	return before, behind
}

// commandLimit is for one run of the operator's command.
const commandLimit = 30 * time.Second

// output is what a run of the operator's command gave. err is nil only where
// the exit status was 0.
type output struct {
	stdout []byte
	killed bool
	err    error
}

// operate runs the operator's command. After kill, if it is not 0, the process
// gets SIGKILL.
func (w *World) operate(ctx context.Context, kill time.Duration, stdin string, args ...string) output {
	ctx, cancel := context.WithTimeout(ctx, commandLimit)
	defer cancel()
	cmd := exec.Command(w.binary, append(args, "--json", "--store", w.name)...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = w.env, strings.NewReader(stdin), &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return output{err: err}
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var after <-chan time.Time
	if kill > 0 {
		after = time.After(kill)
	}
	var err error
	out := output{}
	select {
	case err = <-done:
	case <-after:
		out.killed = true
	case <-ctx.Done():
		out.killed = true
	}
	if out.killed {
		_ = cmd.Process.Kill()
		err = errors.Join(errors.New("killed"), <-done)
		w.Ended.Add(1)
	}
	if err != nil {
		err = fmt.Errorf("rescind %s: %w: %s", args[0], err, lastLine(stderr.String()))
	}
	out.stdout, out.err = stdout.Bytes(), err
	return out
}

func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return s[strings.LastIndexByte(s, '\n')+1:]
}

// headerOrders carries a plan's orders to the proxy, which takes it off.
const headerOrders = "X-Orders"

func writeOrders(h http.Header, o proxy.Orders) {
	h.Set(headerOrders, fmt.Sprintf("%d %d %d %d", o.Fault, o.Before, o.After, o.Late))
}

func ordered(r *http.Request) proxy.Orders {
	var o proxy.Orders
	_, _ = fmt.Sscanf(r.Header.Get(headerOrders), "%d %d %d %d", &o.Fault, &o.Before, &o.After, &o.Late) // without: none
	r.Header.Del(headerOrders)
	return o
}
