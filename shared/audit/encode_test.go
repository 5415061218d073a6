package audit

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 1, 2, 3, 4, 5, 678_000_000, time.UTC)

// slogLine is the line that the log has, with the event's time as its own.
func slogLine(t testing.TB, e Event) string {
	var b bytes.Buffer
	Slog{slog.New(slog.NewJSONHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Time(slog.TimeKey, e.Time)
		}
		return a
	}}))}.Record(t.Context(), e)
	return b.String()
}

func FuzzALineIsTheLogsLine(f *testing.F) {
	f.Add("issue", "ok", "token", "app", "alice", "a reason", "r-1", "127.0.0.1")
	f.Add("refuse", "invalid_client", "", "", "é\x00\xff\u2028<&>\"\\", "\x7f\t\r\n", "", "::1")
	f.Fuzz(func(t *testing.T, action, outcome, operation, clientID, subject, reason, request, source string) {
		e := Event{Action: Action(action), Outcome: outcome, Operation: operation, Time: at, ClientID: clientID, Subject: subject,
			Reason: reason, RequestID: request, Source: source, GrantID: request, TokenKind: reason}
		got, want := string(AppendJSON(nil, e)), slogLine(t, e)
		if got == want {
			return
		}
		// slog writes some control characters in another of JSON's ways.
		var a, b map[string]any
		if err := json.Unmarshal([]byte(got), &a); err != nil {
			t.Fatalf("no JSON: %q", got)
		}
		if err := json.Unmarshal([]byte(want), &b); err != nil {
			t.Fatal(err)
		}
		again, _ := json.Marshal(a)
		wanted, _ := json.Marshal(b)
		if !bytes.Equal(again, wanted) || strings.Count(got, "\n") != 1 {
			t.Errorf("%q, and the log has %q", got, want)
		}
	})
}

func TestALineOfPlainTextIsTheLogsLineToTheByte(t *testing.T) {
	for _, e := range []Event{
		{Action: Revoke, Outcome: "ok", Operation: "revocation", Time: at, ClientID: "app", Subject: "alice", GrantID: "10",
			TokenKind: "refresh_token", Reason: "client_request", RequestID: "r", Source: "127.0.0.1"},
		{Action: Reuse, Time: at},
	} {
		if got, want := string(AppendJSON(nil, e)), slogLine(t, e); got != want {
			t.Errorf("%q, and the log has %q", got, want)
		}
	}
}

func TestEveryWriterGetsTheLineInOneWrite(t *testing.T) {
	var one, two writes
	Logs{Discard{}, JSON{&one, &two}}.Record(t.Context(), Event{Action: Issue})
	for _, w := range []writes{one, two} {
		if len(w) != 1 || !strings.HasSuffix(w[0], "}\n") || !strings.Contains(w[0], `"at":"`) {
			t.Errorf("%q", w)
		}
	}
}

type writes []string

func (w *writes) Write(b []byte) (int, error) { *w = append(*w, string(b)); return len(b), nil }

func BenchmarkEvent(b *testing.B) {
	e := Event{Action: Issue, Outcome: "ok", Operation: "token", Time: time.Now().UTC(), ClientID: "billing-service", GrantID: strings.Repeat("0", 32),
		RequestID: strings.Repeat("a", 24), Source: "127.0.0.1"}
	for name, log := range map[string]Log{"slog": Slog{slog.New(slog.NewJSONHandler(io.Discard, nil))}, "once": JSON{io.Discard, io.Discard}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				log.Record(b.Context(), e)
			}
		})
	}
}
