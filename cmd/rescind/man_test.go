package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePageHoldsEveryCommandFlagAndTopic(t *testing.T) {
	page := run(t, "", "man").stdout
	if again := run(t, "", "man").stdout; again != page {
		t.Error("two pages differ")
	}
	for _, cmd := range tree() {
		if cmd.HasParent() {
			expect(t, page, `.SS "`+escape(cmd.UseLine()))
		}
	}
	for _, one := range topics {
		expect(t, page, escape(one.short))
	}
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "'") {
			t.Errorf("troff takes this for a request: %q", line)
		}
	}
	if !strings.HasPrefix(page, `.TH RESCIND 1 "" "rescind `) {
		t.Errorf("the heading is %q", page[:60])
	}
}

func TestADateComesFromTheEnvironmentOnly(t *testing.T) {
	env := func(name string) string { return map[string]string{"SOURCE_DATE_EPOCH": "1767355200"}[name] }
	var out, errs bytes.Buffer
	if status := Run(t.Context(), []string{"man"}, strings.NewReader(""), &out, &errs, env); status != exitOK {
		t.Fatal(errs.String())
	}
	expect(t, out.String(), `.TH RESCIND 1 "2026-01-02" "`)
	bad := func(string) string { return "yesterday" }
	if status := Run(t.Context(), []string{"man"}, strings.NewReader(""), &out, &errs, bad); status != exitUsage {
		t.Errorf("status %d", status)
	}
}

func TestAPageIsWrittenForEachCommand(t *testing.T) {
	dir := t.TempDir()
	files := object(t, run(t, "", "man", "--dir", dir, "--json").stdout)["files"].([]any)
	for _, cmd := range tree() {
		b, err := os.ReadFile(filepath.Join(dir, "man1", strings.ReplaceAll(cmd.CommandPath(), " ", "-")+".1"))
		if err != nil {
			t.Error(err)
			continue
		}
		expect(t, string(b), ".SH \"NAME\"", escape(cmd.Short), `.SH "SYNOPSIS"`)
	}
	if _, err := os.Stat(filepath.Join(dir, "man7", "rescind-topics.7")); err != nil || len(files) < len(tree()) {
		t.Errorf("%d files, %v", len(files), err)
	}
}

// A formatter, where there is one, finds nothing to complain of.
func TestAFormatterTakesThePage(t *testing.T) {
	for _, line := range [][]string{{"mandoc", "-T", "lint", "-W", "warning"}, {"groff", "-man", "-ww", "-z"}, {"man", "-l", "--warnings", "-"}} {
		if _, err := exec.LookPath(line[0]); err != nil {
			continue
		}
		cmd := exec.Command(line[0], line[1:]...)
		cmd.Stdin = strings.NewReader(run(t, "", "man").stdout)
		cmd.Env = append(os.Environ(), "MANPAGER=cat", "LC_ALL=C.UTF-8")
		var said bytes.Buffer
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil || said.Len() > 0 {
			t.Errorf("%s: %v\n%s", line[0], err, said.String())
		}
		return
	}
	t.Skip("neither mandoc nor groff nor man here")
}
