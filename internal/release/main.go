package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"rescind/internal/testkit/engine/dynamodblocal"
)

const help = `usage: go run ./internal/release [flags]

Build what is published: for each processor of Lambda a folder to deploy from
without Go, the operator's command for Linux, macOS and Windows, licences, a bill
of materials and SHA256SUMS. Progress goes to standard error, the list of files
to standard output. The same sources, version and Go give the same bytes.

`

// versions are what may stand in a file's name and in a linker's flag.
var versions = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$`)

type options struct {
	version, output, systems string
	asJSON, twice            bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return err
	}
	var o options
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.version, "version", "", "the release's `VERSION` (default what git describe says)")
	flags.StringVar(&o.output, "output", filepath.Join("build", "release"), "the `FOLDER` to fill: a new or empty one, or that of an earlier release, which goes")
	flags.StringVar(&o.systems, "systems", "", "the operator's command for these `SYSTEMS` only, such as linux/arm64,darwin/arm64\n(default six; a system for the first time takes minutes)")
	flags.BoolVar(&o.asJSON, "json", false, "list the files as JSON")
	flags.BoolVar(&o.twice, "twice", false, "build all of it again elsewhere, and compare the bytes")
	flags.Usage = func() {
		fmt.Fprint(stderr, help)
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("there is no argument %q: see --help", flags.Arg(0))
	}
	if o.version == "" {
		o.version = described(ctx, root)
	}
	if !versions.MatchString(o.version) {
		return fmt.Errorf("--version %q has more than letters, digits, dots, hyphens, underscores and plus signs, or over 64 of them", o.version)
	}
	if !filepath.IsAbs(o.output) {
		o.output = filepath.Join(root, o.output)
	}
	systems, err := systemsNamed(o.systems)
	if err != nil {
		return err
	}
	r := &release{root: root, dir: o.output, version: o.version, processors: everyProcessor, systems: systems, progress: stderr}
	files, err := r.make(ctx)
	if err != nil {
		return err
	}
	if err := list(stdout, o, files); err != nil {
		return err
	}
	if o.twice {
		return again(ctx, r, files, stdout, o.asJSON)
	}
	return nil
}

// systemsNamed are those of a list, or every one.
func systemsNamed(list string) ([]system, error) {
	if list == "" {
		return everySystem, nil
	}
	var systems []system
	for name := range strings.SplitSeq(list, ",") {
		goos, goarch, _ := strings.Cut(name, "/")
		s := system{goos, goarch}
		if !slices.Contains(everySystem, s) {
			return nil, fmt.Errorf("--systems has no %q: name some of %v", name, everySystem)
		}
		systems = append(systems, s)
	}
	return systems, nil
}

// described is the version by the version control, or devel without one.
func described(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "describe", "--tags", "--match", "v[0-9]*", "--always", "--dirty")
	cmd.Dir = root
	text, err := cmd.Output()
	if version := strings.TrimSpace(string(text)); err == nil && version != "" {
		return version
	}
	return "devel"
}

// list prints the files and what they are of.
func list(w io.Writer, o options, files []listed) error {
	if o.asJSON {
		return json.NewEncoder(w).Encode(struct {
			Version string   `json:"version"`
			Go      string   `json:"go"`
			Files   []listed `json:"files"`
		}{o.version, runtime.Version(), files})
	}
	for _, f := range files {
		if _, err := fmt.Fprintf(w, "%9.2f MB  %s\n", float64(f.Bytes)/1e6, f.Path); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "rescind %s is in %s\n", o.version, o.output)
	return err
}

// again makes the release a second time, elsewhere, and compares.
func again(ctx context.Context, r *release, first []listed, w io.Writer, quiet bool) (err error) {
	dir, err := os.MkdirTemp("", "release")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	other := *r
	other.dir = filepath.Join(dir, "release")
	second, err := other.make(ctx)
	if err != nil {
		return err
	}
	differ := different(first, second)
	if !quiet {
		if _, err := fmt.Fprintf(w, "%d passed, %d failed\n", len(first)-len(differ), len(differ)); err != nil {
			return err
		}
	}
	if len(differ) > 0 {
		return fmt.Errorf("two builds differ in %s", strings.Join(differ, ", "))
	}
	return nil
}

// different are the files of which two releases do not have the same.
func different(first, second []listed) []string {
	sums, differ := map[string]string{}, []string{}
	for _, f := range second {
		sums[f.Path] = f.SHA256
	}
	for _, f := range first {
		if sums[f.Path] != f.SHA256 {
			differ = append(differ, f.Path)
		}
		delete(sums, f.Path)
	}
	for path := range sums {
		differ = append(differ, path)
	}
	return differ
}
