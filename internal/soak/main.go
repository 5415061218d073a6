package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// poolSize is how many grants without refresh tokens the model holds at once.
const poolSize = 20_000

type options struct {
	whole       time.Duration
	share       float64
	store       string
	grants      int // without refresh tokens
	lines       int // with
	connections int
	peak        time.Duration
	markdown    bool
	asJSON      bool
}

// brief is the lifetime of the brief client's access tokens, in whole seconds:
// short enough that many are asked about past it before they leave the pool.
func (o options) brief() time.Duration {
	return min(max(o.whole/8, 3*time.Second), 10*time.Second).Truncate(time.Second)
}

const usage = `soak runs a rescind server at a share of its peak, with the operator's command
beside it, and checks every answer; then that nothing has grown and nothing is
lost, before and after a restart.

  go run ./internal/soak [flags]

Verdicts go to standard output, progress to standard error. The last line is
"N passed, M failed"; exit status 1 if any failed or it could not be judged,
2 for a wrong command line. Run it from the module's root.

`

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	r, err := soak(ctx, o)
	if r == nil || err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		if !o.asJSON {
			fmt.Println("0 passed, 1 failed")
		}
		return 1
	}
	passed, failed := r.tally()
	switch {
	case o.asJSON:
		err = r.json(os.Stdout)
	case o.markdown:
		r.markdown(os.Stdout)
	default:
		r.text(os.Stdout)
	}
	if !o.asJSON {
		fmt.Printf("\n%d passed, %d failed\n", passed, failed)
	}
	if failed > 0 || err != nil {
		return 1
	}
	return 0
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("soak", flag.ContinueOnError)
	f.Usage = func() { fmt.Fprint(f.Output(), usage); f.PrintDefaults() }
	f.DurationVar(&o.whole, "for", 3*time.Minute, "how long, a `DURATION` of at least 10s, such as 1h")
	f.Float64Var(&o.share, "rate-share", 0.7, "the `SHARE` of the peak to run at, over 0 to 1")
	f.StringVar(&o.store, "store", "sqlite", "the `KIND` of store: sqlite, or dynamodb for DynamoDB Local")
	f.IntVar(&o.grants, "grants", 100_000, "`N` grants in the store before, without refresh tokens")
	f.IntVar(&o.lines, "lines", 2_000, "`N` more with refresh tokens, four to a user")
	f.IntVar(&o.connections, "connections", 32, "`N` connections at once")
	f.DurationVar(&o.peak, "peak", 10*time.Second, "for how long to look for the peak, a `DURATION`")
	f.BoolVar(&o.markdown, "markdown", false, "print a table for docs/reliability.md")
	f.BoolVar(&o.asJSON, "json", false, "print JSON, with all samples")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		err = fmt.Errorf("%q is no flag; see --help", f.Arg(0))
	case o.whole < 10*time.Second || o.peak < time.Second:
		err = errors.New("--for must be at least 10s and --peak at least 1s")
	case o.share <= 0 || o.share > 1:
		err = errors.New("--rate-share must be over 0 and at most 1")
	case o.store != "sqlite" && o.store != "dynamodb":
		err = fmt.Errorf("--store must be sqlite or dynamodb, not %q", o.store)
	case o.grants < 100 || o.lines < 10*subjectSize || o.connections < 1:
		err = errors.New("--grants must be at least 100, --lines at least 40 and --connections at least 1")
	case o.markdown && o.asJSON:
		err = errors.New("--markdown and --json are two forms of one output; name one")
	}
	return o, err
}
