// Package child runs internal/task from another program of internal/, hands its
// report on and takes its count out of it. It knows neither the tests nor the
// engines that they run on, but for how the first of them is fetched.
package child

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rescind/internal/bench/local"
)

// Count is the last line of internal/task's report.
type Count struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// Engine gives DynamoDB on this machine: the one that the environment names,
// else DynamoDB Local, which is fetched once into root's cache.
func Engine(ctx context.Context, root string) (*local.DynamoDB, error) {
	engine, err := local.Start(ctx)
	if !errors.Is(err, local.ErrNone) {
		return engine, err
	}
	// The task fetches it, and tests that it runs.
	if _, err := Run(ctx, root, io.Discard, os.Environ(), "test-dynamodb", "--packages", "./internal/testkit/engine"); err != nil {
		return nil, err
	}
	return local.Start(ctx)
}

// Command is a run of internal/task in root, the module's folder. It and all
// that it starts end together with us.
func Command(ctx context.Context, root string, environ []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./internal/task"}, args...)...)
	cmd.Dir, cmd.Env = root, environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// Run waits for a run of internal/task, whose report goes to out but for its
// counting lines: the caller sums them up. Tests that failed are counted, and
// are no error; a run that counted nothing is one.
func Run(ctx context.Context, root string, out io.Writer, environ []string, args ...string) (Count, error) {
	cmd := Command(ctx, root, environ, args...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return Count{}, err
	}
	if err := cmd.Start(); err != nil {
		return Count{}, err
	}
	c, counted := read(stdout, out)
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && counted && c.Failed > 0 {
		return c, nil // it has said so, and it is counted
	}
	if err == nil && !counted {
		err = errors.New("it did not count its tests")
	}
	if err != nil {
		err = fmt.Errorf("go run ./internal/task %s: %w", args[0], err)
	}
	return c, err
}

var countLine = regexp.MustCompile(`^(\d+) passed, (\d+) failed, (\d+) skipped$`)

// read hands the task's lines on to out, and takes its count out of them.
func read(in io.Reader, out io.Writer) (c Count, counted bool) {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		text := strings.TrimRight(line, "\n")
		if match := countLine.FindStringSubmatch(text); match != nil {
			counted = true
			c.Passed += number(match[1])
			c.Failed += number(match[2])
			c.Skipped += number(match[3])
		} else if !strings.HasPrefix(text, "DynamoDB: ") && line != "" {
			_, _ = io.WriteString(out, line) // a report that nobody reads must not end the tests
		}
		if err != nil {
			return c, counted
		}
	}
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // digits, by the expression
	return n
}
