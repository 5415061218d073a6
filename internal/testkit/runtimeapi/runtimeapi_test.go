package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/internal/testkit/runtimeapi"
)

// bootstrap is testdata/echo, compiled once for all tests as it would be for
// Lambda.
var bootstrap = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "runtimeapi")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "bootstrap")
	cmd := exec.Command("go", "build", "-tags", "lambda.norpc", "-o", path, "./testdata/echo")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return path, fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if _, err := exec.LookPath("go"); err == nil {
		if path, _ := bootstrap(); path != "" {
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}
	os.Exit(code)
}

func start(t *testing.T, env map[string]string) (*runtimeapi.Function, error) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("the go command is not on PATH: without it the function under test cannot be compiled")
	}
	path, err := bootstrap()
	if err != nil {
		t.Fatal(err)
	}
	f, err := runtimeapi.Start(context.Background(), path, env)
	if err == nil {
		t.Cleanup(func() {
			if err := f.Stop(); err != nil {
				t.Error(err)
			}
		})
	}
	return f, err
}

func mustStart(t *testing.T, env map[string]string) *runtimeapi.Function {
	t.Helper()
	f, err := start(t, env)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// within is a context with a deadline, so that no failure hangs.
func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

type output struct {
	N         int
	RequestID string
	Deadline  int64
	AtOnce    int64
	Env       []string
}

func echo(ctx context.Context, f *runtimeapi.Function, event string) (output, error) {
	var out output
	result, err := f.Invoke(ctx, []byte(event))
	if err != nil {
		return out, err
	}
	if result.Err != nil || result.Duration <= 0 {
		return out, fmt.Errorf("failed in %s: %s", result.Duration, result.Err)
	}
	return out, json.Unmarshal(result.Payload, &out)
}

func TestEcho(t *testing.T) {
	t.Setenv("AWS_PROFILE", "of-the-caller")
	f := mustStart(t, map[string]string{"TABLE": "t", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512", "AWS_LAMBDA_RUNTIME_API": "ignored"})
	out, err := echo(within(t, 20*time.Second), f, `{"n":7}`)
	if err != nil {
		t.Fatal(err)
	}
	if out.N != 7 || len(out.RequestID) != 36 || out.Deadline < 10_000 || out.Deadline > 20_000 {
		t.Errorf("answered %+v", out)
	}
	for _, want := range []string{"TABLE=t", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512", "AWS_ACCESS_KEY_ID=test", "_HANDLER=bootstrap", "PATH=" + os.Getenv("PATH")} {
		if !slices.Contains(out.Env, want) {
			t.Errorf("the environment lacks %s", want)
		}
	}
	if slices.ContainsFunc(out.Env, func(s string) bool { return strings.HasPrefix(s, "AWS_PROFILE") }) {
		t.Error("the environment of the caller leaked in")
	}
	if f.InitDuration() <= 0 || f.InitDuration() > 10*time.Second {
		t.Errorf("init took %s", f.InitDuration())
	}
	if !strings.HasPrefix(string(f.Logs()), "up\n") {
		t.Errorf("log: %s", f.Logs())
	}
	peak, err := f.PeakRSS()
	switch {
	case runtime.GOOS != "linux":
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("PeakRSS: %v, want ErrUnsupported", err)
		}
	case err != nil || peak < 1<<20 || peak > 1<<30:
		t.Errorf("PeakRSS: %d, %v", peak, err)
	}
}

func TestFailedInvocations(t *testing.T) {
	f := mustStart(t, nil)
	for do, word := range map[string]string{"fail": "asked to fail", "break-stream": "stream broke"} {
		result, err := f.Invoke(within(t, 20*time.Second), []byte(`{"do":"`+do+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		if result.Payload != nil || !strings.Contains(string(result.Err), word) {
			t.Errorf("%s: payload %q, error %q", do, result.Payload, result.Err)
		}
	}
	if _, err := echo(within(t, 20*time.Second), f, `{}`); err != nil {
		t.Errorf("after a failure: %v", err)
	}
}

func TestInitErrors(t *testing.T) {
	for how, want := range map[string]string{
		"fail":   "last log line: no table named: set TABLE",
		"report": `init error: {"errorMessage":"reported"`,
	} {
		f, err := start(t, map[string]string{"ECHO_INIT": how})
		if err == nil || !strings.Contains(err.Error(), want) || f != nil {
			t.Errorf("%s: %v, want %q", how, err, want)
		}
	}
	if _, err := runtimeapi.Start(context.Background(), filepath.Join(t.TempDir(), "bootstrap"), nil); err == nil {
		t.Error("a missing bootstrap started")
	}
}

func TestExitDuringAnInvocation(t *testing.T) {
	f := mustStart(t, nil)
	_, err := f.Invoke(within(t, 20*time.Second), []byte(`{"do":"exit"}`))
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "about to leave") {
		t.Errorf("error %v, want the exit status and the last log line", err)
	}
	if _, err := f.Invoke(within(t, 20*time.Second), []byte(`{}`)); err == nil {
		t.Error("a function that is gone was invoked")
	}
}

func TestInvokeEndsWithItsContext(t *testing.T) {
	f := mustStart(t, nil) // one worker, and "meet" waits for eight
	if _, err := f.Invoke(within(t, 200*time.Millisecond), []byte(`{"do":"meet"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want DeadlineExceeded", err)
	}
	if _, err := f.Invoke(within(t, 100*time.Millisecond), []byte(`{}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with its worker busy: error %v, want DeadlineExceeded", err)
	}
}

func TestConcurrency(t *testing.T) {
	f := mustStart(t, map[string]string{"AWS_LAMBDA_MAX_CONCURRENCY": "8"})
	ctx := within(t, 30*time.Second)
	var wg sync.WaitGroup
	var ids sync.Map
	for n := range 50 {
		wg.Go(func() {
			out, err := echo(ctx, f, fmt.Sprintf(`{"n":%d,"do":"meet"}`, n))
			if err != nil {
				t.Error(err)
				return
			}
			if _, twice := ids.LoadOrStore(out.RequestID, n); twice || out.N != n || out.AtOnce != 8 {
				t.Errorf("invocation %d was answered %+v", n, out)
			}
		})
	}
	wg.Wait()
}

func TestStopIsFinal(t *testing.T) {
	f := mustStart(t, nil)
	for range 2 {
		if err := f.Stop(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Invoke(within(t, 20*time.Second), []byte(`{}`)); err == nil {
		t.Error("a stopped function was invoked")
	}
	if _, err := f.PeakRSS(); err == nil {
		t.Error("a stopped function has resident memory")
	}
}
