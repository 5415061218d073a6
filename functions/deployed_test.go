package functions_test

import (
	"context"
	"debug/elf"
	"encoding/json"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"rescind/functions/setup"
	"rescind/internal/testkit/runtimeapi"
	"rescind/shared/endpoint"
)

// maxProgram is the most that a function's program may measure, in bytes: it
// is loaded at every cold start. The pages carry templates and an OpenID client.
func maxProgram(name string) int64 {
	if name == endpoint.RouteBrowser {
		return 15_000_000
	}
	return 11_000_000
}

func TestProgramsAreSmall(t *testing.T) {
	for _, name := range names {
		info, err := os.Stat(bootstrap(t, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%-14s %5.2f MB", name, float64(info.Size())/1e6)
		if most := maxProgram(name); info.Size() >= most {
			t.Errorf("%s has %d bytes; %d is the most", name, info.Size(), most)
		}
	}
}

// linked gives the names of the functions in a program. They stay in a stripped
// one, in the table that stack traces are made of; so does a package's name
// where a dependency comes with it.
func linked(t *testing.T, name string) string {
	t.Helper()
	f, err := elf.Open(bootstrap(t, name))
	if err != nil {
		t.Fatal(err)
	}
	section := f.Section(".gopclntab")
	if section == nil {
		t.Fatal("no .gopclntab: find the names of the functions elsewhere")
	}
	table, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	return string(table)
}

func TestMetadataIsBuiltWithoutTheSDK(t *testing.T) {
	for name, want := range map[string]bool{"token": true, "metadata": false} {
		if got := strings.Contains(linked(t, name), "github.com/aws/aws-sdk-go-v2/"); got != want {
			t.Errorf("%s: the AWS SDK is in it: %t", name, got)
		}
	}
}

// What people see and sign in with is in the browser function only. Of packages
// whose rows the store knows nothing but their variables may be elsewhere.
func TestOnlyTheBrowserFunctionHasThePages(t *testing.T) {
	apart := regexp.MustCompile(`rescind/shared/(page|browser|upstream)\.|rescind/shared/(user|session|authorization)\.(\(|[A-Za-hj-z])|html/template\.|go-oidc/`)
	for _, name := range names {
		found := apart.FindString(linked(t, name))
		if has := found != ""; has != (name == endpoint.RouteBrowser) {
			t.Errorf("%s: that it has what only pages need is %t: %q", name, has, found)
		}
	}
}

func TestWrongEnvironmentStopsInit(t *testing.T) {
	for _, tc := range []struct {
		says, function, variable, value string
	}{
		{"RESCIND_ISSUER is missing", "metadata", setup.Issuer, ""},
		{"RESCIND_ISSUER is wrong", "metadata", setup.Issuer, "https://auth.example.com/"},
		{"RESCIND_TOKENS_TABLE is missing", "token", setup.TokensTable, ""},
		{"RESCIND_PRINCIPALS_TABLE is missing", "revocation", setup.PrincipalsTable, ""},
		{"RESCIND_LOG_LEVEL is wrong", "introspection", setup.LogLevel, "loud"},
		{"RESCIND_TOKEN_TABLE is not one", "introspection", "RESCIND_TOKEN_TABLE", "tokens"},
		{"RESCIND_TOKENS_TABLE is not one", "metadata", setup.TokensTable, "tokens"},
		{"RESCIND_UPSTREAM_ISSUER is not one", "token", setup.UpstreamIssuer, "https://idp.example.com"},
		{"RESCIND_UPSTREAM_SECRET is not one", "browser", "RESCIND_UPSTREAM_SECRET", "s3cret"},
	} {
		t.Run(tc.says, func(t *testing.T) {
			program := bootstrap(t, tc.function)
			if runtime.GOOS != "linux" {
				t.Skip("the functions run on Linux only")
			}
			env := with(samEnvironment(t, tc.function, nowhere(t)), tc.variable, tc.value)
			f, err := runtimeapi.Start(t.Context(), program, env)
			if err == nil {
				_ = f.Stop()
				t.Fatal("the function starts")
			}
			// The error is one line, and ends with the last line of the log.
			if s := err.Error(); !strings.Contains(s, "the environment variable "+tc.says) || strings.Contains(s, "\n") {
				t.Errorf("it says: %s", s)
			}
			if !strings.Contains(err.Error(), "exit status 1") {
				t.Errorf("it does not end with status 1: %v", err)
			}
		})
	}
}

// One process answers many requests at a time, as on Lambda's managed instances.
func TestConcurrentInvocations(t *testing.T) {
	store, tables := engineStore(t)
	if store == nil {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	const workers, requests = 16, 160
	many := map[string]string{"AWS_LAMBDA_MAX_CONCURRENCY": "16"}
	tokens, inquiries := start(t, "token", tables, many), start(t, "introspection", tables, many)
	issue, inquire := readFile(t, "events", "token-client-credentials.json"), readFile(t, "events", "introspection-active.json")

	var mu sync.Mutex
	issued := map[string]bool{}
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range requests / workers {
				var body struct {
					AccessToken string `json:"access_token"`
					Active      bool   `json:"active"`
				}
				a := readAnswer(t, tokens.mustInvoke(t, issue))
				if err := json.Unmarshal([]byte(a.Body), &body); err != nil || a.StatusCode != 200 {
					t.Errorf("token: status %d", a.StatusCode)
					return
				}
				mu.Lock()
				issued[body.AccessToken] = true
				mu.Unlock()
				a = readAnswer(t, inquiries.mustInvoke(t, inquire))
				if err := json.Unmarshal([]byte(a.Body), &body); err != nil || a.StatusCode != 200 || !body.Active {
					t.Errorf("introspection: status %d, active %t", a.StatusCode, body.Active)
					return
				}
			}
		})
	}
	group.Wait()
	if len(issued) != requests {
		t.Errorf("%d requests got %d different tokens", requests, len(issued))
	}
	if !stands(t, store, "introspect") {
		t.Error("the sample grant was revoked")
	}
}

// mustInvoke is invoke for goroutines other than the test's own.
func (f *deployed) mustInvoke(t *testing.T, payload []byte) []byte {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	r, err := f.Invoke(ctx, payload)
	if err != nil || r.Err != nil {
		t.Errorf("the invocation failed: %v %s", err, redact(string(r.Err)))
		return []byte("{}")
	}
	return r.Payload
}

// Every line of the log is JSON with the request's ids in it.
func TestLogLines(t *testing.T) {
	f := start(t, "metadata")
	a := readAnswer(t, f.invoke(t, readFile(t, "events", "metadata.json")))
	lines := strings.Split(strings.TrimSpace(f.logs(`"request"`)), "\n")
	if len(lines) != 1 {
		t.Fatalf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil {
		t.Fatalf("not JSON: %s", lines[0])
	}
	for name, want := range map[string]any{
		"level": "INFO", "message": "request", "route": "metadata", "status": 200.0,
		"request_id": a.Headers["X-Request-Id"], "gateway_request_id": "JKJaXmPLvHcESHA=",
	} {
		if line[name] != want {
			t.Errorf("%s is %v, want %v", name, line[name], want)
		}
	}
	id, _ := line["lambda_request_id"].(string)
	if !strings.HasPrefix(id, "00000000-0000-4000-8000-") {
		t.Errorf("lambda_request_id is %q", id)
	}
	if _, err := time.Parse(time.RFC3339Nano, line["timestamp"].(string)); err != nil {
		t.Error(err)
	}
	if a.Headers["X-Request-Id"] != "JKJaXmPLvHcESHA" {
		t.Errorf("X-Request-Id is %q", a.Headers["X-Request-Id"])
	}
}

// The first read is made before the first request, and tells when it fails.
func TestInitReadsTheTables(t *testing.T) {
	f := start(t, "introspection", nowhere(t))
	if log := f.logs("the first read failed"); !strings.Contains(log, "the first read failed") {
		t.Errorf("the log is\n%s", log)
	}
	store, tables := engineStore(t)
	if store == nil {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	for _, name := range names {
		f := start(t, name, tables)
		if log := f.Logs(); len(log) != 0 {
			t.Errorf("%s: init logs\n%s", name, log)
		}
		t.Logf("%-14s init %s", name, f.InitDuration())
	}
}
