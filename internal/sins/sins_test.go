package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

const root = "../.."

func TestEverySinStillHasItsPlace(t *testing.T) {
	if len(sins) < 12 {
		t.Fatalf("only %d sins are listed", len(sins))
	}
	names := map[string]bool{}
	for _, s := range sins {
		b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(s.File)))
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		if n := bytes.Count(b, []byte(s.Find)); n != 1 {
			t.Errorf("%s: its place stands %d times in %s, not once", s.Name, n, s.File)
		}
		if s.Find == s.Replace || names[s.Name] || len(s.Packages) == 0 {
			t.Errorf("%s: a sin changes something, has a name of its own, and names the packages that should notice", s.Name)
		}
		names[s.Name] = true
	}
}

func TestThePageListsEverySin(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(root, "docs", "planted-sins.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != renderPage() {
		t.Error("docs/planted-sins.md is not what is listed; write it anew: go run ./internal/sins --page > docs/planted-sins.md")
	}
}
