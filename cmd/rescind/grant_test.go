package main

import (
	"strings"
	"testing"
)

// mint makes a grant of client phone for alice and gives its token response.
func (w *world) mint() map[string]any {
	w.t.Helper()
	return w.json("grant", "create", "--client", "phone", "--subject", "alice", "--scopes", "read")
}

// grants lists a subject's grants.
func (w *world) grants(subject string) []map[string]any {
	w.t.Helper()
	var all []map[string]any
	for _, g := range w.json("grant", "list", "--subject", subject)["grants"].([]any) {
		all = append(all, g.(map[string]any))
	}
	return all
}

func TestGrantCreatePrintsATokenResponseEitherWay(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	asJSON := w.mint()
	asText := object(t, w.ok("grant", "create", "--client", "phone", "--subject", "alice"))
	for _, v := range []map[string]any{asJSON, asText} {
		if !strings.HasPrefix(text(t, v, "access_token"), "rsc_at_") || !strings.HasPrefix(text(t, v, "refresh_token"), "rsc_rt_") {
			t.Error("not both tokens")
		}
		if v["token_type"] != "Bearer" || v["expires_in"] != 3600.0 || v["scope"] != "read" || len(v) != 5 {
			t.Errorf("not a token response with the default scope: %d members, scope %v", len(v), v["scope"])
		}
	}
}

func TestGrantCreateRefuses(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.ok("client", "create", "--name", "n", "--id", "bare", "--type", "public")
	w.ok("client", "create", "--name", "n", "--id", "norefresh", "--scopes", "read")
	w.phone("off")
	w.ok("client", "disable", "off")
	w.phone("gone")
	w.ok("client", "delete", "gone")
	for _, row := range []struct {
		client, scopes, sentence string
		status                   int
	}{
		{"phone", "read admin", "ask for less", exitUsage},
		{"phone", "read  write", "single spaces", exitUsage},
		{"bare", "", "has no default scopes", exitUsage},
		{"norefresh", "read", "--grant-types client_credentials,refresh_token", exitFailed},
		{"off", "read", "rescind client enable off", exitFailed},
		{"gone", "read", "was deleted", exitFailed},
	} {
		o := w.try("grant", "create", "--client", row.client, "--subject", "alice", "--scopes", row.scopes)
		if o.status != row.status {
			t.Errorf("%s %q: exit status %d", row.client, row.scopes, o.status)
		}
		expect(t, o.sentence(), row.sentence)
	}
	if n := len(w.grants("alice")); n != 0 {
		t.Errorf("%d grants were made", n)
	}
}

func TestGrantShowAndList(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.mint()
	all := w.grants("alice")
	if len(all) != 1 {
		t.Fatalf("%d grants", len(all))
	}
	g := all[0]
	if g["alive"] != true || g["client_id"] != "phone" || g["sub"] != "alice" || g["scope"] != "read" || g["access_tokens_alive"] != 1.0 {
		t.Errorf("%v", g)
	}
	id := text(t, g, "grant_id")
	shown := w.json("grant", "show", id)
	if shown["grant_id"] != id || shown["alive"] != true {
		t.Errorf("%v", shown)
	}
	expect(t, w.ok("grant", "show", id), id, "alive", "alice", "1 alive, 1 issued", "replaced 0 times")
	expect(t, w.ok("grant", "list", "--subject", "alice"), "GRANT_ID", id, "alive")
	if len(w.grants("bob")) != 0 {
		t.Error("bob has alice's grant")
	}
	if strings.Contains(w.ok("grant", "show", id, "--json"), ours) {
		t.Error("a token is shown again")
	}
}

func TestUnknownGrantIsStatus1(t *testing.T) {
	o := newWorld(t).try("grant", "show", "10000000000000000000000000000000")
	if o.status != exitFailed {
		t.Errorf("exit status %d", o.status)
	}
	expect(t, o.sentence(), "there is no grant", "rescind grant list")
}

func TestDeadGrantsSayWhy(t *testing.T) {
	for why, end := range map[string]func(w *world, id string){
		"revoked":               func(w *world, id string) { w.ok("revoke", "--grant", id, "--reason", "a test") },
		"client_revoked":        func(w *world, _ string) { w.ok("revoke", "--client", "phone") },
		"subject_revoked":       func(w *world, _ string) { w.ok("revoke", "--subject", "alice") },
		"client_off_or_deleted": func(w *world, _ string) { w.ok("client", "disable", "phone") },
		"store_restored":        func(w *world, _ string) { w.ok("restore", "accept", "--yes") },
	} {
		w := newWorld(t)
		w.phone("phone")
		w.mint()
		id := text(t, w.grants("alice")[0], "grant_id")
		end(w, id)
		g := w.json("grant", "show", id)
		if g["alive"] != false || g["dead_because"] != why || g["access_tokens_alive"] != 0.0 {
			t.Errorf("%s: %v", why, g)
		}
		expect(t, w.ok("grant", "list", "--subject", "alice"), "dead: "+why)
		expect(t, w.ok("grant", "show", id), "dead: "+why)
		if why == "revoked" && (g["revoked_reason"] != "a test" || g["revoked_at"] == nil) {
			t.Errorf("%v", g)
		}
		if why == "client_off_or_deleted" {
			w.ok("client", "enable", "phone")
			if g := w.json("grant", "show", id); g["dead_because"] != "client_revoked" {
				t.Errorf("switching on revived a grant: %v", g)
			}
		}
	}
}

func TestGrantListPages(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	for range grantPage + 2 {
		w.mint()
	}
	seen := map[any]bool{}
	for _, g := range w.grants("alice") {
		seen[g["grant_id"]] = true
	}
	if len(seen) != grantPage+2 {
		t.Errorf("%d grants listed", len(seen))
	}
}
