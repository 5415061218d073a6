package trail

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rescind/shared/audit"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// at is some minutes after noon.
func at(minutes int) time.Time { return noon.Add(time.Duration(minutes) * time.Minute) }

func line(e audit.Event) string { return string(audit.AppendJSON(nil, e)) }

func put(t *testing.T, path string, lines ...string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(strings.Join(lines, "")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestEachEventCountsAsWhatItIs(t *testing.T) {
	c := NewCollector(noon)
	for _, e := range []audit.Event{
		{Action: audit.Issue, Outcome: "ok", Time: at(1), ClientID: "a"},
		{Action: audit.Refresh, Outcome: "ok", Time: at(2), ClientID: "a"},
		{Action: audit.Replay, Outcome: "ok", Time: at(3), ClientID: "a"},
		{Action: audit.Reuse, Outcome: "invalid_grant", Time: at(4), ClientID: "b"},
		{Action: audit.Revoke, Outcome: "ok", Operation: "revocation", Reason: "ended_grant", Time: at(61), ClientID: "b"},
		{Action: audit.Revoke, Outcome: "ok", Operation: "revocation", Reason: "unknown", Time: at(62), ClientID: "b"},
		{Action: audit.Revoke, Outcome: "ok", Operation: "revoke", Reason: "asked", Time: at(63)},
		{Action: audit.Revoke, Outcome: "failed", Operation: "revoke", Time: at(64)},
		{Action: audit.Refuse, Outcome: "invalid_client", Reason: "Client authentication failed.", Time: at(65)},
		{Action: audit.Refuse, Outcome: "invalid_scope", Time: at(65), ClientID: "a"},
		{Action: audit.Outage, Outcome: "temporarily_unavailable", Time: at(66), ClientID: "a"},
		{Action: audit.Client, Outcome: "ok", Time: at(67), ClientID: "c"},
		{Action: audit.Issue, Outcome: "ok", Time: at(-1), ClientID: "before"},
		{Action: audit.Issue, Outcome: "ok", Time: at(300), ClientID: "after"},
	} {
		c.Add([]byte(line(e)))
	}
	c.Add([]byte(`{"time":"2026-01-02T12:00:00Z","level":"INFO","msg":"request"}`))
	c.Add([]byte(`{"time":"2026-01-02T12:00:00Z","level":"INFO","msg":"audit","acti`))
	s := c.Summary(at(70))
	want := Counts{Issues: 1, Refreshes: 1, Replays: 1, Reuse: 1, Revocations: 2, NothingEnded: 1, Refusals: 2, Outages: 2, Changes: 1}
	if s.Total != want || s.Total.Events() != 12 {
		t.Errorf("%+v", s.Total)
	}
	if len(s.Hours) != 2 || s.Hours[0].Events() != 4 || s.Hours[1].Events() != 8 || !s.Hours[1].Start.Equal(at(60)) {
		t.Errorf("%+v", s.Hours)
	}
	if len(s.ByClient) != 4 || s.ByClient["a"] != (Counts{Issues: 1, Refreshes: 1, Replays: 1, Refusals: 1, Outages: 1}) {
		t.Errorf("%+v", s.ByClient)
	}
	if fmt.Sprint(s.Refusals) != "map[Client authentication failed.:1 invalid_scope:1]" {
		t.Errorf("%v", s.Refusals)
	}
	if s.Other != 1 || s.Torn != 1 || !s.First.Equal(at(-1)) {
		t.Errorf("%d other, %d torn, first %v", s.Other, s.Torn, s.First)
	}
	c.Forget(at(60))
	if s = c.Summary(at(70)); len(s.Hours) != 1 || s.Total.Issues != 0 || s.Total.Revocations != 2 {
		t.Errorf("after forgetting: %+v", s)
	}
}

// What `aws logs tail` and `aws logs filter-log-events` print, and a function's own line.
func TestTheEventIsFoundInWhatOtherProgramsMakeOfALine(t *testing.T) {
	own := `{"timestamp":"2026-01-02T12:01:00.5Z","level":"INFO","message":"audit","action":"issue","outcome":"ok","at":"2026-01-02T12:01:00Z","client_id":"app","lambda_request_id":"x"}`
	quoted, err := json.Marshal(own + "\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		own, "  " + own, own + "\r", line(audit.Event{Action: audit.Issue, Outcome: "ok", Time: at(1), ClientID: "app"}),
		"2026-01-02T12:01:01.123000+00:00 2026/01/02/[$LATEST]0123456789 " + own,
		`            "message": ` + string(quoted) + ",", `"message": ` + string(quoted),
	} {
		e, is, ok := Parse([]byte(text))
		if !is || !ok || e.Action != audit.Issue || e.ClientID != "app" || !e.Time.Equal(at(1)) {
			t.Errorf("%q: %v %v %v", text, e, is, ok)
		}
	}
	for text, torn := range map[string]bool{
		"": false, "START RequestId: audit": false, `{"msg":"request","client_id":"audit"}`: false, `"message": "audit`: true,
		`{"msg":"audit"`: true, `{"msg":"audit","time":"now","action":"issue"}`: true, `{"msg":"audit","time":"2026-01-02T12:01:00Z"}`: true,
	} {
		if _, is, ok := Parse([]byte(text)); is != torn || ok == torn {
			t.Errorf("%q: %v %v", text, is, ok)
		}
	}
}

func TestWhatStoodInTheLineIsSafeToShow(t *testing.T) {
	e, _, ok := Parse([]byte(`{"msg":"audit","time":"2026-01-02T12:01:00Z","action":"issue","client_id":"a\u001b[31m\nb","reason":"` + strings.Repeat("x", 5000) + `"}`))
	if !ok || e.ClientID != "a\ufffd[31m\ufffdb" || len(e.Reason) != maxWord {
		t.Errorf("%q, %d bytes", e.ClientID, len(e.Reason))
	}
}

func FuzzAnyLinesAreCountedAndNeverFatal(f *testing.F) {
	f.Add([]byte(line(audit.Event{Action: audit.Issue, Time: at(1), ClientID: "x"})))
	f.Add([]byte("\"message\": \"{\\\"msg\\\":\\\"audit\\\"}\"\n{audit\n\x00audit{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := NewCollector(noon)
		n := 0
		if err := Lines(t.Context(), bytes.NewReader(b), func(line []byte) { n++; c.Add(line) }); err != nil {
			t.Fatal(err)
		}
		s := c.Summary(at(200))
		counted := s.Total.Events() + s.Other + s.Torn
		if counted > n || s.First.IsZero() && counted != n {
			t.Errorf("%d lines, %d counted", n, counted)
		}
	})
}

func TestAReaderGoesOnWhereItWasAndOverToTheNextFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	r := NewReader(path, noon)
	issues := func() int {
		t.Helper()
		s, err := r.Summary(t.Context(), noon, at(59))
		if err != nil {
			t.Fatal(err)
		}
		return s.Total.Issues
	}
	one := line(audit.Event{Action: audit.Issue, Time: at(1)})
	if _, err := r.Summary(t.Context(), noon, at(1)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: %v", err)
	}
	put(t, path, one, one, one[:20])
	if n := issues(); n != 2 {
		t.Errorf("%d issues", n)
	}
	put(t, path, one[20:], one)
	if n := issues(); n != 4 {
		t.Errorf("%d issues after a line got its end", n)
	}
	put(t, path, one)
	if err := os.Rename(path, path+Older); err != nil {
		t.Fatal(err)
	}
	put(t, path, one)
	if n := issues(); n != 6 {
		t.Errorf("%d issues over two files", n)
	}
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	if n := issues(); n != 6 {
		t.Errorf("%d issues after the file was emptied", n)
	}
	if s, err := NewReader(path, noon).Summary(t.Context(), noon, at(59)); err != nil || s.Total.Issues != 5 {
		t.Errorf("a new reader finds %d in both, %v", s.Total.Issues, err)
	}
}

// Of a long file only the newest part is read.
func TestALongFileIsReadFromItsNewestPartOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.jsonl")
	var b bytes.Buffer
	pad := strings.Repeat("x", 250)
	for i := range 40_000 { // a day, some 16 MB
		b.Write(audit.AppendJSON(nil, audit.Event{Action: audit.Issue, Time: noon.Add(time.Duration(i) * 24 * time.Hour / 40_000), Reason: pad}))
	}
	put(t, path, b.String())
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, hours := range []int{0, 1, 6, 23, 30} {
		since := noon.Add(24*time.Hour - time.Duration(hours)*time.Hour)
		start, err := seek(f, int64(b.Len()), since)
		if err != nil {
			t.Fatal(err)
		}
		if unread := float64(start) / float64(b.Len()); unread < 1-float64(hours)/24-0.15 {
			t.Errorf("the last %d hours: only %.0f%% were left out", hours, 100*unread)
		}
		s, err := NewReader(path, since).Summary(t.Context(), since, noon.Add(24*time.Hour))
		if want := min(40_000, hours*40_000/24); err != nil || s.Total.Issues < want-1 || s.Total.Issues > want+1 {
			t.Errorf("the last %d hours: %d issues of %d, %v", hours, s.Total.Issues, want, err)
		}
	}
}

func TestALongLineIsOneLineThatIsNoEvent(t *testing.T) {
	c := NewCollector(noon)
	text := "{audit" + strings.Repeat("x", 3*longestLine) + "\n" + line(audit.Event{Action: audit.Issue, Time: at(1)})
	if err := Lines(t.Context(), strings.NewReader(text), c.Add); err != nil {
		t.Fatal(err)
	}
	if s := c.Summary(at(2)); s.Torn != 1 || s.Other != 0 || s.Total.Issues != 1 {
		t.Errorf("%+v", s)
	}
}

// A file could name any number of clients.
func TestTheNumberOfNamesIsBounded(t *testing.T) {
	c := NewCollector(noon)
	for i := range mostNames + 500 {
		c.Add([]byte(line(audit.Event{Action: audit.Refuse, Time: at(1), ClientID: fmt.Sprint("c", i), Reason: fmt.Sprint("r", i)})))
	}
	s := c.Summary(at(2))
	if len(s.ByClient) != mostNames+1 || s.ByClient[others].Refusals != 500 || s.Refusals[others] != 500 || s.Total.Refusals != mostNames+500 {
		t.Errorf("%d clients, %d others", len(s.ByClient), s.ByClient[others].Refusals)
	}
}

func TestOnlyFilesAreRead(t *testing.T) {
	if _, err := NewReader(t.TempDir(), noon).Summary(t.Context(), noon, noon); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder: %v", err)
	}
}
