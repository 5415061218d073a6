package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A test that was renamed would silently be run again, which is slow; a name
// that is left out by mistake would be read past.
func TestWhatTheRunLeavesOutIsThere(t *testing.T) {
	list := regexp.MustCompile(`(?m)^alone='\^Test\((.+)\)\$'$`).FindStringSubmatch(read(t, ".ci/run"))
	if list == nil {
		t.Fatal("no list")
	}
	sources := testSources(t)
	for name := range strings.SplitSeq(list[1], "|") {
		if !strings.Contains(sources, "\nfunc Test"+name+"(") {
			t.Errorf("no test is called Test%s", name)
		}
	}
}

// testSources are all test files of the main module, one after the other.
func testSources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := goFiles("../..", func(file string) error {
		if !strings.HasSuffix(file, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(filepath.Join("../..", file))
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
