package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rescind/internal/artifact"
	"rescind/internal/explicit/sam"
)

func template(t *testing.T) (text string, functions []string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if functions, err = artifact.Functions(); err != nil {
		t.Fatal(err)
	}
	return string(content), functions
}

func TestThePackagedTemplateNeedsNoGo(t *testing.T) {
	text, functions := template(t)
	for _, processor := range everyProcessor {
		packaged, err := packageTemplate(text, processor, testVersion, functions)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(packaged, "BuildMethod") || strings.Contains(packaged, "CodeUri: .\n") {
			t.Errorf("%s: something is still to be built", processor)
		}
		if strings.Count(packaged, "#") != strings.Count(text, "#") {
			t.Errorf("%s: comments were lost", processor)
		}
		read, err := sam.Read([]byte(packaged))
		if err != nil {
			t.Fatal(err)
		}
		architecture := read.In("Parameters", "Architecture")
		if architecture["Default"] != processor || fmt.Sprint(architecture["AllowedValues"]) != "["+processor+"]" {
			t.Errorf("%s: %v", processor, architecture)
		}
		for _, id := range functionIDs(read) {
			name := strings.ToLower(strings.TrimSuffix(id, "Function"))
			if strings.Count(packaged, "      CodeUri: ./"+name+".zip\n") != 1 {
				t.Errorf("%s: no function, or two, come from %s.zip", processor, name)
			}
		}
		if !strings.Contains(packaged, "rescind "+testVersion) {
			t.Errorf("%s: the version is not in it", processor)
		}
	}
}

// A template that was changed without this package is an error that says where.
func TestATemplateThatIsNotKnownIsRefused(t *testing.T) {
	text, functions := template(t)
	for _, line := range []string{"    CodeUri: .\n", "    AllowedValues: [arm64, x86_64]\n", "    Metadata: {BuildMethod: makefile}\n"} {
		_, err := packageTemplate(strings.Replace(text, line, "", 1), everyProcessor[0], testVersion, functions)
		if err == nil || !strings.Contains(err.Error(), "internal/release") {
			t.Errorf("without %q: %v", line, err)
		}
	}
	others := slices.DeleteFunc(functions, func(name string) bool { return name == "revocation" })
	if _, err := packageTemplate(text, everyProcessor[0], testVersion, others); err == nil || !strings.Contains(err.Error(), "functions/revocation") {
		t.Errorf("a function that is not built: %v", err)
	}
}

func TestAModuleWithoutLicenceIsRefused(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"README.md", "license.go"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no licence"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	if err := appendLicences(&b, "example.com/m v1", dir); err == nil || !strings.Contains(err.Error(), "example.com/m v1") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "LICENCE.txt"), []byte("do as you like"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := appendLicences(&b, "example.com/m v1", dir); err != nil || !strings.Contains(b.String(), "example.com/m v1, LICENCE.txt") || !strings.Contains(b.String(), "do as you like") {
		t.Errorf("%v: %s", err, b.String())
	}
}
