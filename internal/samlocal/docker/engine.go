// Package docker gives a Docker engine on this machine to package main above:
// the one that runs, else one of its own, started as root with all its files in
// one temporary folder and ended with it. It speaks the engine's HTTP API over its
// socket, so that no docker command is needed. It must not know what runs in the
// containers.
package docker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// ErrNone says that no engine runs here and none can be started. What wraps it
// says why.
var ErrNone = errors.New("no Docker engine")

// patience is how long an engine may take to start, and to stop.
const patience = 40 * time.Second

// Engine is one that runs.
type Engine struct {
	Host    string // as DOCKER_HOST takes it: unix://PATH
	Version string
	Ours    bool // it was started here

	client *client
	stop   func() error
}

// Find gives the engine that DOCKER_HOST names or that listens in the usual
// place, else starts one.
func Find(ctx context.Context) (*Engine, error) {
	host := os.Getenv("DOCKER_HOST")
	if host == "" {
		host = "unix:///var/run/docker.sock"
	}
	socket, ok := strings.CutPrefix(host, "unix://")
	if !ok {
		return nil, fmt.Errorf("%w: DOCKER_HOST=%s is not a socket of this machine", ErrNone, host)
	}
	c := newClient(socket)
	if version, err := c.version(ctx); err == nil {
		return &Engine{Host: host, Version: version, client: c, stop: func() error { return nil }}, nil
	}
	if os.Getenv("DOCKER_HOST") != "" {
		return nil, fmt.Errorf("%w: none answers at DOCKER_HOST=%s", ErrNone, host)
	}
	return start(ctx)
}

// Stop ends the engine, if it was started here, and takes its files away.
func (e *Engine) Stop() error { return e.stop() }

// start needs root. The firewall's tables stay as they are: containers reach
// this machine over the bridge, and nothing beyond.
func start(ctx context.Context) (*Engine, error) {
	program, err := exec.LookPath("dockerd")
	if err != nil {
		return nil, fmt.Errorf("%w: there is no dockerd here: install docker.io", ErrNone)
	}
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: none runs, and only root can start one", ErrNone)
	}
	dir, err := os.MkdirTemp("", "rescind-docker-")
	if err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "sock")
	d := &daemon{dir: dir, log: filepath.Join(dir, "log"), ended: make(chan struct{})}
	if err := d.run(program, "--iptables=false", "--ip6tables=false", "--ip-forward=false",
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"),
		"--pidfile", filepath.Join(dir, "pid"), "--host", "unix://"+socket); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrNone, err), os.RemoveAll(dir))
	}
	c := newClient(socket)
	version, err := d.ready(ctx, c)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: dockerd does not start here: %w", ErrNone, err), d.stop())
	}
	return &Engine{Host: "unix://" + socket, Version: version, Ours: true, client: c, stop: d.stop}, nil
}

// daemon is our own dockerd.
type daemon struct {
	dir, log string
	cmd      *exec.Cmd
	ended    chan struct{}
}

func (d *daemon) run(program string, args ...string) error {
	log, err := os.Create(d.log)
	if err != nil {
		return err
	}
	defer log.Close()
	d.cmd = exec.Command(program, args...)
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for us, who stop it in order
	if err := d.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = d.cmd.Wait()
		close(d.ended)
	}()
	return nil
}

// ready waits until the engine answers, and gives its version.
func (d *daemon) ready(ctx context.Context, c *client) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		version, err := c.version(ctx)
		if err == nil {
			return version, nil
		}
		select {
		case <-d.ended:
			return "", errors.New(d.tail())
		case <-ctx.Done():
			return "", fmt.Errorf("%w; its log ends: %s", ctx.Err(), d.tail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// tail is the last line of the log.
func (d *daemon) tail() string {
	text, err := os.ReadFile(d.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

func (d *daemon) stop() error {
	_ = d.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-d.ended:
	case <-time.After(patience):
		_ = syscall.Kill(-d.cmd.Process.Pid, syscall.SIGKILL)
		<-d.ended
	}
	return os.RemoveAll(d.dir)
}
