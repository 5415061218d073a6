package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/engine"
)

// The commands that page, walk and write many rows, over the other store.
func TestListsCountsAndImportsOverDynamoDB(t *testing.T) {
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	useAWS(t, endpoint)
	w := &world{t, fmt.Sprintf("dynamodb:lists-%d", time.Now().UnixNano())}
	w.ok("store", "create")
	for n, want := range []string{"5 clients: 4 imported; 1 refused.", "5 clients: 4 already there; 1 refused."} {
		if got := w.ok("client", "import", applications, "--scopes", "read", "--skip-bad"); finalLine(got) != want {
			t.Errorf("import %d: %s", n+1, finalLine(got))
		}
	}
	out := w.ok("client", "export", "--with-secret-hashes")
	if got := finalLine(w.okWith(out, "client", "import", "-")); got != "4 clients: 4 already there." {
		t.Errorf("what was exported is not what is there: %s", got)
	}
	w.phone("phone")
	a := newApp(nil, nil, nil, noEnvironment)
	l, err := parseStore(w.store)
	if err != nil {
		t.Fatal(err)
	}
	store, err := a.open(t.Context(), l, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for i := range 95 { // each with a subject of its own: as many keys as one read may have
		fill(t, a, store, 1, "phone", fmt.Sprintf("user-%02d", i))
	}
	fill(t, a, store, 3, "stock", "")
	for args, want := range map[string]int{"--client phone": 95, "--client phone --limit 40": 95, "--client stock": 0, "--client stock --machine": 3, "--subject user-07": 1} {
		if got, _ := w.pages(strings.Fields(args)...); len(got) != want {
			t.Errorf("%s: %d grants, not %d", args, len(got), want)
		}
	}
	for args, want := range map[string]int{"--client phone": 95, "--client stock": 3, "--subject user-07": 1, "--subject nobody": 0} {
		if n, _, _ := wouldEndOf(t, w.json(append([]string{"revoke", "--dry-run"}, strings.Fields(args)...)...)); n != want {
			t.Errorf("%s: %d would end, not %d", args, n, want)
		}
	}
	// Whoever serves these tables learns of it a little later, which the operator is told.
	expect(t, w.ok("restore", "accept", "--yes"), "sees this within 10 s")
}
