package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ownModules lie in this tree with a go.mod of their own, which "./..." leaves
// out: what resource servers link carries nothing of the service.
var ownModules = []string{"verify", "examples/notes"}

// everything is the default of --packages.
const everything = "./..."

type testOptions struct {
	race, short bool
	run, skip   string
	packages    string
	fuzz        int
}

func (o *testOptions) flags(name string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.BoolVar(&o.race, "race", false, "look for data races (needs cgo and a C compiler)")
	flags.BoolVar(&o.short, "short", false, "leave out what takes long")
	flags.StringVar(&o.run, "run", "", "run only tests whose name matches this regular `expression`")
	flags.StringVar(&o.skip, "skip", "", "leave out tests whose name matches this regular `expression`")
	flags.StringVar(&o.packages, "packages", everything, "packages of the main module, separated by spaces; without it, those of all modules")
	flags.IntVar(&o.fuzz, "fuzz", 0, "then run every fuzz target for this many `seconds`")
	return flags
}

// taskTest runs the tests. Its last two lines are the count and what became of
// DynamoDB; its exit status is that of `go test`.
func taskTest(ctx context.Context, root string, args []string) error {
	var o testOptions
	if err := parse(o.flags("test"), args); err != nil {
		return err
	}
	use, err := findEngine(ctx, root)
	if err != nil {
		return err
	}
	defer use.stop()
	return runTests(ctx, root, o, use)
}

func runTests(ctx context.Context, root string, o testOptions, use engineUse) error {
	environ := append(use.environ(), "CGO_ENABLED=0")
	if o.race {
		environ = append(environ, "CGO_ENABLED=1") // the last one counts
	}
	seen := newReport(os.Stdout)
	var err error
	for _, module := range o.modules(root) {
		if ctx.Err() == nil {
			err = errors.Join(err, goTest(ctx, module, environ, o.args(use), seen))
		}
	}
	for _, module := range o.modules(root) {
		if o.fuzz > 0 && ctx.Err() == nil {
			err = errors.Join(err, fuzzBriefly(ctx, module, environ, o.fuzz, &seen.count))
		}
	}
	if err == nil && seen.count == (count{}) {
		err = errors.New("no test ran: check --run and --packages")
	}
	if err == nil && seen.failed > 0 {
		err = status(1)
	}
	fmt.Println(seen.count)
	fmt.Println("DynamoDB: " + use.label)
	return err
}

// modules are the folders of the modules to test, the main one first.
func (o *testOptions) modules(root string) []string {
	all := []string{root}
	if o.packages == everything {
		for _, dir := range ownModules {
			all = append(all, filepath.Join(root, dir))
		}
	}
	return all
}

func (o *testOptions) args(use engineUse) []string {
	args := []string{"test", "-json"}
	if use.endpoint != "" {
		// The go command cannot see that an engine or its tables changed.
		args = append(args, "-count=1")
	}
	if o.race {
		args = append(args, "-race", "-timeout=20m")
	}
	if o.short {
		args = append(args, "-short")
	}
	if o.run != "" {
		args = append(args, "-run="+o.run)
	}
	if o.skip != "" {
		args = append(args, "-skip="+o.skip)
	}
	return append(args, strings.Fields(o.packages)...)
}

// goTest runs the go command and reads its events into seen.
func goTest(ctx context.Context, root string, environ, args []string, seen *report) error {
	cmd := command(ctx, root, environ, "go", args...)
	cmd.Stdout = nil
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	readErr := seen.read(events)
	err = exited(cmd.Wait())
	var code status
	if err != nil && !errors.As(err, &code) && !errors.Is(err, exec.ErrWaitDelay) {
		return err
	}
	return errors.Join(err, readErr)
}
