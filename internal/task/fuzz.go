package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"rescind/internal/testkit/engine/dynamodblocal"
)

type fuzzTarget struct{ pkg, name string }

// taskFuzz runs every fuzz target of the modules in turn. Finding none is an
// error: it would mean that they were lost.
func taskFuzz(ctx context.Context, root string, args []string) error {
	flags := flag.NewFlagSet("fuzz", flag.ContinueOnError)
	seconds := flags.Int("seconds", 2, "how long to run each target")
	if err := parse(flags, args); err != nil {
		return err
	}
	var seen count
	environ := append(dynamodblocal.Isolate(os.Environ()), "CGO_ENABLED=0")
	err := inEachModule(root, func(dir string) error {
		return fuzzAll(ctx, dir, *seconds, 2, &seen, func(target fuzzTarget) ([]byte, error) {
			return fuzz(ctx, dir, environ, *seconds, target)
		})
	})
	if err == nil && seen.passed == 0 {
		err = errors.New("no fuzz target found")
	}
	fmt.Println(seen)
	return err
}

// fuzzBriefly runs every fuzz target in the test binaries as they are, which
// takes no second build of all that they link; without the coverage that such a
// build would tell, inputs are mutated blindly.
func fuzzBriefly(ctx context.Context, root string, environ []string, seconds int, seen *count) error {
	dir, err := os.MkdirTemp("", "rescind-fuzz-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	built := map[string]string{}
	return fuzzAll(ctx, root, seconds, 1, seen, func(target fuzzTarget) ([]byte, error) {
		binary, ok := built[target.pkg]
		if !ok {
			binary = filepath.Join(dir, fmt.Sprintf("%d.test", len(built)))
			said, err := twice(ctx, func() *exec.Cmd { return command(ctx, root, environ, "go", "test", "-c", "-o", binary, target.pkg) })
			if err != nil {
				return said, err
			}
			built[target.pkg] = binary
		}
		return twice(ctx, func() *exec.Cmd {
			return command(ctx, filepath.Join(root, target.pkg), environ, binary, "-test.run=^$", "-test.fuzz=^"+target.name+"$",
				fmt.Sprintf("-test.fuzztime=%ds", seconds), "-test.fuzzcachedir="+filepath.Join(dir, "cache"))
		})
	})
}

// fuzzAll has run work on every fuzz target, some of them at once, and counts
// each as one test. Two at once fill the time in which one is being linked.
func fuzzAll(ctx context.Context, root string, seconds, atOnce int, seen *count, run func(fuzzTarget) ([]byte, error)) error {
	targets, err := fuzzTargets(root)
	if err != nil {
		return err
	}
	var lock sync.Mutex
	one := func(target fuzzTarget) {
		said, err := run(target)
		lock.Lock()
		defer lock.Unlock()
		if err != nil {
			seen.failed++
			fmt.Printf("--- FAIL: %s in %s\n%s", target.name, target.pkg, said)
			return
		}
		seen.passed++
		fmt.Printf("ok  \t%s %s\t%d s%s\n", target.pkg, target.name, seconds, executions(said))
	}
	next := make(chan fuzzTarget)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for target := range next {
				one(target)
			}
		})
	}
	for _, target := range targets {
		if ctx.Err() == nil {
			next <- target
		}
	}
	close(next)
	all.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case seen.failed > 0:
		return status(1)
	}
	return nil
}

// fuzz runs one target in a binary that is built for it.
func fuzz(ctx context.Context, root string, environ []string, seconds int, target fuzzTarget) ([]byte, error) {
	return twice(ctx, func() *exec.Cmd {
		return command(ctx, root, environ, "go", "test", "-run=^$", "-fuzz=^"+target.name+"$",
			fmt.Sprintf("-fuzztime=%ds", seconds), target.pkg)
	})
}

// twice runs a command and gives what it said. Fuzzing now and then
// reports its own deadline, reached in the middle of an input, as a failure;
// that, and nothing else, is tried once more.
func twice(ctx context.Context, make func() *exec.Cmd) ([]byte, error) {
	for try := 1; ; try++ {
		var said bytes.Buffer
		cmd := make()
		cmd.Stdout, cmd.Stderr = &said, &said
		err := cmd.Run()
		if err == nil || try == 2 || ctx.Err() != nil ||
			!bytes.Contains(said.Bytes(), []byte("context deadline exceeded")) ||
			bytes.Contains(said.Bytes(), []byte("Failing input written to")) {
			return said.Bytes(), err
		}
	}
}

// executions finds the last "execs: N" of a fuzz run's log.
func executions(said []byte) string {
	at := bytes.LastIndex(said, []byte("execs: "))
	if at < 0 {
		return ""
	}
	var n int
	if _, err := fmt.Fscanf(bytes.NewReader(said[at:]), "execs: %d", &n); err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	return fmt.Sprintf(", %d executions", n)
}

// fuzzTargets finds the functions FuzzXxx(*testing.F) by parsing test files.
func fuzzTargets(root string) ([]fuzzTarget, error) {
	var targets []fuzzTarget
	err := goFiles(root, func(file string) error {
		if !strings.HasSuffix(file, "_test.go") {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range parsed.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Fuzz") && f.Type.Params.NumFields() == 1 {
				targets = append(targets, fuzzTarget{"./" + path.Dir(file), f.Name.Name})
			}
		}
		return nil
	})
	return targets, err
}
