package main

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

const good = `{"name":"x","language":"go","package":"example.com/x","paths":{"token":"/t","introspection":"/i","revocation":"/r"},
	"seed":["{bin}/x"],"variants":[{"serve":["{bin}/x"],"durable":true,"durability":"file","setup":"one"}]}`

// TestThePeersHere reads the real folders.
func TestThePeersHere(t *testing.T) {
	peers, err := readPeers(os.DirFS("peers"))
	if err != nil {
		t.Fatal(err)
	}
	languages := map[string]bool{}
	for _, p := range peers {
		languages[p.Language] = true
		if p.Version == "" || len(p.Notes) == 0 {
			t.Errorf("%s: version %q, %d notes", p.Name, p.Version, len(p.Notes))
		}
		if _, err := os.Stat("peers/" + p.Name + "/package-lock.json"); err == nil {
			t.Errorf("%s holds a lock file, which names a registry", p.Name)
		}
	}
	if len(peers) < 4 || len(languages) != 3 {
		t.Errorf("%d peers in %d languages", len(peers), len(languages))
	}
	names := map[string]bool{}
	for _, row := range rows(peers) {
		if names[row.Name] {
			t.Errorf("two rows are called %s", row.Name)
		}
		names[row.Name] = true
	}
}

func TestParsePeer(t *testing.T) {
	if _, err := parsePeer("x", []byte(good)); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"is":               {`"name":"x"`, `"name":"y"`},
		"none of go":       {`"language":"go"`, `"language":"cobol"`},
		"needs a package":  {`"package":"example.com/x"`, `"package":""`},
		"begin with":       {`"/i"`, `"i"`},
		"needs serve":      {`"durability":"file"`, `"durability":""`},
		"unknown field":    {`"seed"`, `"sede":1,"seed"`},
		"is no operation":  {`"seed"`, `"missing":{"dance":"no feet"},"seed"`},
		"has no reason":    {`"seed"`, `"missing":{"refresh":""},"seed"`},
		"have the suffix":  {`"setup":"one"}`, `"setup":"one"},{"serve":["x"],"durability":"file","setup":"two"}`},
		"seed command and": {`["{bin}/x"],"variants"`, `[],"variants"`},
	} {
		text := strings.Replace(good, change[0], change[1], 1)
		if text == good {
			t.Fatalf("%q is not there to be changed", change[0])
		}
		if _, err := parsePeer("x", []byte(text)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPinned(t *testing.T) {
	for _, tt := range []struct{ language, name, manifest, want string }{
		{"go", "example.com/x", "module m\n\nrequire (\n\texample.com/x v1.2.3\n\texample.com/xy v9.9.9 // indirect\n)\n", "v1.2.3"},
		{"go", "example.com/x", "require example.com/x v1.2.3\n", "v1.2.3"},
		{"go", "example.com/y", "require example.com/x v1.2.3\n", ""},
		{"node", "x", `{"dependencies":{"x":"1.2.3"}}`, "1.2.3"},
		{"node", "x", `{"dependencies":{"x":"^1.2.3"}}`, ""},
		{"node", "x", `{"dependencies":{}}`, ""},
		{"python", "django-x", "asgiref==3\nDjango-X==1.2.3\n", "1.2.3"},
		{"python", "x", "x>=1.2.3\n", ""},
	} {
		got, err := pinned(tt.language, tt.name, []byte(tt.manifest))
		if got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("%s %s in %q: %q, %v", tt.language, tt.name, tt.manifest, got, err)
		}
	}
}

func TestReadPeersWantsSome(t *testing.T) {
	if _, err := readPeers(fstest.MapFS{}); err == nil {
		t.Error("no peer is no error")
	}
	if _, err := readPeers(fstest.MapFS{"x/peer.json": {Data: []byte(good)}}); err == nil {
		t.Error("a peer without a manifest is no error")
	}
	peers, err := readPeers(fstest.MapFS{"x/peer.json": {Data: []byte(good)}, "x/go.mod": {Data: []byte("require example.com/x v1.0.0\n")}})
	if err != nil || len(peers) != 1 || peers[0].Version != "v1.0.0" {
		t.Errorf("%+v, %v", peers, err)
	}
}

func TestExpandLeavesTheSpecAlone(t *testing.T) {
	command := []string{"{bin}/x", "--here", "{bin}"}
	got := installed{bin: "/opt"}.expand(command)
	if strings.Join(got, " ") != "/opt/x --here /opt" || command[0] != "{bin}/x" {
		t.Errorf("%q from %q", got, command)
	}
}

func TestRuntimeName(t *testing.T) {
	for said, want := range map[string]string{"Python 3.11.7\n": "Python 3.11.7", "v24.21.0\n": "Node 24.21.0"} {
		language := strings.ToLower(strings.Fields(want)[0])
		if got := runtimeName(language, said); got != want {
			t.Errorf("%q: %q", said, got)
		}
	}
}
