package functions_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/functions/setup"
	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/internal/testkit/runtimeapi"
	"rescind/shared/dynamo"
)

// programs are the functions, compiled as they are deployed, once.
var programs compiled

type compiled struct {
	once sync.Once
	dir  string
	err  error
	out  []byte
}

func (c *compiled) remove() error {
	if c.dir == "" {
		return nil
	}
	return os.RemoveAll(c.dir)
}

// bootstrap gives the path of a function's program.
func bootstrap(t testing.TB, name string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("building the functions takes long")
	}
	// The go command would give the cached result of these tests though the
	// functions changed, because it sees only the files that the tests open.
	for _, folder := range []string{"functions", "shared", "go.mod", "go.sum"} {
		touch(t, filepath.Join(root, folder))
	}
	programs.once.Do(programs.build)
	if programs.err != nil {
		t.Fatalf("building the functions: %v\n%s", programs.err, programs.out)
	}
	return filepath.Join(programs.dir, name)
}

func touch(t testing.TB, path string) {
	t.Helper()
	err := filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		return f.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
}

// build uses the flags of functions.mk, for this machine's processor.
func (c *compiled) build() {
	if c.dir, c.err = os.MkdirTemp("", "rescind-functions-"); c.err != nil {
		return
	}
	args := []string{"build", "-tags", "lambda.norpc", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", c.dir + string(filepath.Separator)}
	for _, name := range append([]string{"authorizer"}, names...) {
		args = append(args, "./functions/"+name)
	}
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH)
	c.out, c.err = cmd.CombinedOutput()
}

// deployed is a function that runs.
type deployed struct{ *runtimeapi.Function }

// start runs a function in the environment that the template and
// events/env.json give it, changed by each env in turn. It is stopped with the
// test, and its log must hold no token then.
func start(t *testing.T, name string, env ...map[string]string) *deployed {
	t.Helper()
	program := bootstrap(t, name)
	if runtime.GOOS != "linux" {
		t.Skip("the functions run on Linux only")
	}
	f, err := runtimeapi.Start(context.Background(), program, samEnvironment(t, name, env...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
		if value.Match(f.Logs()) {
			t.Errorf("%s logs a token or a secret", name)
		}
	})
	return &deployed{f}
}

// samEnvironment is a function's environment as sam local would have it: of
// the file only what the template has too. What env says takes its place,
// where the function has that variable at all or it is not one of ours.
func samEnvironment(t testing.TB, name string, env ...map[string]string) map[string]string {
	t.Helper()
	var file map[string]map[string]string
	if err := json.Unmarshal(readFile(t, "events", "env.json"), &file); err != nil {
		t.Fatal(err)
	}
	declared := environment(readTemplate(t), name)
	all := map[string]string{}
	for variable, v := range file[logicalID(name)] {
		if _, ok := declared[variable]; !ok {
			t.Errorf("events/env.json: the template gives %s no %s, so sam local drops it", name, variable)
		}
		all[variable] = v
	}
	if len(all) != len(declared) {
		t.Errorf("events/env.json gives %s %d of %d variables", name, len(all), len(declared))
	}
	all[setup.Issuer] = issuer
	for _, e := range env {
		for variable, v := range e {
			if _, ok := declared[variable]; ok || !strings.HasPrefix(variable, "RESCIND_") {
				all[variable] = v
			}
		}
	}
	return all
}

func (f *deployed) invoke(t testing.TB, payload []byte) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second) // as in the template
	defer cancel()
	r, err := f.Invoke(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	if r.Err != nil {
		t.Fatalf("the invocation failed: %s", redact(string(r.Err)))
	}
	return r.Payload
}

// logs gives the log as soon as it holds the text, or what it holds after a
// while: a line may be on its way when the answer is there already.
func (f *deployed) logs(text string) string {
	for range 100 {
		if log := string(f.Logs()); strings.Contains(log, text) {
			return log
		}
		time.Sleep(20 * time.Millisecond)
	}
	return string(f.Logs())
}

// tableEnvironment leads the SDK to the engine, and nowhere else.
func tableEnvironment(endpoint string, tables dynamo.Tables) map[string]string {
	env := map[string]string{
		dynamodblocal.EndpointVariable: endpoint,
		setup.TokensTable:              tables.Tokens,
		setup.PrincipalsTable:          tables.Principals,
		"AWS_ACCESS_KEY_ID":            dynamodblocal.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY":        dynamodblocal.SecretAccessKey,
		"AWS_REGION":                   dynamodblocal.Region,
	}
	if dynamodblocal.RealAWS(endpoint) { // RESCIND_TEST_ALLOW_REMOTE=1
		for _, variable := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"} {
			env[variable] = os.Getenv(variable)
		}
	}
	return env
}

// nowhere leads to a port of this machine that nothing listens on.
func nowhere(t testing.TB) map[string]string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return tableEnvironment("http://"+address, dynamo.Tables{Tokens: "a", Principals: "b"})
}

func dropTables(t *testing.T, client *dynamodb.Client, tables dynamo.Tables) {
	t.Helper()
	for _, table := range []string{tables.Tokens, tables.Principals} {
		if _, err := client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			t.Errorf("dropping %s: %v", table, err)
		}
	}
}

func rawID() string { return strings.ToLower(rand.Text()[:12]) }

// with gives env with one variable changed.
func with(env map[string]string, variable, v string) map[string]string {
	changed := maps.Clone(env)
	changed[variable] = v
	return changed
}
