package artifact

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
)

// Processors are Lambda's names for the processors that it has.
var Processors = []string{"arm64", "x86_64"}

// Program is one to build.
type Program struct {
	Package      string // such as ./cmd/rescind
	GOOS, GOARCH string // empty for this machine's
	Tags         string
	// Version is what the program says that it is. Empty for what the go command
	// finds in the version control, which is then no longer the same bytes from
	// the same sources.
	Version string
	// Stripped programs tell nothing of the version control.
	Stripped bool
	Output   string // the file to write; its folder is made
}

// Build builds a program from the module that the working folder is in. What
// the go command says goes to standard error. A cancelled ctx interrupts it.
func Build(ctx context.Context, p Program) error {
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return err
	}
	output, err := filepath.Abs(p.Output)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", p.arguments(output)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = root, p.environ(), os.Stderr, os.Stderr
	// Interrupted, not killed: the go command then ends its own children.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("go build %s: %w", p.Package, err)
	}
	return nil
}

func (p Program) arguments(output string) []string {
	ldflags := "-s -w"
	if p.Version != "" {
		ldflags += " -X main.released=" + p.Version
	}
	args := []string{"build", "-trimpath", "-ldflags", ldflags, "-o", output}
	if p.Tags != "" {
		args = append(args, "-tags", p.Tags)
	}
	if p.Stripped || p.Version != "" {
		args = append(args, "-buildvcs=false")
	}
	return append(args, p.Package)
}

// environ is this process's without what would make other bytes of the same
// sources: cgo, and the variants of processors and of Go itself.
func (p Program) environ() []string {
	environ := append(os.Environ(), "CGO_ENABLED=0", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off")
	if p.GOOS != "" {
		environ = append(environ, "GOOS="+p.GOOS)
	}
	if p.GOARCH != "" {
		environ = append(environ, "GOARCH="+p.GOARCH)
	}
	return environ
}

// Functions lists the Lambda functions by their folders' names, sorted.
func Functions() ([]string, error) {
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return nil, err
	}
	mains, err := filepath.Glob(filepath.Join(root, "functions", "*", "main.go"))
	if err != nil {
		return nil, err
	}
	if len(mains) == 0 {
		return nil, fmt.Errorf("there is no function in %s", filepath.Join(root, "functions"))
	}
	names := make([]string, 0, len(mains))
	for _, main := range mains {
		names = append(names, filepath.Base(filepath.Dir(main)))
	}
	slices.Sort(names)
	return names, nil
}

// Function builds functions/NAME for Lambda into dir and gives the program's
// path, dir/bootstrap. arch is Lambda's name of the processor, arm64 or x86_64,
// or Go's, amd64.
func Function(ctx context.Context, name, arch, dir string) (string, error) {
	goarch, err := GOARCH(arch)
	if err != nil {
		return "", err
	}
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return "", err
	}
	_, err = os.Stat(filepath.Join(root, "functions", name, "main.go"))
	if name != filepath.Base(name) || errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no function %q: see functions/", name)
	}
	program := filepath.Join(dir, "bootstrap")
	// Without its RPC mode the Lambda library is half a megabyte smaller.
	err = Build(ctx, Program{Package: "./functions/" + name, GOOS: "linux", GOARCH: goarch, Tags: "lambda.norpc", Stripped: true, Output: program})
	if err != nil {
		return "", err
	}
	return program, nil
}

// GOARCH is Go's name of a processor that Lambda has.
func GOARCH(arch string) (string, error) {
	switch arch {
	case "arm64":
		return "arm64", nil
	case "x86_64", "amd64":
		return "amd64", nil
	}
	return "", fmt.Errorf("lambda has no processor %q: use %s", arch, strings.Join(Processors, " or "))
}
