package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const (
	clientID = "bench"
	patience = 30 * time.Second // for a start; a third of it for an end
)

// contenders are a peer's variants.
func (p Peer) contenders(in installed) []contender {
	var all []contender
	for _, v := range p.Variants {
		all = append(all, contender{
			row: p.row(v, in.runtime), paths: p.Paths, skip: p.Missing,
			open: func(ctx context.Context, s site) (*target, error) { return p.start(ctx, v, in, s) },
		})
	}
	return all
}

func (p Peer) row(v Variant, runtime string) Row {
	return Row{Name: p.rowName(v), Language: p.Language, Package: p.Package, Version: p.Version, Runtime: runtime,
		Setup: v.Setup, Durability: v.Durability, Durable: v.Durable, Notes: p.Notes}
}

// start fills the peer's storage, starts it and returns once it answers for a
// token that was seeded.
func (p Peer) start(ctx context.Context, v Variant, in installed, s site) (*target, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	secret := rand.Text() + rand.Text()
	tokens := filepath.Join(s.dir, "tokens")
	environ := append(os.Environ(),
		"NODE_ENV=production", "PYTHONDONTWRITEBYTECODE=1",
		"COMPARE_ADDR="+addr, "COMPARE_DATA="+s.dir, "COMPARE_TOKENS="+tokens,
		"COMPARE_GRANTS="+strconv.Itoa(s.grants), "COMPARE_CLIENT_ID="+clientID, "COMPARE_CLIENT_SECRET="+secret)
	for _, name := range slices.Sorted(maps.Keys(v.Environ)) {
		environ = append(environ, name+"="+v.Environ[name])
	}
	log := filepath.Join(s.dir, "server.log")
	seed := in.expand(p.Seed)
	run := exec.CommandContext(ctx, seed[0], seed[1:]...)
	run.Dir, run.Env = in.dir, environ
	if said, err := run.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("filling its storage: %w: %s", err, tail(said))
	}
	proc, err := spawn(ctx, in.expand(v.Serve), in.dir, environ, log)
	if err != nil {
		return nil, err
	}
	t := &target{addr: addr, basic: base64.StdEncoding.EncodeToString([]byte(clientID + ":" + secret)), pid: proc.cmd.Process.Pid, stop: proc.stop}
	if err := p.ready(ctx, t, proc, tokens, s.grants); err != nil {
		_ = proc.stop()
		return nil, err
	}
	return t, nil
}

// ready waits for the tokens, which a server that keeps them in memory writes
// itself, and for the first right answer.
func (p Peer) ready(ctx context.Context, t *target, proc *child, tokens string, grants int) error {
	var why error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-proc.ended:
			return fmt.Errorf("it ended at its start: %s", proc.tail())
		case <-time.After(50 * time.Millisecond):
		}
		if t.access, t.refresh, why = readTokens(tokens, grants); why != nil {
			continue
		}
		var active bool
		if active, why = ask(ctx, t, p.Paths, t.access[0]); why != nil {
			continue
		}
		if !active {
			return fmt.Errorf("it does not call a token active that it was filled with")
		}
		return nil
	}
	return fmt.Errorf("it did not answer within %s: %w; its log ends: %s", patience, why, proc.tail())
}

// child is a server that was started here, with its children.
type child struct {
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
}

// spawn starts a command in a process group of its own, so that Ctrl-C is for
// this process, which ends the other in order.
func spawn(ctx context.Context, command []string, dir string, environ []string, log string) (*child, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	p := &child{log: log, ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, command[0], command[1:]...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = dir, environ, out, out
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = patience / 3
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("it does not start: %w", err)
	}
	go func() { _ = p.cmd.Wait(); close(p.ended) }()
	return p, nil
}

// stop asks the server to end, and kills what of its group is still there.
func (p *child) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	var err error
	select {
	case <-p.ended:
	case <-time.After(patience / 3):
		err = fmt.Errorf("it did not end within %s and was killed", patience/3)
	}
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // workers that outlived it; none is no failure
	<-p.ended
	return err
}

func (p *child) tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return tail(b)
}

// tail is the end of what a program printed, on one line.
func tail(b []byte) string {
	b = bytes.TrimSpace(b[max(0, len(b)-400):])
	return string(bytes.Join(bytes.Fields(b), []byte(" ")))
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}
