package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
)

func TestEveryPageReadsToTheEndOfAList(t *testing.T) {
	for n, calls := range map[int]int{0: 1, 1: 1, 2: 2, 3: 2, 4: 3} {
		w := newWorld(t)
		_, store, _, _ := w.onBroken()
		for i := range n {
			w.phone(fmt.Sprintf("c%d", i))
		}
		seen := 0
		err := everyPage(t.Context(), 2, store.ListClients, clientID, func(page []*client.Client) error { seen += len(page); return nil })
		if err != nil || seen != n || store.Count(broken.ListClients) != calls {
			t.Errorf("%d clients: %d seen in %d pages, %v", n, seen, store.Count(broken.ListClients), err)
		}
	}
}

func TestWordsForAShell(t *testing.T) {
	for s, want := range map[string]string{"alice": "alice", "a@b.c": "a@b.c", "": "''", "a b": "'a b'", "a'b": `'a'\''b'`, "$x": "'$x'", "é": "'é'", "a;b": "'a;b'"} {
		if got := quoted(s); got != want {
			t.Errorf("%q is written %s, not %s", s, got, want)
		}
	}
}

func TestNumbersForPeople(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 12_000: "12,000", 1_234_567: "1,234,567"} {
		if got := grouped(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
	if counted(1, "grant") != "1 grant" || counted(0, "grant") != "0 grants" || counted(10_000, "grant") != "10,000 grants" {
		t.Error("things are miscounted")
	}
}

func TestWhatTakesLongSaysHowFarItIsNowAndThen(t *testing.T) {
	var stderr bytes.Buffer
	a := newApp(strings.NewReader(""), nil, &stderr, noEnvironment)
	now := time.Now()
	a.rules.Now = func() time.Time { return now }
	a.log = a.newLogger()
	progress := a.readsAll("a test")
	expect(t, stderr.String(), "reading the whole table of grants: a test")
	for i, wait := range []time.Duration{0, time.Second, time.Second, time.Second, time.Second} {
		now = now.Add(wait)
		progress(4000 * (i + 1))
	}
	if n := strings.Count(stderr.String(), "grants so far"); n != 2 {
		t.Errorf("%d lines in four seconds", n)
	}
	expect(t, stderr.String(), "read 12,000 grants so far", "read 20,000 grants so far")
}
