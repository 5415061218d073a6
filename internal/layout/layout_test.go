package layout_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rescind/internal/layout"
)

// TestTheTree checks this repository.
func TestTheTree(t *testing.T) {
	breaches, err := layout.Check(os.DirFS("../.."))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range breaches {
		t.Error(b)
	}
}

// TestPlantedBreaches runs every tree of testdata. Its file "found" lists what
// must be found in it, and nothing else may be.
func TestPlantedBreaches(t *testing.T) {
	trees, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	if len(trees) < 15 {
		t.Errorf("there are %d planted trees; some were lost", len(trees))
	}
	for _, tree := range trees {
		t.Run(tree.Name(), func(t *testing.T) {
			dir := filepath.Join("testdata", tree.Name())
			want, err := os.ReadFile(filepath.Join(dir, "found"))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, os.DirFS(dir), lines(string(want)))
		})
	}
}

// TestPlantedTexts are breaches that no file here may hold either.
func TestPlantedTexts(t *testing.T) {
	long := func(n int) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte("// Package x is long.\npackage x\n" + strings.Repeat("\n", n-2))}
	}
	text := func(parts ...string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(strings.Join(parts, ""))} }
	for _, tt := range []struct {
		name string
		tree fstest.MapFS
		want []string
	}{
		{"300 lines", fstest.MapFS{"shared/x/x.go": long(299)}, nil},
		{"more than 300 lines", fstest.MapFS{"shared/x/x.go": long(310)}, []string{"shared/x/x.go:310: more than 300 lines"}},
		{"a machine's path", fstest.MapFS{"docs/x.md": text("see\n", "`/wo", "rk/main`")}, []string{"docs/x.md:2: a path of some machine"}},
		{"a home folder", fstest.MapFS{"x.sh": text("cd /ro", "ot/x")}, []string{"x.sh:1: a path of some machine"}},
		{"another path", fstest.MapFS{"x.sh": text("cd $HOME/ro", "ot/x ./wo", "rk/y https://x/t", "mp/z")}, nil},
		{"a registry", fstest.MapFS{"lock.json": text(`"https://regis`, `try.example.com/x"`)}, []string{"lock.json:1: the address of a package registry"}},
		{"another address", fstest.MapFS{"x.md": text("https://example.com/regis", "try")}, nil},
		{"what is made", fstest.MapFS{"build/x": text("/wo", "rk/x"), ".git/y": text("/wo", "rk/y")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) { compare(t, tt.tree, tt.want) })
	}
}

func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return line == "" })
}

func compare(t *testing.T, tree fs.FS, want []string) {
	t.Helper()
	got, err := layout.Check(tree)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nand should have found\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestABrokenFileIsAnError: what cannot be parsed is not passed over.
func TestABrokenFileIsAnError(t *testing.T) {
	if _, err := layout.Check(fstest.MapFS{"shared/x/x.go": {Data: []byte("pack age x")}}); err == nil {
		t.Error("a file that does not parse is passed over")
	}
	if _, err := layout.Check(os.DirFS(fmt.Sprintf("%s/missing", t.TempDir()))); err == nil {
		t.Error("a missing tree is passed over")
	}
}
