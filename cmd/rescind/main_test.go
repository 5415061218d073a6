package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"rescind/internal/testkit/engine"
)

// asCommand makes this test binary the command itself, for tests that need a
// second process.
const asCommand = "RESCIND_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) == "1" {
		main()
		return
	}
	os.Exit(engine.Main(m))
}

// world is a store that tests run commands over.
type world struct {
	t     *testing.T
	store string
}

// newWorld has an empty SQLite store in a folder of its own.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t, "sqlite:" + filepath.Join(privateDir(t), "rescind.db")}
	w.ok("store", "create")
	return w
}

// privateDir is a folder that nobody else may write to, whatever the umask.
func privateDir(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

type outcome struct {
	status         int
	stdout, stderr string
}

// run runs a command line in this process. Whatever it is, nothing that looks
// like a token or secret may reach stderr, and a failure is one sentence.
func run(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), args, strings.NewReader(stdin), &stdout, &stderr, noEnvironment)
	o := outcome{status, stdout.String(), stderr.String()}
	if strings.Contains(o.stderr, ours) {
		t.Errorf("%q: something like a secret on stderr", args[0])
	}
	if status != exitOK {
		if o.stdout != "" {
			t.Errorf("%q failed and printed a result: %s", args, o.stdout)
		}
		if n := strings.Count(o.sentence(), "\n"); n != 0 || o.sentence() == "" {
			t.Errorf("%q: the failure is not one line: %q", args, o.stderr)
		}
	}
	return o
}

func noEnvironment(string) string { return "" }

// sentence is stderr without the audit lines.
func (o outcome) sentence() string {
	var rest []string
	for line := range strings.Lines(o.stderr) {
		if !strings.Contains(line, `"msg":"audit"`) {
			rest = append(rest, strings.TrimSuffix(line, "\n"))
		}
	}
	return strings.Join(rest, "\n")
}

func (w *world) args(args []string) []string {
	return append(append([]string{}, args...), "--store", w.store)
}

// try runs a command over the store.
func (w *world) try(args ...string) outcome {
	w.t.Helper()
	return run(w.t, "", w.args(args)...)
}

// ok runs a command that must succeed, and gives its stdout.
func (w *world) ok(args ...string) string {
	w.t.Helper()
	return w.okWith("", args...)
}

func (w *world) okWith(stdin string, args ...string) string {
	w.t.Helper()
	o := run(w.t, stdin, w.args(args)...)
	if o.status != exitOK {
		w.t.Fatalf("%q: exit status %d: %s", args, o.status, o.stderr)
	}
	return o.stdout
}

// json runs a command with --json that must succeed; its stdout must be one
// JSON object.
func (w *world) json(args ...string) map[string]any {
	w.t.Helper()
	return w.jsonWith("", args...)
}

func (w *world) jsonWith(stdin string, args ...string) map[string]any {
	w.t.Helper()
	return object(w.t, w.okWith(stdin, append(args, "--json")...))
}

func object(t *testing.T, s string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		t.Fatalf("not a JSON object: %v: %q", err, s)
	}
	return v
}

func text(t *testing.T, v map[string]any, member string) string {
	t.Helper()
	s, ok := v[member].(string)
	if !ok || s == "" {
		t.Fatalf("no %s in %v", member, v)
	}
	return s
}

// phone registers a public client that may refresh, with the scopes "read write".
func (w *world) phone(id string) {
	w.t.Helper()
	w.ok("client", "create", "--name", "phone", "--id", id, "--type", "public", "--scopes", "read write", "--default-scopes", "read")
}

// expect checks that s holds every want.
func expect(t *testing.T, s string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(s, part) {
			t.Errorf("%q is missing in:\n%s", part, s)
		}
	}
}

// screen is an output that one goroutine writes and another reads.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
