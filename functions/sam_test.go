package functions_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"rescind/internal/integration/stack"
	"rescind/internal/testkit/engine/dynamodblocal"
)

// What internal/samlocal, which starts Docker and builds by sam, gives this test.
const (
	samVariable         = "RESCIND_TEST_SAM"          // the sam command
	samEndpointVariable = "RESCIND_TEST_SAM_ENDPOINT" // where a container finds the engine of DynamoDB
)

// Every event through AWS's own sam local invoke: the template's environment, its
// build, the runtime interface emulator, a container, DynamoDB.
func TestEventsBySamLocal(t *testing.T) {
	sam := os.Getenv(samVariable)
	if sam == "" {
		t.Skip("no sam, no Docker: go run ./internal/samlocal")
	}
	store, env := engineStore(t)
	if store == nil {
		t.Fatal("there is no DynamoDB engine")
	}
	env[dynamodblocal.EndpointVariable] = os.Getenv(samEndpointVariable)
	file := map[string]map[string]string{}
	for _, name := range names {
		file[logicalID(name)] = samEnvironment(t, name, env)
	}
	text, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	variables := filepath.Join(t.TempDir(), "env.json")
	if err := os.WriteFile(variables, text, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, e := range readEvents(t) {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel() // sam itself takes most of the time
			e.check(t, invokeBySam(t, sam, variables, e), store)
		})
	}
}

func invokeBySam(t *testing.T, sam, variables string, e event) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), sam, "local", "invoke", logicalID(e.expected.Function),
		"--event", filepath.Join("events", e.name+".json"), "--env-vars", variables,
		"--skip-pull-image", "--parameter-overrides", "Architecture="+stack.Architecture())
	cmd.Dir = root
	cmd.Env = stack.ForSAM(os.Environ())
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("sam local invoke: %v\n%s", err, redact(stderr.String()))
	}
	if value.Match(stderr.Bytes()) {
		t.Error("the function logs a token or a secret")
	}
	return stdout.Bytes()
}
