// Command lambdabench measures the compiled functions as Lambda runs them: how
// long they take to start, for their first request and for warm ones, how
// large they are, and how much memory they use. It runs the very bootstraps
// under the emulator of the runtime API, over DynamoDB Local, at full speed and
// at 0.15 core, which is about what Lambda gives a function of 256 MB.
//
// Sizes and memory beyond their targets are failures. Times are not, since they
// hang on the machine: those that miss theirs are named. It must not know how the
// functions work, only their events and answers.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"rescind/internal/bench/local"
)

const usage = `lambdabench measures the compiled Lambda functions on this machine: init, first
and warm requests, sizes and memory. Run it from the module's root.

  go run ./internal/lambdabench [flags]

A table goes to standard output, as Markdown, progress to standard error. It fails where
a zip or the memory is beyond its target; times that are beyond theirs are named and
judge nothing. It needs DynamoDB Local, which ` + "`make test-dynamodb`" + ` fetches. The slow
part needs root and control groups; where they are missing, that is said.

`

func main() { os.Exit(run(os.Args[1:])) }

type options struct {
	starts, warm int
	json         bool
}

func run(args []string) int {
	var o options
	flags := flag.NewFlagSet("lambdabench", flag.ContinueOnError)
	flags.IntVar(&o.starts, "starts", 11, "how often each function is started, at least 3")
	flags.IntVar(&o.warm, "warm", 300, "warm requests for each figure, at least 10")
	flags.BoolVar(&o.json, "json", false, "print JSON")
	flags.Usage = func() { fmt.Fprint(flags.Output(), usage); flags.PrintDefaults() }
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil || o.starts < 3 || o.warm < 10 || flags.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "lambdabench: see --help for the flags and their least values")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := measure(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "lambdabench:", err)
		return 1
	}
	if o.json {
		err = json.NewEncoder(os.Stdout).Encode(r)
	} else {
		err = r.markdown(os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lambdabench:", err)
		return 1
	}
	if _, bad := r.judged(); len(bad) > 0 {
		return 1
	}
	return 0
}

func measure(ctx context.Context, o options) (*report, error) {
	engine, err := local.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer engine.Stop()
	dir, err := os.MkdirTemp("", "rescind-lambdabench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b, err := open(ctx, engine, dir, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	return b.run(ctx)
}
