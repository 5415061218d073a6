package main

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// A module of its own that the list forgets would be neither tested nor vetted.
// The drivers of other servers are built where those are measured.
func TestOwnModulesAreAll(t *testing.T) {
	var found []string
	err := fs.WalkDir(os.DirFS("../.."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "build" || strings.HasPrefix(path.Base(name), ".") && name != "." || path.Base(name) == "node_modules"):
			return fs.SkipDir
		case path.Base(name) == "go.mod" && name != "go.mod" && !strings.HasPrefix(name, "internal/compare/peers/"):
			found = append(found, path.Dir(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	listed := slices.Sorted(slices.Values(ownModules))
	if slices.Sort(found); !slices.Equal(found, listed) {
		t.Errorf("the tree has the modules %q, the list %q", found, listed)
	}
}
