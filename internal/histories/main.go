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
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"rescind/internal/histories/drive"
	"rescind/internal/histories/plant"
	"rescind/internal/testkit/engine/dynamodblocal"
)

type options struct {
	n         int
	seed      uint64
	store     string
	plantName string
	bite      bool
	asJSON    bool
	out       string
	root      string
	parallel  int
}

const usage = `Usage: go run ./internal/histories [--n N] [--seed S] [--store both|sqlite|dynamodb] [--plant NAME | --bite] [--json]

Makes N random histories over real processes, HTTP and faults, and checks each
against a model of the grant and against the plain promise: after a 200 to a
revocation no answer says active. History i has the seed S+i, and a failing one
is run again by its own seed with --n 1. Without a DynamoDB engine (the cached
one, or one that AWS_ENDPOINT_URL_DYNAMODB names) only SQLite is run, and said so.
Results go to standard output, progress to standard error. The exit status is 0
where all passed, 1 where one failed, 2 for a wrong command line.

`

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("histories", flag.ContinueOnError)
	flags.IntVar(&o.n, "n", 300, "how many `histories`, of all stores together")
	flags.Uint64Var(&o.seed, "seed", 0, "the first history's `seed`; 0 for one of the clock")
	flags.StringVar(&o.store, "store", "both", "the `store`: sqlite, dynamodb or both in turn")
	flags.StringVar(&o.plantName, "plant", "", "plant the fault of this `name` first: "+strings.Join(plant.Names(), ", "))
	flags.BoolVar(&o.bite, "bite", false, "plant each fault in turn, and fail if one is not found within --n histories")
	flags.BoolVar(&o.asJSON, "json", false, "print the counts as JSON")
	flags.StringVar(&o.out, "out", filepath.Join("build", "histories"), "the `folder` for what failed")
	flags.StringVar(&o.root, "root", ".", "the `folder` of the sources that are built and tested")
	flags.IntVar(&o.parallel, "parallel", 4, "how many histories at a time")
	flags.Usage = func() {
		_, _ = fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	switch {
	case flags.NArg() > 0:
		return o, errors.New("histories takes flags only; see --help")
	case o.n < 1 || o.parallel < 1:
		return o, errors.New("--n and --parallel must be 1 or more")
	case o.store != "both" && o.store != drive.SQLite && o.store != drive.DynamoDB:
		return o, errors.New("--store must be sqlite, dynamodb or both")
	case o.bite && o.asJSON:
		return o, errors.New("--bite prints a line for each fault, and no JSON")
	case o.bite && o.plantName != "":
		return o, errors.New("--bite plants all faults; name none with --plant")
	}
	if o.seed == 0 {
		o.seed = uint64(time.Now().UnixMilli()) % 1_000_000_000 * 1000
	}
	return o, nil
}

func main() {
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "histories:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	passed, failed, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "histories:", err)
		failed++
	}
	if !o.asJSON {
		fmt.Printf("%d passed, %d failed\n", passed, failed)
	}
	if failed > 0 {
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (passed, failed int, err error) {
	dir, err := os.MkdirTemp("", "rescind-histories-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	e := &bench{options: o, dir: dir, environ: dynamodblocal.Isolate(os.Environ())}
	stop, err := e.findEngine(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer stop()
	if o.bite {
		return e.bite(ctx)
	}
	binary, err := e.build(ctx, o.plantName)
	if err != nil {
		return 0, 0, err
	}
	t := e.histories(ctx, binary, false)
	t.Plant = o.plantName
	if lack := t.sufficient(); lack != nil && o.plantName == "" {
		fmt.Fprintln(os.Stderr, "histories:", lack)
		t.Failed++
	}
	return t.Passed, t.Failed, t.print(os.Stdout, o.asJSON)
}

func (t *tally) print(w io.Writer, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(t)
	}
	return t.write(w)
}
