package main

import (
	"strings"
	"testing"
	"time"

	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// A subject is whatever an identity provider calls somebody: what a terminal
// would obey is written out, and no width moves another column.
func TestTablesAreSafeToLookAt(t *testing.T) {
	for s, want := range map[string]string{
		"alice": "alice", "Börge 東京": "Börge 東京", "a\x1b[31mb": `a\x1b[31mb`, "a\nb\tc": `a\nb\tc`, "a\u202eb": `a\u202eb`, "a\u200bb": `a\u200bb`,
		"a\xffb": `a\ufffdb`, "\U000e0041": `\U000e0041`, "": "",
	} {
		if got := visible(s); got != want {
			t.Errorf("%q is shown as %q, not %q", s, got, want)
		}
	}
	var b strings.Builder
	writeGrants(&b, []grantView{
		{ID: strings.Repeat("1", 32), ClientID: strings.Repeat("c", 128), Scope: strings.Repeat("s ", 200), Subject: "東\x1b" + strings.Repeat("京", 200), Alive: true},
		{ID: strings.Repeat("2", 32), ClientID: "c", Why: grant.DeadClient},
	})
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if len(lines) != 3 || strings.ContainsRune(b.String(), 0x1b) || !strings.HasSuffix(lines[0], "SUBJECT") || !strings.HasSuffix(lines[2], "-") {
		t.Errorf("%s", b.String())
	}
	for _, line := range lines {
		if n := len([]rune(line)); n > 240 {
			t.Errorf("a line of %d characters", n)
		}
	}
}

func TestGrantShowTellsTheTokensAndTheRefreshes(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	made := w.mint()
	s := start(t, w.store)
	if status, v := s.post("/o/token/", "grant_type", "refresh_token", "client_id", "phone", "refresh_token", text(t, made, "refresh_token")); status != 200 {
		t.Fatalf("%d, %v", status, v)
	}
	id := text(t, w.grants("alice")[0], "grant_id")
	v := w.json("grant", "show", id)
	if len(v["access_tokens"].([]any)) != 2 || v["access_tokens_alive"] != 2.0 || v["refresh_rotations"] != 1.0 || v["refreshed_at"].(float64) < float64(time.Now().Add(-time.Hour).Unix()) {
		t.Errorf("%v", v)
	}
	expect(t, w.ok("grant", "show", id), "replaced 1 time\n", "last refreshed", "2 alive, 2 issued", "access token    from")
	w.ok("client", "create", "--id", "billing", "--name", "billing", "--scopes", "read")
	a, store, _, _ := w.onBroken()
	own := fill(t, a, store, 1, "billing", "")
	expect(t, w.ok("grant", "show", own[0]), "none: it is the client's own")
}

func TestAGrantWithACodeSaysSo(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	a, store, _, _ := w.onBroken()
	rows, err := store.Find(t.Context(), grant.Keys{Clients: []string{"phone"}, Subjects: []string{"alice"}})
	if err != nil {
		t.Fatal(err)
	}
	code, err := a.rules.IssueCode(t.Context(), store, grant.Birth{Client: rows.Clients[0], Generation: rows.Generation, Subject: "alice",
		Epoch: rows.Subjects[0], Scope: oauth.Scope{"read"}, Refresh: true}, grant.CodeRequest{Challenge: strings.Repeat("x", 43)})
	if err != nil {
		t.Fatal(err)
	}
	expect(t, w.ok("grant", "show", code.GrantID().String()), "code", "not redeemed, until", "0 alive, 0 issued")
}
