package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rescind/internal/bench/local"
	"rescind/internal/integration/stack"
	"rescind/internal/samlocal/docker"
	"rescind/internal/task/child"
	"rescind/internal/testkit/engine/dynamodblocal"
)

// The test of package functions that invokes by sam, and what it reads; and the
// one that has the same events without sam.
const (
	bySam        = "^TestEventsBySamLocal$"
	byBootstraps = "^TestEventsOnBootstraps$"

	samVariable      = "RESCIND_TEST_SAM"
	endpointVariable = "RESCIND_TEST_SAM_ENDPOINT"
)

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// run does all parts, each though an earlier one failed.
func run(ctx context.Context, root string, o options) *report {
	r := &report{DynamoDB: "not run", Checks: []stack.Check{}, Notes: []string{}}
	database, err := child.Engine(ctx, root)
	if err != nil {
		r.failed("DynamoDB", err)
		return r
	}
	defer database.Stop()
	r.DynamoDB = "run on " + database.Name
	containers, err := engineFor(ctx, o)
	if errors.Is(err, docker.ErrNone) {
		r.emulated(ctx, root, database, o, err)
		return r
	}
	if err != nil {
		r.failed("Docker", err)
		return r
	}
	defer func() {
		if err := containers.Stop(); err != nil {
			r.Notes = append(r.Notes, fmt.Sprintf("the Docker engine's files are not all gone: %v", err))
		}
	}()
	r.samLocal(ctx, root, database, containers, o)
	return r
}

func engineFor(ctx context.Context, o options) (*docker.Engine, error) {
	if o.emulator {
		return nil, fmt.Errorf("%w: --emulator", docker.ErrNone)
	}
	say("looking for a Docker engine")
	return docker.Find(ctx)
}

// emulated sends the events to the compiled functions under the emulator of the
// runtime API.
func (r *report) emulated(ctx context.Context, root string, database *local.DynamoDB, o options, why error) {
	r.Ran = fmt.Sprintf("the emulator of the runtime API, in place of sam local: %v", why)
	r.events(ctx, root, database, o, byBootstraps)
}

func (r *report) samLocal(ctx context.Context, root string, database *local.DynamoDB, containers *docker.Engine, o options) {
	r.Ran = "sam local on Docker " + containers.Version
	if containers.Ours {
		r.Ran += ", started for this"
	}
	bridge, err := containers.Bridge(ctx)
	if err != nil {
		r.failed("Docker", err)
		return
	}
	endpoint, end, err := forward(bridge, database.Endpoint)
	if err != nil {
		r.failed("Docker", fmt.Errorf("listening where containers reach this machine: %w", err))
		return
	}
	defer end()
	say("sam build")
	remove, err := func() (func() error, error) {
		if err := samBuild(ctx, root, o.sam); err != nil {
			return nil, err
		}
		return image(ctx, containers, o.sam)
	}()
	if err != nil {
		r.failed("sam build", err)
		return
	}
	defer func() {
		if err := remove(); err != nil {
			r.Notes = append(r.Notes, err.Error())
		}
	}()
	r.events(ctx, root, database, o, bySam, samVariable+"="+o.sam, endpointVariable+"="+endpoint, "DOCKER_HOST="+containers.Host)
	r.conversation(ctx, root, database, containers, endpoint, o)
}

// events runs one test of package functions, which counts each event.
func (r *report) events(ctx context.Context, root string, database *local.DynamoDB, o options, test string, environ ...string) {
	say("every file of events/")
	out := io.Writer(os.Stdout)
	if o.asJSON {
		out = os.Stderr
	}
	environ = append(append(os.Environ(), dynamodblocal.EndpointVariable+"="+database.Endpoint), environ...)
	count, err := child.Run(ctx, root, out, environ, "test", "--packages", "./functions", "--run", test)
	r.Events = count
	r.Passed, r.Failed, r.Skipped = r.Passed+count.Passed, r.Failed+count.Failed, r.Skipped+count.Skipped
	switch {
	case err != nil:
		r.failed("events", err)
	case count.Passed == 0 || count.Skipped > 0:
		r.failed("events", fmt.Errorf("%d passed and %d were skipped: something that they need is not there", count.Passed, count.Skipped))
	}
}

func samBuild(ctx context.Context, root, sam string) error {
	cmd := samCommand(ctx, root, sam, "build", "--parameter-overrides", "Architecture="+stack.Architecture())
	cmd.Env = append(cmd.Env, "LAMBDA_ARCH="+stack.Architecture())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, tail(out))
	}
	return nil
}

// samCommand has no account and no telemetry, and ends with all its children.
func samCommand(ctx context.Context, root, sam string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, sam, args...)
	cmd.Dir = root
	cmd.Env = stack.ForSAM(os.Environ())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	return cmd
}

// tail is the end of what a program said.
func tail(out []byte) string {
	const most = 600
	text := strings.TrimSpace(string(out))
	return text[max(0, len(text)-most):]
}

// findSam is the sam that was named, else the newest that .ci/template has
// installed, else the one on the path.
func findSam(root, named string) (string, error) {
	if named == "" {
		all, err := filepath.Glob(filepath.Join(root, ".cache", "sam-cli", "*", "bin", "sam"))
		if err != nil {
			return "", err
		}
		if len(all) > 0 {
			return all[len(all)-1], nil
		}
		named = "sam"
	}
	path, err := exec.LookPath(named)
	if err != nil {
		return "", fmt.Errorf("%w: .ci/template installs sam below .cache, or name one by --sam", err)
	}
	return filepath.Abs(path)
}
