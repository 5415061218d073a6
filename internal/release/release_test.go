package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"rescind/internal/testkit/engine/dynamodblocal"
)

const testVersion = "v0.0.0-test"

// small makes a release of one processor and one system: this one's.
func small(t *testing.T) (*release, []listed) {
	t.Helper()
	root, err := dynamodblocal.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	r := &release{
		root: root, dir: filepath.Join(t.TempDir(), "release"), version: testVersion,
		processors: everyProcessor[:1], systems: []system{{runtime.GOOS, runtime.GOARCH}}, progress: io.Discard,
	}
	files, err := r.make(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r, files
}

// A release as it is made: the sums are right, the command in it says its
// version, no file tells where it was built, and the bill names every module.
func TestARelease(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: it builds all functions")
	}
	r, files := small(t)
	checkSums(t, r.dir, files)
	checkCommand(t, filepath.Join(r.dir, fmt.Sprintf("rescind-%s-%s-%s.zip", testVersion, runtime.GOOS, runtime.GOARCH)))
	checkBill(t, r, files)
	for _, p := range r.programs {
		for _, content := range unzipped(t, filepath.Join(r.dir, filepath.FromSlash(p.path))) {
			if bytes.Contains(content, []byte(r.root+"/")) {
				t.Errorf("%s holds the folder it was built in", p.path)
			}
		}
	}
	bundle := unzipped(t, filepath.Join(r.dir, fmt.Sprintf("rescind-%s-lambda-%s.zip", testVersion, everyProcessor[0])))
	for _, name := range []string{"template.yaml", "samconfig.toml", "token.zip", "revocation.zip", "introspection.zip", "LICENSE", licencesName} {
		if len(bundle[name]) == 0 {
			t.Errorf("the zip file to deploy from lacks %s", name)
		}
	}
}

// checkSums reads SHA256SUMS as sha256sum does, with digests of its own.
func checkSums(t *testing.T, dir string, files []listed) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, sumsName))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) != len(files) || len(files) < 10 {
		t.Fatalf("%d sums of %d files", len(lines), len(files))
	}
	for _, line := range lines {
		digest, path, _ := strings.Cut(line, "  ")
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("%x", sha256.Sum256(content)); digest != want {
			t.Errorf("the sum of %s is %s, not %s", path, digest, want)
		}
	}
}

func unzipped(t *testing.T, path string) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	contents := map[string][]byte{}
	for _, f := range z.File {
		file, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		contents[f.Name] = content
	}
	return contents
}

func checkCommand(t *testing.T, path string) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "rescind")
	if err := os.WriteFile(program, unzipped(t, path)["rescind"], 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), testVersion) {
		t.Errorf("rescind version says %q, %v", out, err)
	}
}

// checkBill reads the bill as any JSON: the published programs by digest, and
// under each the modules that the go command says are in it.
func checkBill(t *testing.T, r *release, files []listed) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, billName))
	if err != nil {
		t.Fatal(err)
	}
	var b struct {
		SpecVersion, SerialNumber string
		Components                []struct {
			Ref    string `json:"bom-ref"`
			Hashes []struct{ Content string }
		}
		Dependencies []struct {
			Ref       string
			DependsOn []string
		}
	}
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	if b.SpecVersion != "1.6" || !strings.HasPrefix(b.SerialNumber, "urn:uuid:") {
		t.Errorf("version %s, serial %s", b.SpecVersion, b.SerialNumber)
	}
	refs, depends := map[string]string{}, map[string]string{}
	for _, c := range b.Components {
		refs[c.Ref] = "-"
		if len(c.Hashes) > 0 {
			refs[c.Ref] = c.Hashes[0].Content
		}
	}
	for _, d := range b.Dependencies {
		depends[d.Ref] = strings.Join(d.DependsOn, " ") + " "
	}
	digests := map[string]string{}
	for _, f := range files {
		digests[f.Path] = f.SHA256
	}
	for _, p := range r.programs {
		if refs[p.path] != digests[p.path] || digests[p.path] == "" {
			t.Errorf("the bill has %q for %s", refs[p.path], p.path)
		}
		if len(p.info.Deps) == 0 {
			t.Errorf("%s has no module", p.path)
		}
		for _, m := range p.info.Deps {
			ref := "pkg:golang/" + m.Path + "@" + m.Version
			if refs[ref] == "" || !strings.Contains(depends[p.path], ref+" ") {
				t.Errorf("the bill lacks %s in %s", ref, p.path)
			}
		}
	}
}

func TestWhatIsNoReleaseIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := clear(dir); err == nil || !strings.Contains(err.Error(), "--output") {
		t.Errorf("%v", err)
	}
	if _, err := os.Stat(mine); err != nil {
		t.Error(err)
	}
	made := filepath.Join(dir, "new", "release")
	for range 2 { // the second time it is one that was cut off
		if err := clear(made); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(made, "old.zip"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := clear(made); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(made, "old.zip")); err == nil {
		t.Error("a file of an earlier release stayed")
	}
}

func TestFlagsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ flag, want string }{
		{"--version=v1 -X main.x=y", "--version"},
		{"--version=../up", "--version"},
		{"--systems=plan9/mips", `"plan9/mips"`},
		{"elsewhere", `"elsewhere"`},
	} {
		var out bytes.Buffer
		err := run(context.Background(), []string{c.flag}, &out, io.Discard)
		if err == nil || !strings.Contains(err.Error(), c.want) || out.Len() > 0 {
			t.Errorf("%s: %v, %s", c.flag, err, out.String())
		}
	}
}

func TestDifferentNamesChangedMissingAndNewFiles(t *testing.T) {
	got := different(
		[]listed{{Path: "same", SHA256: "1"}, {Path: "changed", SHA256: "1"}, {Path: "missing", SHA256: "1"}},
		[]listed{{Path: "same", SHA256: "1"}, {Path: "changed", SHA256: "2"}, {Path: "new", SHA256: "1"}},
	)
	if strings.Join(got, " ") != "changed missing new" {
		t.Errorf("%q", got)
	}
}
