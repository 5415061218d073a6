package audit

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"
)

func record(t *testing.T, e Event) map[string]any {
	t.Helper()
	var b bytes.Buffer
	Slog{slog.New(slog.NewJSONHandler(&b, nil))}.Record(t.Context(), e)
	if strings.Count(b.String(), "\n") != 1 {
		t.Fatalf("an event takes other than one line: %q", b.String())
	}
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	delete(line, "time")
	return line
}

func TestAnEventIsOneLineWithAllItsMembers(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got := record(t, Event{Action: Revoke, Outcome: "ok", Operation: "revocation", Time: at, ClientID: "app", Subject: "s\nx", GrantID: "10",
		TokenKind: "refresh_token", Reason: "asked", RequestID: "r", Source: "127.0.0.1"})
	want := map[string]any{"level": "INFO", "msg": "audit", "action": "revoke", "outcome": "ok", "operation": "revocation", "at": "2026-01-02T03:04:05Z",
		"client_id": "app", "subject": "s\nx", "grant_id": "10", "token_kind": "refresh_token", "reason": "asked", "request_id": "r", "source": "127.0.0.1"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the line holds %v", got)
	}
	if n := reflect.TypeFor[Event]().NumField(); n+2 != len(want) {
		t.Errorf("an event has %d members, and the line shows %d", n, len(want)-2)
	}
}

func TestEmptyMembersAreLeftOut(t *testing.T) {
	if got := record(t, Event{Action: Issue}); !reflect.DeepEqual(got, map[string]any{"level": "INFO", "msg": "audit", "action": "issue"}) {
		t.Errorf("the line holds %v", got)
	}
}

func TestWhatAnOperatorShouldLookAtWarns(t *testing.T) {
	for action, level := range map[Action]string{
		Issue: "INFO", Refresh: "INFO", Replay: "INFO", Revoke: "INFO", Client: "INFO", User: "INFO", Restore: "INFO",
		Reuse: "WARN", Refuse: "WARN", Outage: "WARN",
	} {
		if got := record(t, Event{Action: action})["level"]; got != level {
			t.Errorf("%s is logged at %s", action, got)
		}
	}
	Discard{}.Record(t.Context(), Event{Action: Reuse}) // is silent, and must not fail
}
