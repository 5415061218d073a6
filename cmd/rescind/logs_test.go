package main

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestReadableLines(t *testing.T) {
	var b bytes.Buffer
	h := slog.Handler(&lineHandler{mu: &sync.Mutex{}, w: &b})
	h = h.WithAttrs([]slog.Attr{slog.String("always", "yes")}).WithGroup("g").WithAttrs([]slog.Attr{slog.Int("in", 1)})
	r := slog.NewRecord(time.Date(2026, 1, 2, 15, 4, 5, 0, time.Local), slog.LevelWarn, "request", 0)
	r.AddAttrs(slog.Int("status", 503), slog.String("empty", ""), slog.String("forged", "a\n15:04:06 audit"), slog.Time("at", time.Now()),
		slog.Group("below", slog.String("k", "two words")))
	if err := h.Handle(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	want := `15:04:05 WARN request always=yes g.in=1 g.status=503 g.forged="a\n15:04:06 audit" g.below.k="two words"` + "\n"
	if b.String() != want {
		t.Errorf("%q, not %q", b.String(), want)
	}
	if h.Enabled(context.Background(), slog.LevelDebug) || !h.Enabled(context.Background(), slog.LevelInfo) {
		t.Error("the level is not Info")
	}
}

// net/http's own lines may hold what a caller sent: their kind is enough.
func TestServerComplaintsAreLoggedWithoutTheirText(t *testing.T) {
	var b bytes.Buffer
	l := errorLog(slog.New(slog.NewJSONHandler(&b, nil)))
	l.Print("http: panic serving 127.0.0.1:4711: rsc_at_abc")
	l.Print("something new rsc_at_abc")
	expect(t, b.String(), `"kind":"http: panic serving"`, `"kind":"other"`)
	if strings.Contains(b.String(), ours) || strings.Contains(b.String(), "4711") {
		t.Errorf("the text was logged: %s", b.String())
	}
}
