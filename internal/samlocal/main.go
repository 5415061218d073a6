package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"rescind/internal/integration/stack"
	"rescind/internal/task/child"
	"rescind/internal/testkit/engine/dynamodblocal"
)

const usage = `Usage: go run ./internal/samlocal [--sam FILE] [--emulator] [--json]

Builds template.yaml by sam build, sends every file of events/ through sam local
invoke, and holds a conversation (issue, introspect, revoke, refresh) with sam
local start-api, over DynamoDB Local. Docker's engine is the one that runs here,
else one started for this (root, with dockerd installed) and ended afterwards.
Where there can be none, the events go to the functions under the emulator of the
runtime API; the last lines say which it was.

Results go to standard output, progress to standard error. The exit status is 0
where all passed, 1 where something failed, 2 for a wrong command line.

`

type options struct {
	sam      string
	emulator bool
	asJSON   bool
}

// report is what --json prints.
type report struct {
	Ran      string        `json:"ran"` // what the events ran on
	DynamoDB string        `json:"dynamodb"`
	Events   child.Count   `json:"events"`
	Checks   []stack.Check `json:"conversation"`
	Notes    []string      `json:"notes"`
	Passed   int           `json:"passed"`
	Failed   int           `json:"failed"`
	Skipped  int           `json:"skipped"`
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("samlocal", flag.ContinueOnError)
	flags.StringVar(&o.sam, "sam", "", "the sam command, a `FILE` (default the one that .ci/template installed, else sam)")
	flags.BoolVar(&o.emulator, "emulator", false, "as where there is no Docker engine")
	flags.BoolVar(&o.asJSON, "json", false, "print the results as JSON")
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, errors.New("samlocal takes flags only; see --help")
	}
	return o, nil
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "samlocal:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root, err := dynamodblocal.Root(".")
	if err == nil && !o.emulator {
		o.sam, err = findSam(root, o.sam)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "samlocal:", err)
		os.Exit(1)
	}
	r := run(ctx, root, o)
	if err := r.print(os.Stdout, o.asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "samlocal:", err)
		r.Failed++
	}
	if r.Failed > 0 {
		stop()
		os.Exit(1)
	}
}

func (r *report) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	for _, note := range r.Notes {
		if _, err := fmt.Fprintln(w, note); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "events: %d answered as expected; conversation: %d checks\n%d passed, %d failed, %d skipped\nDynamoDB: %s; events by %s\n",
		r.Events.Passed, len(r.Checks), r.Passed, r.Failed, r.Skipped, r.DynamoDB, r.Ran)
	return err
}

// failed counts a part that did not come to its end.
func (r *report) failed(name string, err error) {
	r.Failed++
	r.Notes = append(r.Notes, fmt.Sprintf("%s: FAILED: %v", name, err))
}
