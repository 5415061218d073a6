package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/token"
)

// wouldEndOf reads a dry run's result.
func wouldEndOf(t *testing.T, v map[string]any) (n int, clients map[string]int, dead int) {
	t.Helper()
	if v["dry_run"] != true {
		t.Errorf("no dry run: %v", v)
	}
	clients = map[string]int{}
	for _, c := range v["clients"].([]any) {
		one := c.(map[string]any)
		clients[text(t, one, "client_id")] = int(one["grants"].(float64))
	}
	return int(v["would_end"].(float64)), clients, int(v["already_dead"].(float64))
}

// A dry run counts exactly what the revocation then ends, in all four forms,
// and changes nothing.
func TestADryRunCountsWhatWouldEndAndEndsNothing(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.phone("tablet")
	w.ok("client", "create", "--id", "billing", "--name", "billing", "--scopes", "read", "--grant-types", "client_credentials,refresh_token")
	a, store, _, _ := w.onBroken()
	mine := fill(t, a, store, 5, "phone", "alice")
	fill(t, a, store, 95, "tablet", "alice")
	fill(t, a, store, 2, "billing", "bob")
	fill(t, a, store, 7, "billing", "")
	w.ok("revoke", "--grant", mine[0])
	value := text(t, w.mint(), "access_token")
	for _, row := range []struct {
		stdin, args string
		n, dead     int
		clients     map[string]int
	}{
		{value, "--token -", 1, 0, map[string]int{"phone": 1}},
		{"", "--grant " + mine[1], 1, 0, map[string]int{"phone": 1}},
		{"", "--grant " + mine[0], 0, 1, map[string]int{}},
		{"", "--subject alice", 100, 1, map[string]int{"phone": 5, "tablet": 95}},
		{"", "--client billing", 9, 0, map[string]int{"billing": 9}},
		{"", "--client phone", 5, 1, map[string]int{"phone": 5}},
		{"", "--subject carol", 0, 0, map[string]int{}},
		{"junk", "--token -", 0, 0, map[string]int{}},
		{forge(t, mine[1]), "--token -", 0, 0, map[string]int{}},
		{"", "--grant 10000000000000000000000000000000", 0, 0, map[string]int{}},
	} {
		for range 2 { // the first changed nothing
			o := run(t, row.stdin, w.args(append([]string{"revoke", "--dry-run", "--json"}, strings.Fields(row.args)...))...)
			n, clients, dead := wouldEndOf(t, object(t, o.stdout))
			if n != row.n || dead != row.dead || !maps.Equal(clients, row.clients) {
				t.Errorf("%s: %d would end, %d dead, of %v", row.args, n, dead, clients)
			}
			if strings.Contains(o.stderr, `"audit"`) {
				t.Errorf("%s: a dry run is in the audit: %s", row.args, o.stderr)
			}
			if walks := strings.Contains(row.args, "--client"); walks != strings.Contains(o.stderr, "reading the whole table of grants") {
				t.Errorf("%s: %s", row.args, o.stderr)
			}
		}
	}
	w.ok("revoke", "--subject", "alice")
	if n, _, dead := wouldEndOf(t, w.json("revoke", "--subject", "alice", "--dry-run")); n != 0 || dead != 101 {
		t.Errorf("after the revocation %d would end, %d are dead", n, dead)
	}
}

func TestADryRunSaysItToPeople(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.mint()
	id := text(t, w.grants("alice")[0], "grant_id")
	expect(t, w.ok("revoke", "--grant", id, "--dry-run"), "This would end 1 grant, with all its tokens.\n\nCLIENT_ID  GRANTS\nphone      1\n\nNothing was changed.\n")
	w.mint()
	expect(t, w.ok("revoke", "--client", "phone", "--dry-run"), "This would end 2 grants, with all their tokens.")
	expect(t, w.ok("revoke", "--subject", "alicee", "--dry-run"), "end nothing: this store lists no grant of that user; check the name")
	expect(t, w.okWith("junk", "revoke", "--token", "-", "--dry-run"), "knows no such token", "Nothing was changed.")
	w.ok("revoke", "--grant", id)
	expect(t, w.ok("revoke", "--grant", id, "--dry-run"), "the grant is dead already (revoked)")
	w.ok("client", "disable", "phone")
	expect(t, w.ok("revoke", "--client", "phone", "--dry-run"), "of the 2 grants of that client, none is alive")
	w.phone("idle")
	expect(t, w.ok("revoke", "--client", "idle", "--dry-run"), "the client has no grants")
	if o := w.try("revoke", "--client", "nobody", "--dry-run"); o.status != exitFailed {
		t.Errorf("an unknown client: status %d", o.status)
	}
}

func TestADryRunStopsAtTenThousand(t *testing.T) {
	for n, want := range map[int]string{
		0: "This would end nothing: why\n", 10_000: "This would end 10,000 grants, with all their tokens.",
	} {
		var b strings.Builder
		wouldEndView{WouldEnd: n, why: "why"}.write(&b)
		expect(t, b.String(), want)
	}
	var b strings.Builder
	wouldEndView{WouldEnd: mostCounted, AtLeast: true, Clients: []clientsGrants{{"phone", mostCounted}}}.write(&b)
	expect(t, b.String(), "at least 10,000 grants", "phone      10,000")

	if testing.Short() {
		t.Skip("makes 10,002 grants")
	}
	w := newWorld(t)
	w.phone("phone")
	a, store, stdout, _ := w.onBroken()
	fill(t, a, store, mostCounted+2, "phone", "alice")
	for _, target := range []target{{kind: "client", client: "phone"}, {kind: "subject", subject: "alice"}} {
		stdout.Reset()
		if err := a.previewed(t.Context(), store, target); err != nil {
			t.Fatal(err)
		}
		var v wouldEndView
		if err := json.Unmarshal(stdout.Bytes(), &v); err != nil || v.WouldEnd != mostCounted || !v.AtLeast || v.Clients[0].Grants != mostCounted {
			t.Errorf("%s: %s, %v", target.kind, stdout, err)
		}
	}
}

// In no form, and whichever call fails, does a dry run call a verb that writes.
func TestADryRunCallsNoWrite(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	value, ok := token.Parse(text(t, w.mint(), "refresh_token"))
	if !ok {
		t.Fatal("no token")
	}
	a, store, stdout, stderr := w.onBroken()
	for _, target := range []target{
		{kind: "client", client: "phone"}, {kind: "subject", subject: "alice"}, {kind: "grant", grant: value.GrantID()}, {kind: "token", token: value, isToken: true},
	} {
		store.Reset()
		stdout.Reset()
		if err := a.previewed(t.Context(), store, target); err != nil {
			t.Fatal(err)
		}
		if n, clients, _ := wouldEndOf(t, object(t, stdout.String())); n != 1 || clients["phone"] != 1 {
			t.Errorf("%s: %d would end", target.kind, n)
		}
		calls := store.Calls()
		for n := range calls {
			store.Reset()
			store.FailCall(n + 1)
			stdout.Reset()
			err := a.previewed(t.Context(), store, target)
			if !errors.Is(err, broken.ErrInjected) || stdout.Len() > 0 || !strings.Contains(fmt.Sprint(err), "nothing was changed") {
				t.Errorf("%s with call %d broken: %v, %s", target.kind, n+1, err, stdout)
			}
			if slices.ContainsFunc(store.Calls(), broken.Verb.Writes) {
				t.Errorf("%s: %v", target.kind, store.Calls())
			}
		}
	}
	if strings.Contains(stderr.String(), `"audit"`) {
		t.Errorf("a dry run is in the audit: %s", stderr)
	}
}
