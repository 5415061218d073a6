package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/internal/testkit/engine"
)

// history is a store in which much was ended after a moment of which there is
// a copy.
type history struct {
	*world
	live, off, deleted, rotated, revoked credentials
	tokens                               []map[string]any // of the live client, from before the moment
	added                                string           // a client that was registered after it, and deleted
	since                                string           // the moment
}

// newHistory does all that an operator does before the moment.
func newHistory(w *world) *history {
	h := &history{world: w}
	for _, c := range []*credentials{&h.live, &h.off, &h.deleted, &h.rotated, &h.revoked} {
		*c = w.confidential()
	}
	for _, subject := range []string{"alice", "bob", "carol", "dora"} {
		h.tokens = append(h.tokens, w.json("grant", "create", "--client", h.live.id, "--subject", subject, "--scopes", "read"))
	}
	for _, c := range []credentials{h.off, h.deleted, h.rotated, h.revoked} {
		w.json("grant", "create", "--client", c.id, "--subject", "emil", "--scopes", "read")
	}
	return h
}

// goOn ends things by every means, after the moment.
func (h *history) goOn() {
	w := h.world
	w.ok("revoke", "--grant", text(w.t, w.grants("alice")[0], "grant_id"), "--reason", "laptop stolen")
	w.okWith(text(w.t, h.tokens[1], "refresh_token"), "revoke", "--token", "-")
	w.ok("revoke", "--subject", "carol")
	w.ok("revoke", "--client", h.revoked.id)
	w.ok("client", "disable", h.off.id)
	w.ok("client", "delete", h.deleted.id)
	w.ok("client", "rotate-secret", h.rotated.id)
	w.ok("client", "rotate-secret", h.rotated.id, "--drop-old")
	h.added = w.confidential().id
	w.ok("client", "delete", h.added)
}

// check serves the restored store: every older grant is dead, and where the
// journal was replayed so is every client and secret that was.
func (h *history) check(restored *world, replayed bool) {
	t := restored.t
	t.Helper()
	for _, subject := range []string{"alice", "bob", "carol", "dora", "emil"} {
		for _, g := range restored.grants(subject) {
			if g["alive"] != false {
				t.Errorf("a grant of %s is alive: %v", subject, g)
			}
		}
	}
	s := start(t, restored.store)
	defer s.stop(nil)
	for i, v := range h.tokens {
		if s.active(h.live, text(t, v, "access_token")) || s.active(h.live, text(t, v, "refresh_token")) {
			t.Errorf("token %d is active", i)
		}
		if status, body := s.post("/o/token/", h.live.form("grant_type", "refresh_token", "refresh_token", text(t, v, "refresh_token"))...); status != http.StatusBadRequest || body["error"] != "invalid_grant" {
			t.Errorf("refreshing token %d: %d %v", i, status, body)
		}
	}
	if !s.active(h.live, s.token(h.live)) {
		t.Error("a new token is not active")
	}
	for what, c := range map[string]credentials{"off": h.off, "deleted": h.deleted, "of a dropped secret": h.rotated} {
		status, body := s.post("/o/token/", c.form("grant_type", "client_credentials")...)
		if (status == http.StatusUnauthorized) != replayed {
			t.Errorf("the client that was %s (replayed: %v): %d %v", what, replayed, status, body["error"])
		}
	}
	for id, state := range map[string]string{h.off.id: "off", h.deleted.id: "deleted", h.added: "deleted", h.live.id: "on", h.rotated.id: "on"} {
		if o := restored.try("client", "show", id, "--json"); replayed && text(t, object(t, o.stdout), "state") != state {
			t.Errorf("client %s is %s", id, o.stdout)
		}
	}
	if o := restored.try("client", "create", "--name", "n", "--scopes", "a", "--id", h.added); replayed == (o.status == exitOK) {
		t.Errorf("the id of a deleted client is made again: %d", o.status)
	}
}

func newFile(t *testing.T) (h *history, backup string) {
	h = newHistory(newWorld(t))
	backup = filepath.Join(privateDir(t), "backup")
	v := h.json("backup", backup)
	if v["grants"] != 8.0 || v["clients"] != 5.0 || v["store"] != h.store || v["bytes"].(float64) <= 0 || v["generation"].(float64) <= 0 {
		t.Errorf("%v", v)
	}
	h.since = text(t, v, "taken_at")
	return h, backup
}

func TestRestoreOfABackupFindsWhatWasEndedSince(t *testing.T) {
	h, backup := newFile(t)
	h.goOn()
	if o := h.try("restore", backup); o.status != exitUsage {
		t.Errorf("without --yes: %d", o.status)
	}
	o := h.try("restore", backup, "--yes", "--json")
	if o.status != exitOK {
		t.Fatal(o.stderr)
	}
	v := object(t, o.stdout)
	if v["previous"] != "read" || v["generation"].(float64) <= 0 || len(v["clients"].([]any)) != 5 {
		t.Errorf("%v", v)
	}
	for _, id := range []string{h.off.id, h.deleted.id, h.rotated.id, h.added, h.revoked.id} {
		expect(t, o.stderr, `"operation":"restore"`, `"client_id":"`+id+`"`)
	}
	expect(t, o.stderr, `"action":"restore","outcome":"ok"`)
	h.check(h.world, true)
	// And back to the store that was, which is a backup now.
	expect(t, h.ok("restore", text(t, v, "aside"), "--yes"), "All its grants have ended", "was read from it")
	h.check(h.world, true)
}

func TestRestoreOverADamagedStoreSaysWhatNobodyKnows(t *testing.T) {
	h, backup := newFile(t)
	h.goOn()
	out := filepath.Join(privateDir(t), "journal")
	expect(t, h.ok("journal", "export", "--since", h.since, "--out", out), "holds what was ended since")
	path := strings.TrimPrefix(h.store, "sqlite:")
	if err := os.WriteFile(path, []byte(strings.Repeat("junk", 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := h.try("client", "list"); o.status != exitFailed {
		t.Error("junk is a store")
	}
	expect(t, h.ok("restore", backup, "--yes"), "cannot be read", "may be on again", "is kept as ", "and is no backup: ", "works")
	h.check(h.world, false)
	expect(t, h.ok("restore", backup, "--replay", out, "--yes"), "is ended again", "disabled, as it was", "rotate-secret")
	h.check(h.world, true)
}

func TestRestoreAcceptReplaysIntoACopiedFile(t *testing.T) {
	h, backup := newFile(t)
	h.goOn()
	out := filepath.Join(privateDir(t), "journal")
	h.ok("journal", "export", "--since", "1h", "--out", out)
	copied := &world{t, "sqlite:" + backup}
	o := copied.try("client", "list")
	expect(t, o.sentence(), "rescind restore "+backup)
	cut := out + ".cut"
	whole, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, whole[:len(whole)-30], 0o600); err != nil {
		t.Fatal(err)
	}
	o = copied.try("restore", "accept", "--yes", "--replay", cut)
	expect(t, o.sentence(), "its end is missing")
	if o := copied.try("client", "list"); o.status != exitFailed {
		t.Error("a cut journal accepted the store")
	}
	if v := copied.json("restore", "accept", "--yes", "--replay", out); v["replayed"] == nil || v["generation"].(float64) <= 0 {
		t.Errorf("%v", v)
	}
	h.check(copied, true)
}

func TestRestoreIsRefusedUnderAServer(t *testing.T) {
	h, backup := newFile(t)
	s := launch(t, h.store)
	for _, args := range [][]string{{"restore", backup, "--yes"}, {"restore", "accept", "--yes"}} {
		o := h.try(args...)
		expect(t, o.sentence(), "a process has this store open", "stop every server")
		expect(t, o.stderr, `"outcome":"refused"`, `"reason":"store_in_use"`)
		if strings.Contains(o.stderr, "ended_all_grants") {
			t.Errorf("a refused restore ended something: %s", o.stderr)
		}
	}
	if g := h.grants("alice")[0]; g["alive"] != true {
		t.Errorf("%v", g)
	}
	expect(t, h.ok("backup", backup, "--force"), " UTC: ")
	for reason, args := range map[string][]string{"backup_unusable": {noBackup(t)}, "journal_unusable": {backup, "--replay", backup}} {
		o := h.try(append([]string{"restore", "--yes"}, args...)...)
		expect(t, o.stderr, `"outcome":"refused"`, `"reason":"`+reason+`"`)
	}
	if status := s.stop(os.Interrupt); status != exitOK {
		t.Errorf("the server ended with %d", status)
	}
	expect(t, h.ok("restore", backup, "--yes"), " UTC (generation", "No server reads that file: delete it once")
}

// noBackup is a file that is no backup.
func noBackup(t *testing.T) string {
	path := filepath.Join(privateDir(t), "other")
	if err := os.WriteFile(path, []byte("nothing of ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What the store in place and the journal both say counts once.
func TestWhatTwoJournalsSayCountsOnce(t *testing.T) {
	h, backup := newFile(t)
	h.goOn()
	file := filepath.Join(privateDir(t), "journal")
	v := h.json("journal", "export", "--since", h.since, "--out", file)
	if v["grants"] != 2.0 || v["subjects"] != 1.0 || v["signed_tokens"] != 0.0 || v["clients"] != 6.0 || v["entries"] != 9.0 {
		t.Errorf("%v", v)
	}
	done := h.json("restore", backup, "--replay", file, "--yes")["replayed"].(map[string]any)
	if done["entries"] != 9.0 || done["grants"] != 2.0 || done["subjects"] != 1.0 || done["clients"] != 6.0 {
		t.Errorf("%v", done)
	}
}

// copyTables does what a point-in-time restore does: other tables, the same items.
func copyTables(t *testing.T, endpoint, from, to string) {
	t.Helper()
	c := engine.Client(t, endpoint)
	for _, suffix := range []string{"-tokens", "-principals"} {
		in := &dynamodb.ScanInput{TableName: aws.String(from + suffix), ConsistentRead: aws.Bool(true)}
		for {
			out, err := c.Scan(t.Context(), in)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range out.Items {
				if _, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(to + suffix), Item: item}); err != nil {
					t.Fatal(err)
				}
			}
			if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
				break
			}
		}
	}
}

func TestRestoreAcceptOverDynamoDB(t *testing.T) {
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	useAWS(t, endpoint)
	prefix := fmt.Sprintf("restore-%d", time.Now().UnixNano())
	live := &world{t, "dynamodb:" + prefix}
	live.ok("store", "create")
	h := newHistory(live)
	restored := map[bool]*world{}
	for _, replayed := range []bool{false, true} {
		name := fmt.Sprintf("%s-%t", prefix, replayed)
		restored[replayed] = &world{t, "dynamodb:" + name}
		restored[replayed].ok("store", "create")
		copyTables(t, endpoint, prefix, name)
	}
	h.goOn()
	out := filepath.Join(privateDir(t), "journal")
	live.ok("journal", "export", "--since", "1h", "--out", out)
	for replayed, w := range restored {
		o := w.try("client", "list")
		expect(t, o.sentence(), "rescind restore accept")
		args := []string{"restore", "accept", "--yes"}
		if replayed {
			args = append(args, "--replay", out)
		}
		if v := w.json(args...); v["generation"].(float64) <= 0 || (v["replayed"] != nil) != replayed {
			t.Errorf("%v", v)
		}
		h.check(w, replayed)
		again := w.json(append(slices.Clone(args), "--json")...) // may be repeated
		if again["generation"] == nil {
			t.Errorf("%v", again)
		}
	}
	if g := live.grants("dora")[0]; g["alive"] != true {
		t.Errorf("the original's grant: %v", g)
	}
}
