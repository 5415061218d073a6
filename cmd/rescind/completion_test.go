package main

import (
	"os/exec"
	"strings"
	"testing"
)

func TestEachShellHasACompletion(t *testing.T) {
	for _, sh := range shells {
		script := run(t, "", "completion", sh.name).stdout
		expect(t, script, "rescind")
		if len(script) < 1000 {
			t.Errorf("%s: %d bytes", sh.name, len(script))
		}
		if path, err := exec.LookPath(sh.name); err == nil && sh.name != "powershell" {
			cmd := exec.Command(path, "-n")
			cmd.Stdin = strings.NewReader(script)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s does not take it: %v %s", sh.name, err, out)
			}
		}
	}
}

func TestClientIDsAreCompletedFromAFileOnly(t *testing.T) {
	w := newWorld(t)
	w.phone("phone-a")
	w.phone("phone-b")
	w.phone("gone")
	w.ok("client", "delete", "gone")
	ask := func(args ...string) string {
		t.Helper()
		o := run(t, "", append([]string{"__complete"}, args...)...)
		return o.stdout
	}
	for _, line := range [][]string{{"client", "show"}, {"client", "disable"}, {"client", "rotate-secret"}, {"revoke", "--client"}, {"grant", "list", "--client"}} {
		got := ask(append([]string{"--store", w.store}, append(line, "ph")...)...)
		expect(t, got, "phone-a\tphone", "phone-b")
		if strings.Contains(got, "gone") {
			t.Errorf("%q: %s", line, got)
		}
	}
	for _, store := range []string{"dynamodb:x", w.store + ".missing"} {
		if got := ask("--store", store, "client", "show", ""); !strings.HasPrefix(got, ":4") {
			t.Errorf("%s: %s", store, got)
		}
	}
	expect(t, run(t, "", "completion", "--help").stdout, "bash-completion")
	expect(t, ask("completion", ""), "bash", "powershell")
	expect(t, ask("help", ""), "leak", "client")
}
