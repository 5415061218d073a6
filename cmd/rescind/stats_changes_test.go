package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/shared/audit"
	"rescind/shared/audit/trail"
)

// Whoever restored a backup finds in stats which clients were ended since.
func TestStatsListWhichClientsWereDisabledAndDeleted(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"one", "two"} {
		w.phone(id)
	}
	w.ok("client", "disable", "one")
	w.ok("client", "delete", "two")
	out := w.ok("stats")
	expect(t, out, "CHANGES OF CLIENTS AND USERS, AND RESTORES, the newest first:", "client disable", "client delete", "ok, ended_all_grants")
	if _, table, ok := strings.Cut(out, "CHANGES"); !ok || strings.Index(table, "client delete") > strings.Index(table, "client disable") {
		t.Errorf("not the newest first: %s", out)
	}
	if strings.Contains(out, "ALIVE") {
		t.Errorf("clients that did nothing and have nothing are counted: %s", out)
	}
	v := w.json("stats")
	all := v["changes"].([]any)
	newest := all[0].(map[string]any)
	if len(all) != 4 || v["changes_in_all"] != 4.0 || newest["operation"] != "client delete" || newest["client_id"] != "two" || newest["outcome"] != "ok" || newest["time"] == nil {
		t.Errorf("%v", all)
	}
	line := string(audit.AppendJSON(nil, audit.Event{Action: audit.Restore, Outcome: "ok", Operation: "restore", Time: time.Now().UTC()}))
	expect(t, run(t, line, "stats", "--store", "dynamodb:x", "--grants=false", "--trail", "-").stdout, "restore  ", " -  ")
}

// What is new is read, also after the file was put aside, and nothing twice.
func TestChangesAreReadOnceAndTheNewestAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	now := time.Date(2026, 1, 2, 12, 30, 0, 0, time.UTC)
	n := 0
	add := func(end string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		n++
		line := audit.AppendJSON(nil, audit.Event{Action: audit.Client, Outcome: "ok", Operation: "client update", ClientID: fmt.Sprint("c", n), Time: now.Add(time.Duration(n) * time.Second)})
		if _, err := f.WriteString(strings.TrimSuffix(string(line), "\n") + end); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	r := changeReader{path: path}
	look := func(all int, newest string) {
		t.Helper()
		if err := r.read(t.Context()); err != nil {
			t.Fatal(err)
		}
		got, in := r.log.since(now)
		if in != all || len(got) != min(all, mostChanges) || got[0].ClientID != newest {
			t.Errorf("%d changes, not %d; %v", in, all, got)
		}
	}
	add("\n")
	look(1, "c1")
	look(1, "c1")
	add("") // being written
	look(1, "c1")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	look(2, "c2")
	if err := os.Rename(path, path+trail.Older); err != nil {
		t.Fatal(err)
	}
	if err := r.read(t.Context()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
	for range mostChanges {
		add("\n")
	}
	look(mostChanges+2, fmt.Sprint("c", mostChanges+2))
	if got, all := r.log.since(now.Add(time.Hour)); len(got) != 0 || all != 0 {
		t.Errorf("an hour later: %v", got)
	}
	v := statsView{Changes: r.log.newest, ChangesInAll: mostChanges + 2}
	expect(t, v.changeLines()[0], "the newest 20 of 22; the trail has all")
}

func TestStatsRefuseWhatCannotBeMeant(t *testing.T) {
	w := newWorld(t)
	o := w.try("stats", "--trail", filepath.Join(t.TempDir(), "none.jsonl"))
	if o.status != exitFailed {
		t.Errorf("a trail that is not there: status %d: %s", o.status, o.stdout)
	}
	expect(t, o.stderr, "--trail names cannot be read")
	if o = w.try("stats", "--every", "3s"); o.status != exitUsage {
		t.Errorf("--every without --watch: status %d", o.status)
	}
	expect(t, o.stderr, "--every goes with --watch")
}

func TestANarrowWindowKeepsRefusalsAndOutages(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 30, 0, 0, time.UTC)
	c := trail.NewCollector(now)
	for _, a := range []audit.Action{audit.Issue, audit.Refuse, audit.Outage} {
		c.Add(audit.AppendJSON(nil, audit.Event{Action: a, Outcome: "ok", Time: now, ClientID: "client-of-a-very-long-name-indeed"}))
	}
	s := c.Summary(now)
	v := statsView{Time: now, Store: "s", Trail: &s, top: 9}
	for _, width := range []int{0, 120, 80, 70, 60, 50, 40, 30} {
		hours, clients := v.hourLines(width), v.clientLines(width)
		expect(t, hours[1], "REFUSED", "OUTAGES")
		expect(t, clients[0], "CLIENT", "ALIVE", "REFUSED")
		expect(t, clients[1], "client-of-a")
		for _, line := range append(hours[1:], clients...) {
			if n := len([]rune(line)); width > 0 && n > width {
				t.Errorf("%d columns in %d: %s", n, width, line)
			}
		}
		head, bar := strings.Contains(hours[1], "ACTIVITY"), strings.Contains(hours[2], "#")
		if head != bar || (width == 0 || width >= 80) && !bar {
			t.Errorf("at %d columns the bar is there: %v, and its heading: %v", width, bar, head)
		}
	}
}
