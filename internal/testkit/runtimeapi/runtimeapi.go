// Package runtimeapi runs a compiled Lambda bootstrap on this machine, for
// tests and benchmarks: it speaks the Lambda runtime API to it (invocation/next,
// response, error, init/error) and nothing else of Lambda. The bootstrap is the
// very file that would be deployed. Its environment is built from scratch, as
// Lambda does it, so that no credential and no endpoint of the caller's leaks
// in. With AWS_LAMBDA_MAX_CONCURRENCY in the environment one process gets many
// invocations at a time.
//
// It sets no limit on memory, time or processor, knows nothing of what the
// events mean, and imports no other package of this module.
//
// Source: "Using the Lambda runtime API for custom runtimes" and "Lambda
// execution environment" (Lambda Developer Guide), API version 2018-06-01.
package runtimeapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// initTimeout is how long Lambda waits for the first invocation/next.
const initTimeout = 10 * time.Second

// stopTimeout is how long a process has between SIGTERM and SIGKILL.
const stopTimeout = 2 * time.Second

// A Function is a running bootstrap. Its methods are safe for concurrent use.
type Function struct {
	api    *api
	cmd    *exec.Cmd
	logs   logs
	init   time.Duration
	exited chan struct{} // closed when the process is gone
	exit   error         // how it ended; read after exited
}

// Result is how the function ended one invocation: with Payload, or with Err,
// the JSON that the runtime reports for a failed one (errorMessage,
// errorType). Duration is from the hand-over of the event to the last byte of
// the answer; waiting for a free worker is not in it.
type Result struct {
	Payload  []byte
	Err      []byte
	Duration time.Duration
}

// Start runs the bootstrap and returns when it asks for its first event. env
// is added to what Lambda sets, and may replace any of it but
// AWS_LAMBDA_RUNTIME_API. The process lives until Stop, or until ctx ends. A
// process that ends or reports an error before it asks is an error that holds
// the last line of its log.
func Start(ctx context.Context, bootstrap string, env map[string]string) (*Function, error) {
	path, err := filepath.Abs(bootstrap)
	if err != nil {
		return nil, fmt.Errorf("runtimeapi: %w", err)
	}
	api, err := listen()
	if err != nil {
		return nil, err
	}
	f := &Function{api: api, exited: make(chan struct{})}
	f.cmd = exec.CommandContext(ctx, path)
	f.cmd.Dir = filepath.Dir(path)
	f.cmd.Env = environment(path, api.address, env)
	f.cmd.Stdout, f.cmd.Stderr = &f.logs, &f.logs
	f.cmd.WaitDelay = stopTimeout // a child that keeps the log open must not keep us

	started := time.Now()
	if err := f.cmd.Start(); err != nil {
		api.close()
		return nil, fmt.Errorf("runtimeapi: the bootstrap does not start; build it with GOOS=linux for this machine: %w", err)
	}
	go func() {
		f.exit = f.cmd.Wait()
		close(f.exited)
	}()

	timeout := time.NewTimer(initTimeout)
	defer timeout.Stop()
	select {
	case <-api.ready:
		f.init = api.readyAt.Sub(started)
		return f, nil
	case report := <-api.initError:
		err = fmt.Errorf("runtimeapi: the function reported an init error: %s", report)
	case <-f.exited:
		err = f.ended("before it asked for an event")
	case <-timeout.C:
		err = fmt.Errorf("runtimeapi: the function asked for no event within %s; last log line: %s", initTimeout, f.logs.last())
	case <-ctx.Done():
		err = fmt.Errorf("runtimeapi: init: %w", ctx.Err())
	}
	return nil, errors.Join(err, f.Stop())
}

// Invoke sends one event and waits for its end. With all workers busy it waits
// for one. An invocation that the function itself ends as failed is a Result
// with Err, not an error; an error means that there was no end: the process is
// gone, or ctx is over. ctx's deadline is the one the function is told;
// without one it is told a minute.
func (f *Function) Invoke(ctx context.Context, event []byte) (Result, error) {
	inv := newInvocation(ctx, event)
	defer f.api.forget(inv)
	select {
	case f.api.queue <- inv:
	case <-f.exited:
		return Result{}, f.ended("while an event waited")
	case <-ctx.Done():
		return Result{}, fmt.Errorf("runtimeapi: no worker took the event: %w", ctx.Err())
	}
	select {
	case result := <-inv.done:
		return result, nil
	case <-f.exited:
	case <-ctx.Done():
		return Result{}, fmt.Errorf("runtimeapi: the invocation did not end: %w", ctx.Err())
	}
	select { // the answer may have come right before the end
	case result := <-inv.done:
		return result, nil
	default:
		return Result{}, f.ended("during an invocation")
	}
}

// InitDuration is the time from starting the process to its first
// invocation/next.
func (f *Function) InitDuration() time.Duration { return f.init }

// Logs is what the process has written to its standard output and error so far.
func (f *Function) Logs() []byte { return f.logs.bytes() }

// Stop ends the process, first with SIGTERM as Lambda does, and frees the
// port. It is harmless to call again. Being ended by Stop is no error; a
// process that had to be killed is one.
func (f *Function) Stop() error {
	defer f.api.close()
	_ = f.cmd.Process.Signal(syscall.SIGTERM) // fails only if it is gone already
	timeout := time.NewTimer(stopTimeout)
	defer timeout.Stop()
	select {
	case <-f.exited:
		return nil
	case <-timeout.C:
	}
	_ = f.cmd.Process.Kill()
	<-f.exited
	return fmt.Errorf("runtimeapi: the function ignored SIGTERM for %s and was killed", stopTimeout)
}

// ended says how the process ended; f.exited is closed.
func (f *Function) ended(when string) error {
	how := "exit status 0"
	if f.exit != nil {
		how = f.exit.Error()
	}
	return fmt.Errorf("runtimeapi: the function ended %s (%s); last log line: %s", when, how, f.logs.last())
}

// environment is Lambda's, with credentials that work nowhere.
func environment(bootstrap, address string, env map[string]string) []string {
	all := map[string]string{
		"_HANDLER":                        "bootstrap",
		"AWS_ACCESS_KEY_ID":               "test",
		"AWS_SECRET_ACCESS_KEY":           "test",
		"AWS_SESSION_TOKEN":               "test",
		"AWS_REGION":                      "eu-central-1",
		"AWS_DEFAULT_REGION":              "eu-central-1",
		"AWS_EC2_METADATA_DISABLED":       "true", // there is none: do not wait for it
		"AWS_LAMBDA_FUNCTION_NAME":        "test",
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/test",
		"AWS_LAMBDA_LOG_STREAM_NAME":      "test",
		"LAMBDA_TASK_ROOT":                filepath.Dir(bootstrap),
		"LAMBDA_RUNTIME_DIR":              filepath.Dir(bootstrap),
		"TZ":                              ":UTC",
	}
	for _, name := range []string{"PATH", "HOME", "TMPDIR"} {
		if value, ok := os.LookupEnv(name); ok {
			all[name] = value
		}
	}
	maps.Copy(all, env)
	all["AWS_LAMBDA_RUNTIME_API"] = address
	list := make([]string, 0, len(all))
	for name, value := range all {
		list = append(list, name+"="+value)
	}
	return list
}

// logs gathers the process's output, both streams in the order written.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logs) bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}

func (l *logs) last() string {
	all := bytes.TrimSpace(l.bytes())
	if len(all) == 0 {
		return "(none)"
	}
	return string(all[bytes.LastIndexByte(all, '\n')+1:])
}
