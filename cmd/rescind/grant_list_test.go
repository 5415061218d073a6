package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"rescind/cmd/rescind/census"
	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// fill makes n grants of a client, many at once, which the store syncs
// together; without a subject, its own.
func fill(t *testing.T, a *app, store grant.Store, n int, clientID, subject string) []string {
	t.Helper()
	keys := grant.Keys{Clients: []string{clientID}}
	if subject != "" {
		keys.Subjects = []string{subject}
	}
	rows, err := store.Find(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	b := grant.Birth{Client: rows.Clients[0], Generation: rows.Generation, Subject: subject, Scope: oauth.Scope{"read"}, Refresh: subject != ""}
	if subject != "" {
		b.Epoch = rows.Subjects[0]
	}
	ids := make([]string, n)
	var all errgroup.Group
	all.SetLimit(64)
	for i := range ids {
		all.Go(func() error {
			made, err := a.rules.Issue(t.Context(), store, b)
			ids[i] = made.Grant.String()
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(ids)
	return ids
}

// page is what one command lists: the ids, and the next cursor.
func (w *world) page(args ...string) (ids []string, next string) {
	w.t.Helper()
	v := w.json(append([]string{"grant", "list"}, args...)...)
	for _, g := range v["grants"].([]any) {
		ids = append(ids, text(w.t, g.(map[string]any), "grant_id"))
	}
	next, _ = v["next"].(string)
	return ids, next
}

// pages follows the cursor to the end, and gives how many pages there were.
func (w *world) pages(args ...string) (all []string, n int) {
	w.t.Helper()
	for next := ""; ; {
		line := args
		if next != "" {
			line = append(slices.Clone(args), "--after", next)
		}
		ids, more := w.page(line...)
		all, n = append(all, ids...), n+1
		if more == "" {
			return all, n
		}
		if next = more; n > 100 {
			w.t.Fatal("the pages do not end")
		}
	}
}

func TestGrantsAreListedByPagesOfAUserAndOfAClient(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.phone("tablet")
	a, store, _, _ := w.onBroken()
	alices := fill(t, a, store, 205, "phone", "alice")
	bobs := fill(t, a, store, 2, "phone", "bob")
	fill(t, a, store, 3, "tablet", "bob")
	phones := slices.Sorted(slices.Values(append(slices.Clone(alices), bobs...)))
	for _, row := range []struct {
		args  string
		want  []string
		pages int
	}{
		{"--subject alice", alices, 3}, {"--subject alice --limit 205", alices, 1}, {"--subject alice --limit 204", alices, 2},
		{"--subject alice --limit 41", alices, 5}, {"--subject alice --all", alices, 1}, {"--client phone", phones, 3},
		{"--client phone --all", phones, 1}, {"--client phone --limit 1000", phones, 1}, {"--subject carol", nil, 1},
	} {
		got, n := w.pages(strings.Fields(row.args)...)
		if !slices.Equal(got, row.want) || n != row.pages {
			t.Errorf("%s: %d grants in %d pages, not %d in %d", row.args, len(got), n, len(row.want), row.pages)
		}
	}
	rest, _ := w.page("--subject", "alice", "--all", "--after", alices[199])
	if !slices.Equal(rest, alices[200:]) {
		t.Errorf("%d grants after the 200th", len(rest))
	}
}

func TestTheLastLineIsTheCommandForTheNextPage(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	a, store, _, _ := w.onBroken()
	ids := fill(t, a, store, 3, "phone", "it's bob")
	out := w.ok("grant", "list", "--subject", "it's bob", "--limit", "2")
	want := fmt.Sprintf(`rescind grant list --subject 'it'\''s bob' --limit 2 --store %s --after %s`, w.store, ids[1])
	if got := finalLine(out); got != want {
		t.Errorf("%s\nis not\n%s", got, want)
	}
	expect(t, w.ok("grant", "list", "--client", "phone", "--limit", "1", "--after", ids[0]), "--client phone --limit 1", "--after "+ids[1])
	expect(t, w.ok("grant", "list", "--client", "phone", "--after", ids[2]), "No more grants.")
	if out := w.ok("grant", "list", "--client", "phone"); strings.Contains(out, "--after") {
		t.Errorf("a next page of nothing: %s", out)
	}
}

func finalLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

func TestMachineGrantsAreFoundByReadingAll(t *testing.T) {
	w := newWorld(t)
	w.ok("client", "create", "--id", "billing", "--name", "billing", "--scopes", "read", "--grant-types", "client_credentials,refresh_token")
	w.ok("client", "create", "--id", "other", "--name", "other", "--scopes", "read")
	a, store, _, _ := w.onBroken()
	own := fill(t, a, store, census.WalkPage+7, "billing", "")
	fill(t, a, store, 4, "billing", "alice")
	fill(t, a, store, 5, "other", "")
	for _, args := range []string{"--all", "--limit 10", "--limit 1000"} {
		got, n := w.pages(append(strings.Fields(args), "--client", "billing", "--machine")...)
		slices.Sort(got)
		if !slices.Equal(got, own) {
			t.Errorf("%s: %d grants in %d pages, not %d", args, len(got), n, len(own))
		}
		if many := args == "--limit 10"; many != (n > 1) {
			t.Errorf("%s: %d pages", args, n)
		}
	}
	for after, limit := "", 3; limit < 12; limit += 4 { // exactly that many, and none twice or passed over
		args := []string{"--client", "billing", "--machine", "--limit", fmt.Sprint(limit)}
		if after != "" {
			args = append(args, "--after", after)
		}
		ids, next := w.page(args...)
		if len(ids) != limit || next == "" {
			t.Errorf("--limit %d lists %d grants", limit, len(ids))
		}
		after = next
	}
	o := w.try("grant", "list", "--client", "billing", "--machine", "--limit", "10")
	expect(t, o.stderr, "reading the whole table of grants")
	expect(t, finalLine(o.stdout), "rescind grant list --client billing --machine --limit 10", "--after ")
	expect(t, w.ok("grant", "list", "--client", "other"), "no grants for users", "--machine")
	w.phone("idle")
	expect(t, w.ok("grant", "list", "--client", "idle", "--machine"), "Client idle has no grants of its own.")
	if o := w.try("grant", "list", "--client", "billing"); o.stderr != "" || strings.Count(o.stdout, "billing") != 4 {
		t.Errorf("without --machine: %s, %s", o.stdout, o.stderr)
	}
}

func TestGrantListRefuses(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	for line, sentence := range map[string]string{
		"":                                    "--subject is missing, and so is --client",
		"--subject a --client phone":          "both there",
		"--subject a --machine":               "name it with --client",
		"--client phone --limit 0":            "from 1 to 1000",
		"--client phone --limit 1001":         "from 1 to 1000",
		"--client phone --limit 5 --all":      "contradict",
		"--client phone --after x":            "--after takes",
		"--client rsc_cs_x":                   "looks like a token",
		"--subject rsc_at_x":                  "looks like a token",
		"--client phone --machine --all=what": "invalid argument",
	} {
		o := w.try(append([]string{"grant", "list"}, strings.Fields(line)...)...)
		if o.status != exitUsage {
			t.Errorf("%s: exit status %d", line, o.status)
		}
		expect(t, o.sentence(), sentence)
	}
	for _, line := range []string{"--client nobody", "--client nobody --machine"} {
		o := w.try(append([]string{"grant", "list"}, strings.Fields(line)...)...)
		if o.status != exitFailed {
			t.Errorf("%s: exit status %d", line, o.status)
		}
		expect(t, o.sentence(), "there is no client with this id")
	}
}

func TestACursorOfNoWalkIsAnErrorAndNoList(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	a, store, _, _ := w.onBroken()
	if _, err := a.machineGrants(listFlags{client: "phone", after: "nonsense"})(t.Context(), store); err == nil {
		t.Error("a cursor that no store gave is taken")
	}
}

func TestAnOutageGivesNoPartOfAList(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	a, store, _, _ := w.onBroken()
	fill(t, a, store, 95, "phone", "alice")
	for name, list := range map[string]grantLister{
		"a user's":    a.indexedGrants(listFlags{subject: "alice", all: true}, token.GrantID{}),
		"a client's":  a.indexedGrants(listFlags{client: "phone", all: true}, token.GrantID{}),
		"a machine's": a.machineGrants(listFlags{client: "phone", all: true}),
	} {
		store.Reset()
		if _, err := list(t.Context(), store); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		calls := store.Calls()
		if slices.ContainsFunc(calls, broken.Verb.Writes) {
			t.Errorf("%s: a list writes: %v", name, calls)
		}
		for n := range calls {
			store.Reset()
			store.FailCall(n + 1)
			if _, err := list(t.Context(), store); !errors.Is(err, broken.ErrInjected) {
				t.Errorf("%s with call %d broken: %v", name, n+1, err)
			}
		}
	}
}
