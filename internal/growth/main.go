package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"rescind/internal/bench/local"
	"rescind/internal/bench/server"
)

// leastGrants is the smallest size: each connection has a grant of its own,
// and three of the crowd's are revoked.
const leastGrants = 10

type options struct {
	grants     []int
	dynamo     []int
	operations int
	rate       int
	asJSON     bool
}

const usage = `growth shows what each operation takes over stores of several sizes: on SQLite
how long, on DynamoDB how many requests and capacity units.

  go run ./internal/growth [flags]

Tables go to standard output, as Markdown, progress to standard error. What is counted must
be the same at each size; times judge nothing. The last line is "N passed, M
failed"; exit status 1 if any failed, 2 for a wrong command line. Run it from the
module's root. DynamoDB is left out, and that is said, where no engine is.

`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := measure(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "growth:", err)
		if !o.asJSON {
			fmt.Println("0 passed, 1 failed")
		}
		return 1
	}
	passed, failed := tally(r.checks())
	if o.asJSON {
		err = r.json(os.Stdout)
	} else {
		r.markdown(os.Stdout)
		fmt.Printf("\n%d passed, %d failed\n", passed, failed)
	}
	if failed > 0 || err != nil {
		return 1
	}
	return 0
}

func measure(ctx context.Context, o options) (*report, error) {
	dir, err := os.MkdirTemp("", "rescind-growth-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r := &report{Machine: fmt.Sprintf("%d cores, %s, %s", runtime.NumCPU(), runtime.GOARCH, runtime.Version())}
	binary := filepath.Join(dir, "rescind")
	if err := server.Build(ctx, binary, "./cmd/rescind"); err != nil {
		return nil, err
	}
	for _, n := range o.grants {
		fmt.Fprintf(os.Stderr, "SQLite with %d grants\n", n)
		t, err := onSQLite(ctx, binary, n, o)
		if err != nil {
			return nil, fmt.Errorf("SQLite with %d grants: %w", n, err)
		}
		r.SQLite = append(r.SQLite, t)
	}
	if len(o.dynamo) == 0 {
		return r, nil
	}
	engine, err := local.Start(ctx)
	if errors.Is(err, local.ErrNone) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	defer engine.Stop()
	r.Engine = engine.Name
	for _, n := range o.dynamo {
		fmt.Fprintf(os.Stderr, "%s with %d grants\n", engine.Name, n)
		c, err := onDynamoDB(ctx, engine, n)
		if err != nil {
			return nil, fmt.Errorf("%s with %d grants: %w", engine.Name, n, err)
		}
		r.Dynamo = append(r.Dynamo, c)
	}
	return r, nil
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("growth", flag.ContinueOnError)
	f.Usage = func() { fmt.Fprint(f.Output(), usage); f.PrintDefaults() }
	onFile := f.String("grants", "10,10000,1000000", "the `SIZES` on SQLite, each at least 10")
	onEngine := f.String("dynamodb-grants", "10,10000,100000", "the `SIZES` on DynamoDB Local; empty for none")
	f.IntVar(&o.operations, "operations", 1000, "`N` requests for each time that is measured, at least 100")
	f.IntVar(&o.rate, "rate", 200, "the moderate load, `N` requests a second")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag; see --help", f.Arg(0))
	}
	if o.operations < 100 || o.rate < 1 {
		return o, errors.New("--operations must be at least 100 and --rate at least 1")
	}
	if o.grants, err = sizes(*onFile); err == nil {
		o.dynamo, err = sizes(*onEngine)
	}
	return o, err
}

// sizes reads numbers with commas between, and sorts them.
func sizes(s string) (out []int, err error) {
	if s == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < leastGrants {
			return nil, fmt.Errorf("%q is no size: give numbers of at least %d with commas between", word, leastGrants)
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}
