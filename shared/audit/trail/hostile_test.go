package trail

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/shared/audit"
)

// JSON has no such years, so that one line would take the whole answer.
func TestALineOfAnImpossibleYearIsTorn(t *testing.T) {
	for _, at := range []string{"0000-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z", "0001-01-01T00:00:01Z"} {
		if e, is, ok := Parse([]byte(`{"msg":"audit","at":"` + at + `","time":"2026-01-02T12:01:00Z","action":"issue"}`)); !is || ok {
			t.Errorf("%s: %+v", at, e)
		}
	}
}

func TestWhatLooksLikeATokenIsNotShown(t *testing.T) {
	token := "rsc_at_" + strings.Repeat("A", 64)
	e, _, ok := Parse([]byte(line(audit.Event{Action: "x" + audit.Action(token), Time: at(1), ClientID: token, Reason: "by " + token + " it", Source: strings.Repeat("x", maxWord-5) + token})))
	if !ok || e.ClientID != "[redacted]" || e.Reason != "by [redacted] it" || e.Action != "x[redacted]" || strings.Contains(e.Source, "rsc_") {
		t.Errorf("%+v", e)
	}
	c := NewCollector(noon)
	c.Add([]byte(line(audit.Event{Action: audit.Issue, Time: at(1), ClientID: token})))
	if s := c.Summary(at(2)); s.ByClient["[redacted]"].Issues != 1 || len(s.ByClient) != 1 {
		t.Errorf("%v", s.ByClient)
	}
}

func written(t *testing.T, path string) (warning string) {
	t.Helper()
	var said bytes.Buffer
	f := Create(path, Options{Every: time.Hour, Logger: slog.New(slog.NewTextHandler(&said, nil))})
	_, _ = f.Write([]byte("{}\n"))
	_ = f.Close()
	return said.String()
}

func TestATrailIsWrittenToNoFileOfAnothersChoice(t *testing.T) {
	folder := t.TempDir()
	victim := filepath.Join(folder, "victim")
	put(t, victim, "theirs\n")
	link, hard, dangling := filepath.Join(folder, "link"), filepath.Join(folder, "hard"), filepath.Join(folder, "dangling")
	for name, err := range map[string]error{link: os.Symlink(victim, link), hard: os.Link(victim, hard), dangling: os.Symlink(victim+"2", dangling)} {
		if err != nil {
			t.Fatal(err)
		}
		if said := written(t, name); !strings.Contains(said, "cannot be written") {
			t.Errorf("%s: %s", name, said)
		}
	}
	if os.Geteuid() == 0 {
		theirs := filepath.Join(folder, "theirs")
		put(t, theirs, "theirs\n")
		if err := os.Chown(theirs, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if said := written(t, theirs); !strings.Contains(said, "12345") {
			t.Errorf("another's: %s", said)
		}
	}
	if b, err := os.ReadFile(victim); err != nil || string(b) != "theirs\n" {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := os.Lstat(victim + "2"); err == nil {
		t.Error("a file was made where the link points")
	}
}

func TestATrailThatOthersMayReadIsMadePrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	put(t, path, "{}\n")
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if said := written(t, path); said != "" {
		t.Error(said)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}
