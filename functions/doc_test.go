// Package functions_test holds the functions, template.yaml and the sample
// events to one another: the template against what the code declares, and
// every event of events/ against its answer in events/expected/, through the
// handlers in this process and through the compiled programs.
package functions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"rescind/internal/testkit/engine"
)

// root is the repository's, as seen from this folder, where tests run.
const root = ".."

// names are the functions, which are also their folders.
var names = []string{"token", "revocation", "introspection", "browser", "metadata"}

func TestMain(m *testing.M) {
	code := engine.Main(m)
	if err := programs.remove(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func readFile(t testing.TB, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
