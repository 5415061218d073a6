package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func TestBackupRefusals(t *testing.T) {
	h, backup := newFile(t)
	path := strings.TrimPrefix(h.store, "sqlite:")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"backup", backup}, "--force"},
		{[]string{"backup", path, "--force"}, "the store itself"},
		{[]string{"backup", filepath.Join(backup, "below")}, "not a directory"},
		{[]string{"restore", path, "--yes"}, "no backup that `rescind backup` made"},
		{[]string{"restore", backup + ".none", "--yes"}, "there is no backup"},
		{[]string{"restore", backup, "--yes", "--replay", backup}, "this is no journal; `rescind journal export` makes one"},
		{[]string{"restore", backup, "--yes", "--replay", "none"}, "reading the journal"},
		{[]string{"journal", "export", "--since", "1h", "--out", backup}, "is there already"},
	} {
		o := h.try(c.args...)
		if o.status != exitFailed {
			t.Errorf("%q: %d", c.args, o.status)
		}
		expect(t, o.sentence(), c.says)
	}
	for _, c := range [][]string{{"restore"}, {"restore", "a", "b"}, {"backup"}, {"journal", "export"}, {"journal", "export", "--since", "soon"},
		{"journal", "export", "--since", "2999-01-01T00:00:00Z"}, {"journal", "export", "--since", "-1h"}, {"journal"}} {
		if o := h.try(c...); o.status != exitUsage {
			t.Errorf("%q: %d %s", c, o.status, o.stderr)
		}
	}
	if o := run(t, "", "restore", backup, "--yes", "--store", "dynamodb:x"); o.status != exitUsage {
		t.Errorf("%d", o.status)
	} else {
		expect(t, o.sentence(), "restore accept --store dynamodb:PREFIX")
	}
	o := run(t, "", "backup", backup, "--store", "dynamodb:x")
	expect(t, o.sentence(), "point-in-time recovery", "x-tokens", "x-principals")
}

func TestJournalOnStandardOutput(t *testing.T) {
	h, _ := newFile(t)
	h.goOn()
	for _, more := range [][]string{nil, {"--json"}} {
		lines := strings.Split(strings.TrimSpace(h.ok(append([]string{"journal", "export", "--since", h.since}, more...)...)), "\n")
		if len(lines) < 8 {
			t.Fatalf("%q", lines)
		}
		for _, line := range lines {
			if !json.Valid([]byte(line)) || strings.Contains(line, ours) {
				t.Errorf("%q", line)
			}
		}
		expect(t, lines[0], `"rescind_journal"`, `"since":"`+h.since)
		expect(t, lines[len(lines)-1], fmt.Sprintf(`{"end":{"entries":%d}}`, len(lines)-2))
	}
}
