package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"--only", "fosite,oidc-provider-memory", "--seconds", "0.5", "--json"}, io.Discard)
	if err != nil || !o.asJSON || len(o.only) != 2 || o.plan.Duration != 500*time.Millisecond || o.plan.Connections != 32 || o.plan.Grants != 10_000 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, args := range [][]string{{"fosite"}, {"--seconds", "0"}, {"--connections", "0"}, {"--grants", "31"}, {"--cores", "0"}, {"--whatever"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	var help strings.Builder
	if _, err := parse([]string{"--help"}, &help); !errors.Is(err, flag.ErrHelp) || !strings.Contains(help.String(), "-only NAME,...") {
		t.Errorf("%v: %s", err, help.String())
	}
}

func TestWantsAndKnown(t *testing.T) {
	p := Peer{Name: "p", Variants: []Variant{{}, {Suffix: "two"}}}
	for _, tt := range []struct {
		only     string
		one, two bool
	}{{"", true, true}, {"p", true, true}, {"p-two", false, true}, {"other", false, false}} {
		o := options{}
		if tt.only != "" {
			o.only = []string{tt.only}
		}
		if o.wants("p", "p") != tt.one || o.wants("p-two", "p") != tt.two {
			t.Errorf("%q", tt.only)
		}
		if err := known(o.only, []Peer{p}); (err == nil) != (tt.only != "other") {
			t.Errorf("%q: %v", tt.only, err)
		}
	}
}

// TestWhatCannotBeInstalledIsARow: its compiler is asked for a package that is
// not there.
func TestWhatCannotBeInstalledIsARow(t *testing.T) {
	root := t.TempDir()
	source := filepath.Join(root, "internal", "compare", "peers", "x")
	if err := os.MkdirAll(source, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "go.mod"), []byte("module x\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := Peer{Name: "x", Language: "go", Package: "x", Variants: []Variant{{Setup: "s", Durability: "d"}}}
	all := options{plan: plan{progress: io.Discard}}.install(t.Context(), installer{root}, []Peer{p})
	if len(all) != 1 || all[0].open != nil || !strings.Contains(all[0].row.Reason, "could not be installed") || strings.Contains(all[0].row.Reason, root) {
		t.Errorf("%+v", all)
	}
	if _, err := os.Stat(filepath.Join(root, "build", "compare", "x", "install.log")); err != nil {
		t.Error(err)
	}
}

func TestAServerThatDoesNotStartIsAReason(t *testing.T) {
	p := plan{Connections: 1, Grants: 1, Duration: time.Millisecond, progress: io.Discard}
	row := p.run(t.Context(), contender{row: Row{Name: "x"}, open: func(context.Context, site) (*target, error) {
		return nil, errors.New("no port")
	}}, t.TempDir())
	if row.Reason != "no port" || row.Operations != nil {
		t.Errorf("%+v", row)
	}
}

// TestAPeerIsStartedAndEnded runs small shell programs in the place of a peer.
func TestAPeerIsStartedAndEnded(t *testing.T) {
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no shell on this system")
	}
	shell := func(seed, serve string) (Peer, Variant) {
		v := Variant{Serve: []string{"/bin/sh", "-c", serve}, Environ: map[string]string{"COMPARE_WORKERS": "7"}}
		return Peer{Name: "x", Paths: Paths{"/t", "/i", "/r"}, Seed: []string{"/bin/sh", "-c", seed}}, v
	}
	s := site{dir: t.TempDir(), grants: 1}
	p, v := shell("exit 3", "true")
	if _, err := p.start(t.Context(), v, installed{}, s); err == nil || !strings.Contains(err.Error(), "filling its storage") {
		t.Errorf("%v", err)
	}
	p, v = shell(`echo a b > "$COMPARE_TOKENS"`, `echo workers $COMPARE_WORKERS; exit 1`)
	if _, err := p.start(t.Context(), v, installed{}, s); err == nil || !strings.Contains(err.Error(), "it ended at its start: workers 7") {
		t.Errorf("%v", err)
	}
	proc, err := spawn(t.Context(), []string{"/bin/sh", "-c", "sleep 60 & echo ready; wait"}, s.dir, os.Environ(), filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	if err := proc.stop(); err != nil {
		t.Error(err)
	}
	select {
	case <-proc.ended:
	default:
		t.Error("it is there still")
	}
}
