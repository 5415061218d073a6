package main

import (
	"strings"
	"testing"
)

func TestRevokeByToken(t *testing.T) {
	for _, kind := range []string{"access_token", "refresh_token"} {
		for _, end := range []string{"", "\n", "\r\n"} {
			w := newWorld(t)
			w.phone("phone")
			value := text(t, w.mint(), kind) + end
			id := text(t, w.grants("alice")[0], "grant_id")
			o := run(t, value, w.args([]string{"revoke", "--token", "-", "--reason", "stolen"})...)
			if o.status != exitOK {
				t.Fatalf("%s: %s", kind, o.stderr)
			}
			expect(t, o.stdout, "Grant "+id+" has ended")
			expect(t, o.stderr, `"token_kind":"`+kind+`"`, `"client_id":"phone"`, `"subject":"alice"`, id, `"reason":"stolen"`, `"source":"operator"`)
			expect(t, w.okWith(value, "revoke", "--token", "-"), "had ended already", "(stolen)")
			if g := w.json("grant", "show", id); g["dead_because"] != "revoked" {
				t.Errorf("%v", g)
			}
		}
	}
}

func TestRevokeTokenJSON(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	value := text(t, w.mint(), "refresh_token")
	first := w.jsonWith(value, "revoke", "--token", "-")
	if first["ended"] != "grant" || first["reason"] != "operator" || first["revoked_at"] == nil {
		t.Errorf("%v", first)
	}
	second := w.jsonWith(value, "revoke", "--token", "-", "--reason", "later")
	if second["ended"] != "nothing" || second["why"] != "already_revoked" || second["reason"] != "operator" ||
		second["revoked_at"] != first["revoked_at"] || second["grant_id"] != first["grant_id"] {
		t.Errorf("%v after %v", second, first)
	}
}

func TestUnknownTokenIsNoFailure(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	value := text(t, w.mint(), "access_token")
	elsewhere := newWorld(t)
	elsewhere.phone("phone")
	for _, unknown := range []string{"junk", "rsc_at_junk", value[:len(value)-1], value + "\n"} {
		expect(t, elsewhere.okWith(unknown, "revoke", "--token", "-"), "Nothing was ended", "knows no such token")
		if v := elsewhere.jsonWith(unknown, "revoke", "--token", "-"); v["ended"] != "nothing" || v["why"] != "unknown" {
			t.Errorf("%v", v)
		}
	}
	if w.grants("alice")[0]["alive"] != true {
		t.Error("a grant of another store has ended")
	}
}

// A token whose grant id is right and whose secret is not ends nothing: the id
// is in logs.
func TestForgedTokenEndsNothing(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.mint()
	g := w.grants("alice")[0]
	expect(t, w.okWith(forge(t, text(t, g, "grant_id")), "revoke", "--token", "-"), "knows no such token")
	if w.grants("alice")[0]["alive"] != true {
		t.Error("anybody's junk ended a grant")
	}
}

func TestStdinOfMoreThanOneTokenIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, stdin := range []string{"a\nb", "a\n\n", strings.Repeat("x", tokenRoom+1)} {
		if o := run(t, stdin, w.args([]string{"revoke", "--token", "-"})...); o.status != exitUsage {
			t.Errorf("exit status %d", o.status)
		}
	}
}

func TestRevokeGrantSubjectAndClient(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.mint()
	id := text(t, w.grants("alice")[0], "grant_id")
	o := w.try("revoke", "--grant", id, "--json")
	if v := object(t, o.stdout); v["ended"] != "grant" || v["grant_id"] != id {
		t.Errorf("%v", v)
	}
	expect(t, o.stderr, `"client_id":"phone"`, `"subject":"alice"`, id)
	expect(t, w.try("revoke", "--client", "nosuch", "--reason", "mine").stderr, `"outcome":"refused"`, `"reason":"unknown_client"`)
	expect(t, w.ok("revoke", "--grant", id), "Nothing was changed", "had ended already")
	unknown := "10000000000000000000000000000000"
	expect(t, w.ok("revoke", "--grant", unknown), "Nothing was ended", unknown)
	if v := w.json("revoke", "--grant", unknown); v["why"] != "unknown" {
		t.Errorf("%v", v)
	}
	for _, row := range [][3]string{{"--subject", "alice", "sub"}, {"--client", "phone", "client_id"}} {
		first, second := w.json("revoke", row[0], row[1]), w.json("revoke", row[0], row[1])
		if first[row[2]] != row[1] || first["ended"] != strings.TrimPrefix(row[0], "--") {
			t.Errorf("%v", first)
		}
		if second["epoch"].(float64) <= first["epoch"].(float64) {
			t.Errorf("the epoch went from %v to %v", first["epoch"], second["epoch"])
		}
		expect(t, w.ok("revoke", row[0], row[1]), "All grants of", row[1], "have ended", "epoch")
	}
	w.mint()
	last := w.grants("alice")
	alive := 0
	for _, g := range last {
		if g["alive"] == true {
			alive++
		}
	}
	if alive != 1 {
		t.Errorf("%d of %d grants are alive; the one made after the revocations should be", alive, len(last))
	}
}

// Every change and revocation is in the audit, with who and what, and by whom.
func TestAuditOfEveryChange(t *testing.T) {
	w := newWorld(t)
	for _, row := range [][]string{
		{"client create", "client", "--name", "n", "--id", "phone", "--type", "public", "--scopes", "read"},
		{"client update", "client", "phone", "--name", "m"},
		{"grant create", "issue", "--client", "phone", "--subject", "alice"},
		{"revoke", "revoke", "--subject", "alice"},
		{"revoke", "revoke", "--client", "phone"},
		{"revoke", "revoke", "--grant", "10000000000000000000000000000000"},
		{"client disable", "client", "phone"},
		{"client enable", "client", "phone"},
		{"client delete", "client", "phone"},
		{"restore accept", "restore", "--yes"},
	} {
		o := w.try(append(strings.Fields(row[0]), row[2:]...)...)
		lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
		if len(lines) != 1 {
			t.Errorf("%s: %d lines on stderr", row[0], len(lines))
			continue
		}
		e := object(t, lines[0])
		if e["msg"] != "audit" || e["operation"] != row[0] || e["action"] != row[1] || e["outcome"] != "ok" || e["source"] != "operator" {
			t.Errorf("%s: %v", row[0], e)
		}
	}
}

func TestRevokingAUserWithoutGrantsSaysSo(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	w.mint()
	if got := w.ok("revoke", "--subject", "alicee"); !strings.Contains(got, "lists no grant of that user") {
		t.Errorf("a mistyped user: %s", got)
	}
	if got := w.ok("revoke", "--subject", "alice"); strings.Contains(got, "lists no grant") {
		t.Errorf("a user with grants: %s", got)
	}
	if o := run(t, "", w.args([]string{"revoke", "--subject", "alice "})...); o.status != exitUsage {
		t.Errorf("a name that ends with a space: status %d: %s", o.status, o.stderr)
	}
}
