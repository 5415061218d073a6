// Command sins plants one fault after the other in a copy of the tree and runs
// the tests that should notice. A sin that no test notices is a missing test.
//
//	go run ./internal/sins            plant them all; exit status 1 if one goes unnoticed
//	go run ./internal/sins --page     print the page docs/planted-sins.md
//	go run ./internal/sins NAME...    plant only these
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

func main() {
	page := flag.Bool("page", false, "print the page that lists the sins")
	flag.Parse()
	if *page {
		fmt.Print(renderPage())
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	passed, failed, err := plantAll(ctx, ".", flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "sins:", err)
		os.Exit(1)
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}

// workers is how many sins are tried at a time, each in a copy of its own:
// compiling and linking leave cores idle.
const workers = 2

// tally counts what the workers find, and prints it.
type tally struct {
	sync.Mutex
	passed, failed int
}

func plantAll(ctx context.Context, root string, names []string) (passed, failed int, err error) {
	queue := make(chan sin, len(sins))
	for _, s := range sins {
		if len(names) == 0 || slices.Contains(names, s.Name) {
			queue <- s
		}
	}
	close(queue)
	var t tally
	all, ctx := errgroup.WithContext(ctx)
	for range workers {
		all.Go(func() error { return t.work(ctx, root, queue) })
	}
	err = all.Wait()
	return t.passed, t.failed, err
}

// work plants one after the other in its own copy of the tree.
func (t *tally) work(ctx context.Context, root string, queue chan sin) error {
	dir, err := os.MkdirTemp("", "rescind-sins-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := copyTree(root, dir); err != nil {
		return err
	}
	for s := range queue {
		start := time.Now()
		verdict, err := s.plant(ctx, dir)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		t.add(s.Name, verdict, time.Since(start))
	}
	return nil
}

func (t *tally) add(name, verdict string, took time.Duration) {
	t.Lock()
	defer t.Unlock()
	if verdict == "" {
		t.passed++
		verdict = "noticed"
	} else {
		t.failed++
	}
	fmt.Printf("%-34s %5.1fs  %s\n", name, took.Seconds(), verdict)
}

// plant commits the sin, runs its tests and undoes it. The verdict is empty
// where a test failed, as it should.
func (s sin) plant(ctx context.Context, dir string) (verdict string, err error) {
	path := filepath.Join(dir, filepath.FromSlash(s.File))
	before, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if n := bytes.Count(before, []byte(s.Find)); n != 1 {
		return "", fmt.Errorf("its place stands %d times in %s", n, s.File)
	}
	after := bytes.Replace(before, []byte(s.Find), []byte(s.Replace), 1)
	if err := os.WriteFile(path, after, 0o600); err != nil {
		return "", err
	}
	defer func() { err = firstError(err, os.WriteFile(path, before, 0o600)) }()
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "./"+filepath.ToSlash(filepath.Dir(s.File)))
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0") // as `make test`
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("it does not compile, so it shows nothing: %s", out)
	}
	for _, pkg := range s.Packages { // the first that notices is enough
		if noticed, err := s.noticed(ctx, dir, build.Env, pkg); err != nil || noticed {
			return "", err
		}
	}
	return "NOT NOTICED", nil
}

// noticed runs the tests of one package, and tells whether one failed.
func (s sin) noticed(ctx context.Context, dir string, environ []string, pkg string) (bool, error) {
	args := []string{"test", "-trimpath", "-vet=off", "-count=1", "-failfast", "-timeout", "5m"}
	if s.Run != "" {
		args = append(args, "-run", s.Run)
	}
	test := exec.CommandContext(ctx, "go", append(args, pkg)...)
	test.Dir, test.Env = dir, environ
	out, err := test.CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("--- FAIL")) && !bytes.Contains(out, []byte("panic:")) {
		return false, fmt.Errorf("the tests did not run: %s", tail(out))
	}
	return err != nil, nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func tail(out []byte) string {
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

// copyTree copies what a clone would hold, leaving out hidden folders, a
// fetched engine among them: the sins are noticed without one.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || rel == "." {
			return err
		}
		if d.IsDir() {
			if strings.HasPrefix(d.Name(), ".") || rel == "build" {
				return filepath.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
}

func renderPage() string {
	var b strings.Builder
	b.WriteString("# Planted sins\n\nEach of these faults was planted, alone, in a copy of the tree, and a test failed. `go run ./internal/sins` does it again, and\n" +
		"`.ci/run` does it every time. The page is printed by `go run ./internal/sins --page`.\n\n" +
		"| sin | where | what is done | noticed by |\n|---|---|---|---|\n")
	for _, s := range sins {
		noticed := strings.Join(s.Packages, " ")
		if s.Run != "" {
			noticed += " `" + strings.ReplaceAll(s.Run, "|", "\\|") + "`"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s |\n", s.Name, s.File, s.What, noticed)
	}
	return b.String()
}
