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
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"rescind/internal/bench/disk"
	"rescind/internal/bench/server"
	"rescind/internal/testkit/engine/dynamodblocal"
)

// options are the command line.
type options struct {
	only         []string
	plan         plan
	cores        int
	list, asJSON bool
}

func main() {
	o, err := parse(os.Args[1:], os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(2)
	}
	_ = os.Unsetenv("AWS_CA_BUNDLE") // it slows the start of whatever uses the SDK
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func parse(args []string, out io.Writer) (options, error) {
	o := options{plan: plan{progress: out}}
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(out)
	only := f.String("only", "", "measure only these servers, `NAME,...` as --list prints them, beside "+ours)
	f.IntVar(&o.plan.Connections, "connections", 32, "connections at once")
	f.IntVar(&o.plan.Grants, "grants", 10_000, "grants in each store")
	seconds := f.Float64("seconds", 5, "seconds for each figure")
	f.IntVar(&o.cores, "cores", 2, "cores for the server and the load together")
	f.BoolVar(&o.list, "list", false, "print the servers and their versions, and measure nothing")
	f.BoolVar(&o.asJSON, "json", false, "print JSON")
	f.Usage = func() {
		fmt.Fprint(out, "Measures rescind beside other authorization servers, one after the other, and prints\nMarkdown. Progress goes to standard error. What it installs goes to build/compare.\n\n")
		f.PrintDefaults()
	}
	if err := f.Parse(args); err != nil {
		return o, err
	}
	o.plan.Duration = time.Duration(*seconds * float64(time.Second))
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("it takes no argument, only flags; see --help")
	case o.plan.Connections < 1 || o.plan.Grants < o.plan.Connections || o.plan.Duration <= 0 || o.cores < 1:
		return o, fmt.Errorf("connections, cores and seconds must be positive, and grants no fewer than connections")
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
	}
	return o, nil
}

func run(ctx context.Context, o options, out io.Writer) error {
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return err
	}
	if err := os.Chdir(root); err != nil {
		return err
	}
	peers, err := readPeers(os.DirFS(filepath.Join(root, "internal", "compare", "peers")))
	if err != nil {
		return err
	}
	if err := known(o.only, peers); err != nil {
		return err
	}
	if o.list {
		return list(out, peers, o.asJSON)
	}
	if err := pin(o.cores); err != nil {
		return err
	}
	r, err := measureAll(ctx, o, root, peers)
	if err != nil {
		return err
	}
	if o.asJSON {
		return json.NewEncoder(out).Encode(r)
	}
	r.write(out)
	return nil
}

// measureAll installs first, so that nothing is built while something is measured.
func measureAll(ctx context.Context, o options, root string, peers []Peer) (*Report, error) {
	base := filepath.Join(root, "build", "compare")
	if err := os.MkdirAll(base, 0o755); err != nil {
		return nil, err
	}
	// A module of its own, so that ./... of ours does not look into what is installed.
	if err := os.WriteFile(filepath.Join(base, "go.mod"), []byte("module installed\n"), 0o644); err != nil {
		return nil, err
	}
	data, err := os.MkdirTemp(base, "data-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(data)
	binary := filepath.Join(data, "rescind")
	fmt.Fprintln(o.plan.progress, "building rescind")
	if err := server.Build(ctx, binary, "./cmd/rescind"); err != nil {
		return nil, err
	}
	r := &Report{Machine: machine(), Cores: min(o.cores, runtime.NumCPU()), Connections: o.plan.Connections, Grants: o.plan.Grants,
		Seconds: o.plan.Duration.Seconds()}
	all := slices.DeleteFunc(ourContenders(binary), func(c contender) bool { return c.row.Name != ours && !o.wants(c.row.Name, "") })
	all = append(all, o.install(ctx, installer{root}, peers)...)
	if r.Sync, err = disk.SyncTime(data); err != nil {
		return nil, err
	}
	for _, c := range all {
		row := c.row
		if c.open != nil {
			row = o.plan.run(ctx, c, data)
		}
		if ctx.Err() != nil {
			return nil, errors.New("interrupted")
		}
		if row.Reason != "" {
			fmt.Fprintf(o.plan.progress, "%s: %s\n", row.Name, row.Reason)
		}
		r.Rows = append(r.Rows, row)
	}
	r.judge()
	return r, r.complete()
}

// install gives the peers that are wanted as contenders; one that cannot be
// installed is a row with the reason and nothing to open.
func (o options) install(ctx context.Context, i installer, peers []Peer) []contender {
	var all []contender
	for _, p := range peers {
		wanted := p
		wanted.Variants = slices.DeleteFunc(slices.Clone(p.Variants), func(v Variant) bool { return !o.wants(p.rowName(v), p.Name) })
		if len(wanted.Variants) == 0 {
			continue
		}
		fmt.Fprintf(o.plan.progress, "installing %s %s\n", p.Package, p.Version)
		in, err := i.install(ctx, p)
		if err == nil {
			all = append(all, wanted.contenders(in)...)
			continue
		}
		for _, v := range wanted.Variants {
			row := p.row(v, "")
			row.Reason = "it could not be installed: " + err.Error()
			all = append(all, contender{row: row})
		}
	}
	return all
}

// wants tells whether a row is to be measured: it, or its peer, is named, or nothing is.
func (o options) wants(row, peer string) bool {
	return len(o.only) == 0 || slices.Contains(o.only, row) || peer != "" && slices.Contains(o.only, peer)
}
