package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// command prepares a child in root that is interrupted, not killed, when ctx
// ends: the go command then ends its own children.
func command(ctx context.Context, root string, environ []string, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = root
	cmd.Env = environ
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// exited turns a child's failure into the same exit status for us.
func exited(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return status(max(exit.ExitCode(), 1))
	}
	return err
}

// goEnviron is the environment of every go command: what we build and ship has
// no cgo in it.
func goEnviron() []string { return append(os.Environ(), "CGO_ENABLED=0") }

// parse reads a task's flags and refuses what is left over.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return status(0)
		}
		return status(2)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes no argument %q: see --help", flags.Name(), flags.Arg(0))
	}
	return nil
}

// goFiles calls visit with every Go file of the tree under root that the go
// command would look at, slash-separated and relative to root.
func goFiles(root string, visit func(path string) error) error {
	return fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if path == "." {
				return nil
			}
			if name == "testdata" || name == "node_modules" || path == "build" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
				return fs.SkipDir
			}
			// A module of its own has its own tests.
			if _, err := os.Stat(filepath.Join(root, path, "go.mod")); err == nil {
				return fs.SkipDir
			}
			return nil
		}
		if filepath.Ext(name) != ".go" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			return nil
		}
		return visit(path)
	})
}
