package main

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

	"rescind/internal/testkit/engine/dynamodblocal"
)

// suitePackages are those with tests that ask for an engine. The processes of
// package processes are a part of their own here.
const suitePackages = "./shared/dynamo ./shared/endpoint ./internal/clauses ./internal/interleave ./events/... ./functions/... ./cmd/rescind/..."

// suite is the count of internal/task.
type suite struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// runSuite runs the tests of packages on the engine at endpoint, by
// internal/task, whose report goes to out but for its counting lines: ours sum
// them up.
func runSuite(ctx context.Context, root, endpoint, packages string, out io.Writer) (suite, error) {
	return runTask(ctx, root, out, append(os.Environ(), dynamodblocal.EndpointVariable+"="+endpoint), "test", "--packages", packages)
}

// fetchEngine has internal/task fetch DynamoDB Local, and test that it runs.
func fetchEngine(ctx context.Context, root string) error {
	_, err := runTask(ctx, root, io.Discard, os.Environ(), "test-dynamodb", "--packages", "./internal/testkit/engine")
	return err
}

// taskCommand is a run of internal/task. It and all that it starts end together
// with us.
func taskCommand(ctx context.Context, root string, environ []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run", "./internal/task"}, args...)...)
	cmd.Dir, cmd.Env = root, environ
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func runTask(ctx context.Context, root string, out io.Writer, environ []string, args ...string) (suite, error) {
	cmd := taskCommand(ctx, root, environ, args...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return suite{}, err
	}
	if err := cmd.Start(); err != nil {
		return suite{}, err
	}
	s, counted := readTask(stdout, out)
	err = cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && counted && s.Failed > 0 {
		return s, nil // it has said so, and it is counted
	}
	if err == nil && !counted {
		err = errors.New("it did not count its tests")
	}
	if err != nil {
		err = fmt.Errorf("go run ./internal/task %s: %w", args[0], err)
	}
	return s, err
}

var countLine = regexp.MustCompile(`^(\d+) passed, (\d+) failed, (\d+) skipped$`)

// readTask hands the task's lines on to out, and takes its count out of them.
func readTask(in io.Reader, out io.Writer) (s suite, counted bool) {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		text := strings.TrimRight(line, "\n")
		if match := countLine.FindStringSubmatch(text); match != nil {
			counted = true
			s.Passed += number(match[1])
			s.Failed += number(match[2])
			s.Skipped += number(match[3])
		} else if !strings.HasPrefix(text, "DynamoDB: ") && line != "" {
			_, _ = io.WriteString(out, line) // a report that nobody reads must not end the tests
		}
		if err != nil {
			return s, counted
		}
	}
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits) // digits, by the expression
	return n
}
