package artifact_test

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rescind/internal/artifact"
)

func file(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSameContentsAreTheSameZip(t *testing.T) {
	var zips [][]byte
	for n := range 2 {
		dir := t.TempDir()
		program := file(t, filepath.Join(dir, "bootstrap"), strings.Repeat("a program ", 5000))
		text := file(t, filepath.Join(dir, "LICENSE"), "a licence")
		when := time.Now().Add(-time.Duration(n) * 1000 * time.Hour)
		if err := os.Chtimes(program, when, when); err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(dir, "new", "a.zip")
		size, err := artifact.Zip(program, to, text)
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if size != int64(len(content)) || size == 0 || size > 5000 {
			t.Errorf("size %d of %d bytes", size, len(content))
		}
		zips = append(zips, content)
	}
	if !bytes.Equal(zips[0], zips[1]) {
		t.Error("two zips of the same contents differ")
	}
	z, err := zip.NewReader(bytes.NewReader(zips[0]), int64(len(zips[0])))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Mode().String()+" "+f.Name)
		if f.Modified.Year() != 1980 {
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
	}
	if !slices.Equal(names, []string{"-rwxr-xr-x bootstrap", "-rw-r--r-- LICENSE"}) {
		t.Errorf("the zip holds %q", names)
	}
	r, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if content, err := io.ReadAll(r); err != nil || string(content) != strings.Repeat("a program ", 5000) {
		t.Errorf("bootstrap has %d bytes, %v", len(content), err)
	}
}

func TestAZipThatFailsLeavesNoFile(t *testing.T) {
	to := filepath.Join(t.TempDir(), "a.zip")
	if _, err := artifact.Zip(filepath.Join(t.TempDir(), "nothing"), to); err == nil {
		t.Fatal("no error")
	}
	if _, err := os.Stat(to); !os.IsNotExist(err) {
		t.Errorf("the zip is there: %v", err)
	}
}

func TestFunctionIsForLambda(t *testing.T) {
	names, err := artifact.Functions()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"token", "revocation", "introspection", "metadata"} {
		if !slices.Contains(names, name) {
			t.Errorf("the functions are %q", names)
		}
	}
	program, err := artifact.Function(t.Context(), "metadata", "arm64", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	for key, want := range map[string]string{
		"GOOS": "linux", "GOARCH": "arm64", "CGO_ENABLED": "0", "-trimpath": "true", "-tags": "lambda.norpc", "vcs.revision": "",
	} {
		if settings[key] != want {
			t.Errorf("%s is %q, not %q", key, settings[key], want)
		}
	}
	if info.Path != "rescind/functions/metadata" || filepath.Base(program) != "bootstrap" {
		t.Errorf("%s is %s", program, info.Path)
	}
}

func TestWhatCannotBeBuiltIsSaid(t *testing.T) {
	for _, c := range []struct{ name, arch, says string }{
		{"token", "mips", "arm64 or x86_64"},
		{"nosuch", "arm64", "see functions/"},
		{"../cmd/rescind", "arm64", "see functions/"},
	} {
		if _, err := artifact.Function(t.Context(), c.name, c.arch, t.TempDir()); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s for %s: %v", c.name, c.arch, err)
		}
	}
}
