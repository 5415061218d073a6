package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"go/format"
	"os"
	"path/filepath"
	"strings"
)

// staticcheck runs by its version, so that go.mod need not carry it.
const staticcheck = "honnef.co/go/tools/cmd/staticcheck@v0.8.2"

// taskVet runs all three checks, even after one has failed.
func taskVet(ctx context.Context, root string, args []string) error {
	if err := parse(flag.NewFlagSet("vet", flag.ContinueOnError), args); err != nil {
		return err
	}
	checks := []struct {
		name string
		run  func() error
	}{
		{"gofmt", func() error { return inEachModule(root, formatted) }},
		{"go vet", func() error { return inEachModule(root, goCommand(ctx, "vet", "./...")) }},
		{"staticcheck", func() error { return inEachModule(root, goCommand(ctx, "run", staticcheck, "./...")) }},
	}
	var failed []string
	for _, check := range checks {
		if err := check.run(); err != nil {
			failed = append(failed, check.name)
			fmt.Printf("%s: %v\n", check.name, err)
			continue
		}
		fmt.Printf("%s: ok\n", check.name)
	}
	if failed != nil {
		return fmt.Errorf("failed: %s", strings.Join(failed, ", "))
	}
	return nil
}

// inEachModule runs a check on the main module and on those of their own, on
// all even after it has failed on one.
func inEachModule(root string, check func(dir string) error) error {
	failed := check(root)
	for _, module := range ownModules {
		if err := check(filepath.Join(root, module)); err != nil {
			failed = errors.Join(failed, fmt.Errorf("in %s: %w", module, err))
		}
	}
	return failed
}

func goCommand(ctx context.Context, args ...string) func(dir string) error {
	return func(dir string) error { return command(ctx, dir, goEnviron(), "go", args...).Run() }
}

// formatted is `gofmt -l`, with an error if it lists anything.
func formatted(root string) error {
	var unformatted []string
	err := goFiles(root, func(path string) error {
		source, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			return err
		}
		clean, err := format.Source(source)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if !bytes.Equal(source, clean) {
			unformatted = append(unformatted, path)
		}
		return nil
	})
	if err == nil && unformatted != nil {
		err = errors.New("run gofmt -w " + strings.Join(unformatted, " "))
	}
	return err
}
