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
	"strings"
	"syscall"

	"rescind/internal/integration/processes"
	"rescind/internal/integration/stack"
	"rescind/internal/task/child"
	"rescind/internal/testkit/engine/dynamodblocal"
)

const usage = `Usage: go run ./internal/integration [--rounds N] [--storms N] [--stack] [--only PART,...] [--json]

Runs against the DynamoDB that AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL
names, else against DynamoDB Local, which is fetched once. In parts:

  suite      all tests that have a store: the store's own, the endpoints' by
             their clauses, events/ on the compiled functions, the operator's
             commands
  processes  the functions, each in a process of its own: revoked through one,
             dead in the others, --rounds times
  storms     the same with a bad network before DynamoDB: every answer is right
             or 503, and a retry succeeds after it healed
  stack      only with --stack, or where --only names it: template.yaml deployed
             at AWS_ENDPOINT_URL by CloudFormation and driven over HTTP

Results go to standard output, progress to standard error. The exit status is 0
where all passed, 1 where something failed, 2 for a wrong command line.

`

// The parts.
const (
	partSuite     = "suite"
	partProcesses = "processes"
	partStorms    = "storms"
	partStack     = "stack"
)

type options struct {
	rounds, storms, parallel int
	packages, name           string
	parts                    map[string]bool
	asJSON                   bool
}

// report is what --json prints.
type report struct {
	Engine    string            `json:"engine"`
	Suite     *child.Count      `json:"suite,omitempty"`
	Processes *processes.Rounds `json:"processes,omitempty"`
	Storms    *processes.Storms `json:"storms,omitempty"`
	Stack     []stack.Check     `json:"stack,omitempty"`
	Notes     []string          `json:"notes"` // what else there is to know, in words
	Passed    int               `json:"passed"`
	Failed    int               `json:"failed"`
	Skipped   int               `json:"skipped"`
}

func parse(args []string) (options, error) {
	var o options
	var only string
	var withStack bool
	flags := flag.NewFlagSet("integration", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 10_000, "how many `rounds` the processes do")
	flags.IntVar(&o.storms, "storms", 20, "how many `storms` there are, of --parallel grants each")
	flags.IntVar(&o.parallel, "parallel", 16, "how many callers at a time")
	flags.StringVar(&o.packages, "packages", suitePackages, "the suite's `packages`, separated by spaces")
	flags.StringVar(&o.name, "engine", "", "what the engine is called in the report, such as its version")
	flags.BoolVar(&withStack, "stack", false, "deploy the stack too, at AWS_ENDPOINT_URL")
	flags.StringVar(&only, "only", "", "these `parts` only, separated by commas")
	flags.BoolVar(&o.asJSON, "json", false, "print the results as JSON")
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, errors.New("integration takes flags only; see --help")
	}
	if o.rounds < 1 || o.storms < 1 || o.parallel < 1 {
		return o, errors.New("--rounds, --storms and --parallel must be 1 or more")
	}
	var err error
	o.parts, err = parts(only, withStack)
	return o, err
}

func parts(only string, withStack bool) (map[string]bool, error) {
	if only == "" {
		return map[string]bool{partSuite: true, partProcesses: true, partStorms: true, partStack: withStack}, nil
	}
	chosen := map[string]bool{partStack: withStack}
	for part := range strings.SplitSeq(only, ",") {
		switch part {
		case partSuite, partProcesses, partStorms, partStack:
			chosen[part] = true
		default:
			return nil, fmt.Errorf("--only knows no part %q: it may be %s, %s, %s or %s", part, partSuite, partProcesses, partStorms, partStack)
		}
	}
	return chosen, nil
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	root, err := dynamodblocal.Root(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
		os.Exit(1)
	}
	r := run(ctx, root, o)
	if err := r.print(os.Stdout, o.asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "integration:", err)
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
	_, err := fmt.Fprintf(w, "%d passed, %d failed, %d skipped\nDynamoDB: %s\n", r.Passed, r.Failed, r.Skipped, r.Engine)
	return err
}

// note is a line of the report.
func (r *report) note(format string, args ...any) {
	r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
}

// part counts one part that is a single proof.
func (r *report) part(name string, err error) {
	if err == nil {
		r.Passed++
		return
	}
	r.Failed++
	r.note("%s: FAILED: %v", name, err)
}
