package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"rescind/cmd/rescind/census"
	"rescind/shared/audit"
	"rescind/shared/audit/trail"
	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

func (w *world) trailFile() string { return strings.TrimPrefix(w.store, "sqlite:") + trailSuffix }

// A server's events and the operator's are in one trail, and in the numbers.
func TestStatsCountWhatAServerAndTheOperatorDid(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	c := w.confidential()
	s := launch(t, w.store)
	var value string
	for range 3 {
		value = s.token(c)
	}
	s.post("/o/revoke_token/", c.form("token", value)...)
	s.post("/o/token/", "grant_type", "client_credentials", "client_id", c.id, "client_secret", "wrong")
	w.ok("grant", "create", "--client", "phone", "--subject", "alice")
	if s.stop(os.Interrupt) != exitOK {
		t.Error("not a clean stop")
	}
	if info, err := os.Stat(w.trailFile()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	v := w.json("stats")
	total := v["trail"].(map[string]any)["total"].(map[string]any)
	for name, want := range map[string]float64{"issues": 4, "revocations": 1, "refusals": 1, "changes": 2, "outages": 0} {
		if total[name] != want {
			t.Errorf("%s: %v, not %v", name, total[name], want)
		}
	}
	grants := v["grants"].(map[string]any)
	if grants["alive"] != 3.0 || grants["ended"].(map[string]any)["revoked"] != 1.0 || grants["by_client"].(map[string]any)[c.id] != 2.0 {
		t.Errorf("%v", grants)
	}
	out := w.ok("stats", "--top", "1")
	expect(t, out, "Grants alive: 3 (and 1 that ended", "HOUR", "ISSUED", c.id, "and 2 more", "1 Client authentication failed.")
	if table, _, _ := strings.Cut(out, "CHANGES"); strings.Contains(table, "phone ") {
		t.Error("more clients than asked for")
	}
}

// The log's line and the trail's are the same bytes.
func TestTheTrailHoldsTheLogsLines(t *testing.T) {
	w := newWorld(t)
	o := w.try("client", "create", "--name", "n")
	b, err := os.ReadFile(w.trailFile())
	if err != nil || string(b) != o.stderr || len(b) == 0 {
		t.Errorf("%q, %q, %v", b, o.stderr, err)
	}
}

func TestTheTrailIsWhereItIsSaidToBe(t *testing.T) {
	w := newWorld(t)
	other := strings.TrimPrefix(w.store, "sqlite:") + ".other"
	s := start(t, w.store, "--demo", "--audit-trail", other)
	s.stop(nil)
	if _, err := os.Stat(w.trailFile()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a trail beside the store: %v", err)
	}
	expect(t, w.ok("stats", "--trail", other), "from "+other)
	s = start(t, w.store, "--audit-trail", "off")
	s.stop(nil)
	env := func(name string) string {
		return map[string]string{"RESCIND_AUDIT_TRAIL": other, "RESCIND_STORE": w.store}[name]
	}
	var out, errs bytes.Buffer
	if status := Run(t.Context(), []string{"stats"}, strings.NewReader(""), &out, &errs, env); status != exitOK {
		t.Fatal(errs.String())
	}
	expect(t, out.String(), "from "+other)
	if o := run(t, "", "client", "create", "--name", "n", "--store", w.store+".typo"); o.status == exitOK {
		t.Error("a store that is not there was used")
	}
	if _, err := os.Stat(strings.TrimPrefix(w.store, "sqlite:") + ".typo" + trailSuffix); !errors.Is(err, os.ErrNotExist) {
		t.Error("a wrong path got a trail")
	}
}

func TestATrailThatCannotBeWrittenFailsNothing(t *testing.T) {
	w := newWorld(t)
	c := w.confidential()
	s := start(t, w.store, "--audit-trail", "/nonexistent/trail")
	for range 3 {
		s.token(c)
	}
	s.stop(nil)
	if n := strings.Count(s.stderr.String(), "the audit trail cannot be written"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

func TestStatsSayWhatTheyDoNotKnow(t *testing.T) {
	w := newWorld(t)
	expect(t, w.ok("stats"), "Grants alive: 0", "there is no audit trail")
	expect(t, w.ok("stats", "--trail", "off"), "the audit trail is switched off")
	if v := w.json("stats"); v["trail"] != nil || v["trail_unknown"] == nil {
		t.Errorf("%v", v)
	}
	o := run(t, "", "stats", "--store", "dynamodb:x", "--grants=false")
	expect(t, o.stdout, "Grants alive: not counted", "aws logs tail")
}

// The lines of `aws logs tail`, for a store that nobody needs to reach.
func TestStatsReadLinesFromStandardInput(t *testing.T) {
	now := time.Now().UTC()
	line := "2026-01-01T00:00:00 stream " + string(audit.AppendJSON(nil, audit.Event{Action: audit.Issue, Outcome: "ok", Time: now, ClientID: "app"}))
	o := run(t, "START RequestId\n"+line+line, "stats", "--store", "dynamodb:x", "--grants=false", "--trail", "-")
	expect(t, o.stdout, "from standard input", "app ")
	v := object(t, run(t, line, "stats", "--store", "dynamodb:x", "--grants=false", "--trail", "-", "--json").stdout)
	if v["trail"].(map[string]any)["total"].(map[string]any)["issues"] != 1.0 || v["grants"] != nil {
		t.Errorf("%v", v)
	}
}

func TestWatchWithoutATerminalIsALineOrAnObjectEachInterval(t *testing.T) {
	w := newWorld(t)
	w.phone("phone")
	for _, asJSON := range []bool{false, true} {
		ctx, cancel := context.WithTimeout(t.Context(), 450*time.Millisecond)
		var out, errs screen
		args := w.args([]string{"stats", "--watch", "--every", "100ms"})
		if asJSON {
			args = append(args, "--json")
		}
		if status := Run(ctx, args, strings.NewReader(""), &out, &errs, noEnvironment); status != exitOK {
			t.Errorf("status %d: %s", status, errs.String())
		}
		cancel()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) < 3 {
			t.Errorf("%d lines", len(lines))
		}
		for _, line := range lines {
			if asJSON {
				object(t, line)
			} else {
				expect(t, line, " alive 0; since ")
			}
		}
	}
}

func TestAViewFitsItsWindow(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 30, 0, 0, time.UTC)
	c := trail.NewCollector(now.Add(-47 * time.Hour))
	for i := range 48 * 60 {
		e := audit.Event{Action: audit.Issue, Outcome: "ok", Time: now.Add(-time.Duration(i) * time.Minute), ClientID: fmt.Sprint("client-of-a-very-long-name-indeed-", i%50)}
		if i%7 == 0 {
			e.Action, e.Reason = audit.Refuse, strings.Repeat("why ", i%30)
		}
		c.Add(audit.AppendJSON(nil, e))
	}
	s := c.Summary(now)
	v := statsView{Time: now, Store: "sqlite:s", Trail: &s, Source: strings.Repeat("long/", 30), top: 20,
		Grants: &grantsView{Alive: 12_345_678, ByClient: map[string]int{"a": 1}, At: now}}
	for _, window := range [][2]int{{80, 24}, {40, 10}, {200, 60}, {20, 3}, {1, 1}} {
		lines := v.lines(window[0], window[1])
		if len(lines) > window[1] {
			t.Errorf("%v: %d lines", window, len(lines))
		}
		for _, line := range lines {
			if n := len([]rune(line)); n > window[0] {
				t.Errorf("%v: %d columns: %s", window, n, line)
			}
		}
	}
	text := strings.Join(v.lines(80, 24), "\n")
	expect(t, text, "12,345,678", "01-02 12:00", "all  ", "CLIENT", "REFUSED WHY")
	if n := len(v.lines(0, 0)); n < 48+20 {
		t.Errorf("%d lines where all fit", n)
	}
}

// slowStore takes its time for a walk.
type slowStore struct {
	census.Store
	walks int
}

func (s *slowStore) WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
	s.walks++
	time.Sleep(30 * time.Millisecond)
	return s.Store.WalkGrants(ctx, from, limit)
}

func TestCountingTakesATenthOfTheTime(t *testing.T) {
	db, err := sqlite.Open(t.Context(), privateDir(t)+"/s.db", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	slow := &slowStore{Store: db}
	c := &counter{store: slow, now: time.Now, least: time.Millisecond}
	c.start(t.Context())
	time.Sleep(800 * time.Millisecond)
	c.stop()
	if view, _, err := c.latest(); view == nil || err != nil || slow.walks > 3 {
		t.Errorf("%d walks, %v, %v", slow.walks, view, err)
	}
}

// untilStopped walks once, and then until it is told to stop.
type untilStopped struct {
	census.Store
	walks   int
	walking chan struct{}
}

func (s *untilStopped) WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
	if s.walks++; s.walks == 1 {
		return s.Store.WalkGrants(ctx, from, limit)
	}
	close(s.walking)
	<-ctx.Done()
	return nil, "", ctx.Err()
}

func TestACountThatIsStoppedFailsNothing(t *testing.T) {
	db, err := sqlite.Open(t.Context(), privateDir(t)+"/s.db", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	walker := &untilStopped{Store: db, walking: make(chan struct{})}
	c := &counter{store: walker, now: time.Now, least: time.Millisecond}
	c.start(t.Context())
	<-walker.walking
	c.stop()
	if view, _, err := c.latest(); view == nil || err != nil {
		t.Errorf("%v, %v", view, err)
	}
}

func TestDoctorsReport(t *testing.T) {
	w := newWorld(t)
	out := w.ok("doctor")
	expect(t, out, w.store, "ok      pages: every page", "ok      schema: version ")
	if v := w.json("doctor"); v["wrong"] != 0.0 || len(v["checks"].([]any)) < 10 {
		t.Errorf("%v", v)
	}
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), []string{"doctor", "--store", w.store + ".not", "--json"}, strings.NewReader(""), &stdout, &stderr, noEnvironment)
	var v reportView
	if err := json.Unmarshal(stdout.Bytes(), &v); err != nil || status != exitFailed || v.Wrong != 1 || v.Checks[0].Do == "" {
		t.Errorf("status %d, %v: %s", status, err, stdout.String())
	}
	expect(t, stderr.String(), "something is wrong")
}

func TestDoctorExaminesAServerWithASecretFromStandardInput(t *testing.T) {
	w := newWorld(t)
	c := w.json("client", "create", "--name", "n", "--scopes", "read")
	s := start(t, w.store)
	o := run(t, text(t, c, "client_secret")+"\n", "doctor", "--url", s.url, "--client", text(t, c, "client_id"), "--secret", "-")
	if o.status != exitOK || strings.Contains(o.stdout, ours) {
		t.Errorf("status %d: %s", o.status, o.stdout)
	}
	expect(t, o.stdout, "All is well", "ok      token: issued")
	env := func(name string) string {
		if name == "RESCIND_CLIENT_SECRET" {
			return "wrong"
		}
		return ""
	}
	var stdout, stderr bytes.Buffer
	if status := Run(t.Context(), []string{"doctor", "--url", s.url, "--client", text(t, c, "client_id")}, strings.NewReader(""), &stdout, &stderr, env); status != exitFailed {
		t.Errorf("status %d", status)
	}
	expect(t, stdout.String(), "wrong   token: the client ")
	expect(t, run(t, "", "doctor", "--url", s.url).stdout, "skipped token: no token was issued", "All is well: 11 checks (1 skipped).")
	v := object(t, run(t, "", "doctor", "--url", s.url, "--json").stdout)
	if v["skipped"] != 1.0 || v["wrong"] != 0.0 {
		t.Errorf("%v", v)
	}
	expect(t, run(t, "", "doctor", "--help").stdout, "--secret -", "refused attempts")
}
