package main

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestStoreCreateIsIdempotent(t *testing.T) {
	w := &world{t, "sqlite:" + filepath.Join(privateDir(t), "below", "s.db")}
	expect(t, w.ok("store", "create"), "was made")
	expect(t, w.ok("store", "create"), "is there already")
	if v := w.json("store", "create"); v["created"] != false || v["store"] != w.store {
		t.Errorf("%v", v)
	}
	info, err := os.Stat(strings.TrimPrefix(w.store, "sqlite:"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// A wrong path must not look like an empty store, in which every token is
// unknown and nothing need be revoked.
func TestOnlyServeAndStoreCreateMakeAStore(t *testing.T) {
	for _, cmd := range tree() {
		args := words(cmd)
		switch {
		case cmd.HasSubCommands() || slices.Contains([]string{"serve", "version", "store create", "doctor", "completion", "man", "cost", "authorize"}, strings.Join(args, " ")):
			continue
		}
		path := filepath.Join(privateDir(t), "none.db")
		o := run(t, "junk", append(append(args, complete[strings.Join(args, " ")]...), "--store", "sqlite:"+path)...)
		if o.status != exitFailed {
			t.Errorf("%q: exit status %d: %s", args, o.status, o.stderr)
		}
		expect(t, o.sentence(), "there is no store at "+path, "rescind store create")
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%q made a store", args)
		}
	}
}

// complete is what each command needs on its line.
var complete = map[string][]string{
	"client create": {"--name", "n", "--id", "c1", "--scopes", "read"}, "client list": nil, "client show": {"c1"}, "client update": {"c1", "--name", "m"},
	"client disable": {"c1"}, "client enable": {"c1"}, "client delete": {"c1"}, "client rotate-secret": {"c1"},
	"client import": {"../../shared/registration/testdata/applications.json", "--scopes", "read", "--skip-bad"}, "client export": nil,
	"grant create": {"--client", "c1", "--subject", "s"}, "grant show": {"10000000000000000000000000000000"}, "grant list": {"--subject", "s"},
	"revoke": {"--token", "-"}, "restore accept": {"--yes"}, "backup": {"none"}, "journal export": {"--since", "1h"},
	"completion": {"bash"}, "cost": {"--issues", "1"},
	"user create": {"ann@example.com", "--generate"}, "user list": nil, "user disable": {"ann@example.com"}, "user enable": {"ann@example.com"},
	"user set-password": {"ann@example.com", "--generate"}, "user delete": {"ann@example.com"},
}

func TestFailuresOfOpeningAreOneSentenceAndStatus1(t *testing.T) {
	dir := privateDir(t)
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	below := filepath.Join(file("plain", "text"), "s.db")
	corrupt := file("corrupt", strings.Repeat("not a database at all ", 400))
	copied := filepath.Join(dir, "copied")
	w := newWorld(t)
	b, err := os.ReadFile(strings.TrimPrefix(w.store, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, b, 0o600); err != nil {
		t.Fatal(err)
	}
	newer := file("newer", "")
	makeNewer(t, newer)
	for path, sentence := range map[string]string{
		below: "choose a", corrupt: "is not a database", copied: "rescind restore accept", newer: "made by a newer rescind", dir: "",
	} {
		for _, command := range [][]string{{"serve", "--addr", "127.0.0.1:0", "--demo"}, {"client", "list"}, {"store", "create"}} {
			o := run(t, "", append(slices.Clone(command), "--json", "--store", "sqlite:"+path)...)
			if o.status != exitFailed {
				t.Errorf("%s with %s: exit status %d", command[0], filepath.Base(path), o.status)
			}
			got := text(t, object(t, o.sentence()), "error")
			expect(t, got, sentence)
			if strings.Contains(got, "goroutine") {
				t.Error("a panic")
			}
		}
	}
}

// makeNewer makes a store as a much later program might.
func makeNewer(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`CREATE TABLE meta (one)`, `PRAGMA application_id = 0x72736331`, `PRAGMA user_version = 32767`} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(db.Close(), os.WriteFile(path+"-wal", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func TestRestoreAcceptTakesACopyIntoUse(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.mint()
	b, err := os.ReadFile(strings.TrimPrefix(w.store, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(privateDir(t), "copy.db")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	copied := &world{t, "sqlite:" + path}
	if o := copied.try("restore", "accept"); o.status != exitUsage {
		t.Errorf("accepted without --yes: %d", o.status)
	}
	if o := copied.try("client", "list"); o.status != exitFailed {
		t.Errorf("a copy was opened: %d", o.status)
	}
	v := copied.json("restore", "accept", "--yes")
	if v["generation"].(float64) <= 0 {
		t.Errorf("%v", v)
	}
	expect(t, copied.ok("client", "list"), "phone")
	if g := copied.grants("alice")[0]; g["dead_because"] != "store_restored" {
		t.Errorf("%v", g)
	}
	if g := w.grants("alice")[0]; g["alive"] != true {
		t.Errorf("the original's grant is dead: %v", g)
	}
}

func TestEveryCommandSpeaksJSON(t *testing.T) {
	w := newWorld(t)
	order := []string{"version", "store create", "client create", "client list", "client show", "client update", "client rotate-secret",
		"client disable", "client enable", "client import", "grant list", "revoke", "restore accept", "client delete",
		"user create", "user list", "user disable", "user enable", "user set-password", "user delete",
		"stats", "doctor", "completion", "man", "cost"}
	for _, name := range order {
		v := w.jsonWith("junk", append(strings.Fields(name), complete[name]...)...)
		if len(v) == 0 {
			t.Errorf("%s: an empty object", name)
		}
	}
	elsewhere := []string{"serve", "authorize", "grant create", "grant show", "client export", "backup", "journal export"} // have tests of their own
	for _, cmd := range tree() {
		if name := strings.Join(words(cmd), " "); !cmd.HasSubCommands() && !slices.Contains(order, name) && !slices.Contains(elsewhere, name) {
			t.Errorf("%s was not tried with --json", name)
		}
	}
}

func TestEnvironmentNamesTheStore(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	env := func(name string) string { return map[string]string{"RESCIND_STORE": w.store}[name] }
	var out, errs strings.Builder
	if status := Run(t.Context(), []string{"client", "list"}, strings.NewReader(""), &out, &errs, env); status != exitOK {
		t.Fatalf("exit status %d: %s", status, errs.String())
	}
	expect(t, out.String(), "phone")
}
