package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a module whose tests end in every way a test can.
var sample = map[string]string{
	"go.mod": "module sample\n\ngo 1.26.0\n",
	"good/good_test.go": `package good
import ("testing"; "fmt")
func TestPlain(t *testing.T) { fmt.Println("hidden output") }
func TestParent(t *testing.T) {
	for _, name := range []string{"a", "b/c"} { t.Run(name, func(t *testing.T) {}) }
}
func TestSkipped(t *testing.T) { t.Skip("no engine") }
func TestParentSkips(t *testing.T) { t.Run("a", func(t *testing.T) {}); t.Skip("the rest") }
func FuzzSeed(f *testing.F) { f.Add("x"); f.Fuzz(func(t *testing.T, s string) {}) }
`,
	"bad/bad_test.go": `package bad
import "testing"
func TestPlain(t *testing.T) { t.Error("plain reason") }
func TestParent(t *testing.T) {
	t.Parallel()
	t.Log("about the parent")
	t.Run("good", func(t *testing.T) { t.Log("hidden log") })
	t.Run("bad", func(t *testing.T) { t.Error("sub reason") })
}
func TestOwn(t *testing.T) { t.Run("good", func(t *testing.T) {}); t.Error("own reason") }
`,
	"panics/panics_test.go": `package panics
import "testing"
func TestPanic(t *testing.T) { panic("panic reason") }
`,
	"exits/exits_test.go": `package exits
import ("testing"; "os"; "fmt")
func TestBefore(t *testing.T) {}
func TestExit(t *testing.T) { fmt.Println("exit reason"); os.Exit(3) }
`,
	"main/main_test.go": `package main_test
import ("testing"; "os"; "fmt")
func TestMain(m *testing.M) { fmt.Println("main reason"); os.Exit(1) }
`,
	"broken/broken.go": "package broken\n\nvar x int = \"compiler reason\"\n",
	"broken/broken_test.go": `package broken
import "testing"
func TestNever(t *testing.T) {}
`,
	"none/none.go":              "package none\n",
	"testdata/lost_test.go":     "package lost\n\nfunc FuzzLost(f *testing.F) {}\n",
	"_old/old_test.go":          "package old\n\nfunc FuzzOld(f *testing.F) {}\n",
	"nested/go.mod":             "module nested\n\ngo 1.26.0\n",
	"nested/nested_test.go":     "package nested\n\nfunc FuzzNested(f *testing.F) {}\n",
	"good/method_test.go":       "package good\n\ntype s struct{}\n\nfunc (s) FuzzMethod(f int) {}\n",
	"good/unformatted_test.go":  "package good\nvar  unformatted int\n",
	"none/FuzzNot.go":           "package none\n\nfunc FuzzNot(x int) {}\n",
	".cache/hidden/x_test.go":   "not Go at all",
	"build/generated/x_test.go": "not Go at all",
}

func writeSample(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range sample {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestReportTellsAndCountsWhatGoTestDid(t *testing.T) {
	cases := []struct {
		pkg   string
		want  count
		fails bool
		say   []string
		not   []string
	}{
		// Leaves are counted: TestPlain, Parent/a, Parent/b/c, ParentSkips/a and
		// one seed pass; TestSkipped and TestParentSkips are skipped.
		{"./good", count{5, 0, 2}, false, []string{"ok  \tsample/good"}, []string{"hidden", "=== ", "\nPASS"}},
		// Parent/bad and TestPlain fail, and TestOwn although its subtest passes.
		{"./bad", count{2, 3, 0}, true,
			[]string{"--- FAIL: TestPlain", "plain reason", "--- FAIL: TestParent (", "about the parent", "--- FAIL: TestParent/bad", "sub reason", "own reason", "FAIL\tsample/bad"},
			[]string{"hidden log", "=== "}},
		{"./panics", count{0, 1, 0}, true, []string{"--- FAIL: TestPanic", "panic reason", "goroutine ", "FAIL\tsample/panics"}, nil},
		{"./exits", count{1, 1, 0}, true, []string{"exit reason", "FAIL\tsample/exits"}, nil},
		{"./main", count{0, 1, 0}, true, []string{"main reason", "FAIL\tsample/main"}, nil},
		{"./broken", count{0, 1, 0}, true, []string{"compiler reason", "FAIL\tsample/broken [build failed]"}, nil},
		{"./none", count{0, 0, 0}, false, []string{"?   \tsample/none\t[no test files]"}, nil},
		{"./missing", count{0, 1, 0}, true, []string{"FAIL\t./missing [setup failed]"}, nil},
	}
	root := writeSample(t)
	for _, c := range cases {
		t.Run(strings.TrimPrefix(c.pkg, "./"), func(t *testing.T) {
			var said strings.Builder
			seen := newReport(&said)
			err := goTest(t.Context(), root, goEnviron(), []string{"test", "-json", c.pkg}, seen)
			if (err != nil) != c.fails {
				t.Errorf("error %v, want one: %v", err, c.fails)
			}
			if seen.count != c.want {
				t.Errorf("%v, want %v", seen.count, c.want)
			}
			for _, want := range c.say {
				if !strings.Contains(said.String(), want) {
					t.Errorf("does not say %q", want)
				}
			}
			for _, not := range c.not {
				if strings.Contains(said.String(), not) {
					t.Errorf("says %q", not)
				}
			}
			if t.Failed() {
				t.Log(said.String())
			}
		})
	}
}

func TestFuzzTargetsAreThoseThatGoTestWouldRun(t *testing.T) {
	targets, err := fuzzTargets(writeSample(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(targets) != 1 || targets[0] != (fuzzTarget{"./good", "FuzzSeed"}) {
		t.Errorf("found %v", targets)
	}
}

func TestFormattedNamesTheFile(t *testing.T) {
	root := writeSample(t)
	err := formatted(root)
	if err == nil || !strings.Contains(err.Error(), "good/unformatted_test.go") || strings.Contains(err.Error(), "hidden") {
		t.Errorf("error: %v", err)
	}
}

// The exit status of the go command reaches the shell through the task.
func TestExitedKeepsTheStatus(t *testing.T) {
	if err := exited(exec.Command("go", "nonsense").Run()); err != status(2) {
		t.Errorf("%v", err)
	}
	if err := exited(nil); err != nil {
		t.Errorf("%v", err)
	}
}
