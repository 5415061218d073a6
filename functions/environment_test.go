package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rescind/functions/setup"
)

// A function that cannot start says so in one line of JSON, which names the
// variable and repeats no value, and ends with status 1. It asks Lambda for
// nothing before: Lambda then fails the init itself, with Runtime.ExitError,
// and the line is in the function's log.
func TestWrongEnvironmentIsOneLine(t *testing.T) {
	const value = "s3cret"
	for _, tc := range []struct{ function, variable, value, says string }{
		{"token", setup.Issuer, "http://" + value + ".example.com", "RESCIND_ISSUER is wrong"},
		{"token", setup.PrincipalsTable, "", "RESCIND_PRINCIPALS_TABLE is missing"},
		{"revocation", "RESCIND_TOKEN_TABLE", value, "RESCIND_TOKEN_TABLE is not one"},
		{"introspection", setup.LogLevel, value, "RESCIND_LOG_LEVEL is wrong"},
		{"metadata", setup.Issuer, "", "RESCIND_ISSUER is missing"},
		{"token", "AWS_REGION", "", "AWS_REGION is missing"},
		{"revocation", "AWS_ACCESS_KEY_ID", "", "AWS_ACCESS_KEY_ID is missing"},
		{"introspection", "AWS_SECRET_ACCESS_KEY", "", "AWS_SECRET_ACCESS_KEY is missing"},
		{"introspection", "AWS_USE_FIPS_ENDPOINT", value, "AWS_USE_FIPS_ENDPOINT is wrong"},
	} {
		t.Run(tc.function+" "+tc.variable, func(t *testing.T) {
			t.Parallel()
			program := bootstrap(t, tc.function)
			if runtime.GOOS != "linux" {
				t.Skip("the functions run on Linux only")
			}
			var calls atomic.Int32
			lambda := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
			t.Cleanup(lambda.Close)
			env := with(samEnvironment(t, tc.function, nowhere(t)), tc.variable, tc.value)
			env["AWS_LAMBDA_RUNTIME_API"] = strings.TrimPrefix(lambda.URL, "http://")

			stdout, stderr, err := runOnce(t, program, env)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("it ends with %v, not with status 1", err)
			}
			if len(stderr) != 0 || calls.Load() != 0 {
				t.Errorf("it calls Lambda %d times, and writes to standard error:\n%s", calls.Load(), stderr)
			}
			checkOneLine(t, stdout, "the environment variable "+tc.says, value)
		})
	}
}

// runOnce runs a program to its end, which must come soon.
func runOnce(t *testing.T, program string, env map[string]string) (stdout, stderr []byte, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = []string{} // none of the test's own
	for variable, v := range env {
		cmd.Env = append(cmd.Env, variable+"="+v)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	return out.Bytes(), errs.Bytes(), err
}

func checkOneLine(t *testing.T, log []byte, says, never string) {
	t.Helper()
	var line struct{ Level, Message string }
	if err := json.Unmarshal(log, &line); err != nil || bytes.Count(log, []byte("\n")) != 1 {
		t.Fatalf("the log is not one line of JSON:\n%s", log)
	}
	if line.Level != "ERROR" || !strings.Contains(line.Message, says) || bytes.Contains(log, []byte(never)) {
		t.Errorf("the line is %s", log)
	}
}

// An upstream provider that is described in part stops the browser function in
// the same way: people would otherwise find out.
func TestUpstreamDescribedInPartIsOneLine(t *testing.T) {
	program := bootstrap(t, "browser")
	if runtime.GOOS != "linux" {
		t.Skip("the functions run on Linux only")
	}
	env := with(samEnvironment(t, "browser", nowhere(t)), setup.UpstreamClientSecret, "s3cret")
	env["AWS_LAMBDA_RUNTIME_API"] = "127.0.0.1:1"
	stdout, stderr, err := runOnce(t, program, with(env, setup.UpstreamIssuer, "https://idp.example.com"))
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || len(stderr) != 0 {
		t.Errorf("it ends with %v", err)
	}
	checkOneLine(t, stdout, setup.UpstreamClientID+" is not set", "s3cret")
}
