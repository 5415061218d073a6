package audit

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Logs hands each event to several logs, in order.
type Logs []Log

// Record gives e to each.
func (l Logs) Record(ctx context.Context, e Event) {
	for _, one := range l {
		one.Record(ctx, e)
	}
}

// JSON encodes each event once, as the line that Slog writes to a
// slog.JSONHandler, and hands the line to every writer: one Write for a line.
// The writers must be safe for many goroutines and must not keep the bytes.
// What a writer returns is not looked at: it says itself what is wrong.
type JSON []io.Writer

var lines = sync.Pool{New: func() any { b := make([]byte, 0, 512); return &b }}

// Record encodes and writes e.
func (j JSON) Record(_ context.Context, e Event) {
	if e.Time.IsZero() {
		e.Time = time.Now()
	}
	b := lines.Get().(*[]byte)
	*b = AppendJSON((*b)[:0], e)
	for _, w := range j {
		_, _ = w.Write(*b)
	}
	lines.Put(b)
}

// AppendJSON appends an event as one line of JSON with its newline. The
// members are those of the log's line, and stand in its order: first "time",
// "level" and "msg", then the event's own, empty ones left out.
func AppendJSON(b []byte, e Event) []byte {
	b = append(b, `{"time":"`...)
	b = e.Time.AppendFormat(b, time.RFC3339Nano)
	b = append(b, `","level":"`...)
	b = append(b, e.level().String()...)
	b = append(b, `","msg":"audit"`...)
	b = appendMember(b, "action", string(e.Action))
	b = appendMember(b, "outcome", e.Outcome)
	b = appendMember(b, "operation", e.Operation)
	if !e.Time.IsZero() {
		b = append(b, `,"at":"`...)
		b = e.Time.AppendFormat(b, time.RFC3339Nano)
		b = append(b, '"')
	}
	b = appendMember(b, "client_id", e.ClientID)
	b = appendMember(b, "subject", e.Subject)
	b = appendMember(b, "grant_id", e.GrantID)
	b = appendMember(b, "token_kind", e.TokenKind)
	b = appendMember(b, "reason", e.Reason)
	b = appendMember(b, "request_id", e.RequestID)
	b = appendMember(b, "source", e.Source)
	return append(b, '}', '\n')
}

// level is Warn for what an operator should look at.
func (e Event) level() slog.Level {
	if e.Action == Reuse || e.Action == Refuse || e.Action == Outage {
		return slog.LevelWarn
	}
	return slog.LevelInfo
}

func appendMember(b []byte, key, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, `,"`...)
	b = append(b, key...)
	b = append(b, `":`...)
	for i := range len(value) {
		if c := value[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return appendEscaped(b, value)
		}
	}
	b = append(b, '"')
	b = append(b, value...)
	return append(b, '"')
}

// appendEscaped is for what few values hold. HTML's characters stay as they are.
func appendEscaped(b []byte, value string) []byte {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // a string: cannot fail
	return append(b, strings.TrimSuffix(text.String(), "\n")...)
}
