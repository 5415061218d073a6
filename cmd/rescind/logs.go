package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/term"
)

// newLogger writes JSON, one object a line, or to a terminal one readable line
// each. Whoever asked for JSON gets it on a terminal too.
func (a *app) newLogger() *slog.Logger {
	if a.logsJSON() {
		return slog.New(slog.NewJSONHandler(a.logTo, nil))
	}
	return slog.New(&lineHandler{mu: &sync.Mutex{}, w: a.logTo})
}

func (a *app) logsJSON() bool { return a.asJSON || !isTerminal(a.stderr) }

// locked is a stream that log lines and audit lines share.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// isTerminal tells whether a stream of ours is one that somebody looks at.
func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// lineHandler writes "15:04:05 request status=200 ..." for people.
type lineHandler struct {
	mu     *sync.Mutex
	w      io.Writer
	attrs  []byte // of WithAttrs, written out
	prefix string // of WithGroup
}

// Enabled leaves debugging out, as the JSON form does.
func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo
}

// Handle writes one line.
func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	b.WriteString(r.Time.Format("15:04:05 "))
	if r.Level != slog.LevelInfo {
		b.WriteString(r.Level.String() + " ")
	}
	b.WriteString(r.Message)
	b.Write(h.attrs)
	r.Attrs(func(attr slog.Attr) bool {
		writeAttr(&b, h.prefix, attr)
		return true
	})
	b.WriteByte('\n')
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.w.Write(b.Bytes())
	return err
}

// WithAttrs gives a handler that writes attrs on every line.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	b := bytes.NewBuffer(bytes.Clone(h.attrs))
	for _, attr := range attrs {
		writeAttr(b, h.prefix, attr)
	}
	with.attrs = b.Bytes()
	return &with
}

// WithGroup gives a handler that writes the group's name before each key.
func (h *lineHandler) WithGroup(name string) slog.Handler {
	with := *h
	with.prefix += name + "."
	return &with
}

// writeAttr leaves out what is empty, and the event's own time: the line has one.
func writeAttr(b *bytes.Buffer, prefix string, attr slog.Attr) {
	value := attr.Value.Resolve()
	if value.Kind() == slog.KindGroup {
		for _, inner := range value.Group() {
			writeAttr(b, prefix+attr.Key+".", inner)
		}
		return
	}
	text := value.String()
	if text == "" || value.Kind() == slog.KindTime {
		return
	}
	b.WriteString(" " + prefix + attr.Key + "=")
	if strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || r == '"' || r == '=' || !unicode.IsPrint(r) }) {
		text = strconv.Quote(text)
	}
	b.WriteString(text)
}

// serverComplaints are what net/http says of itself. Of anything else only
// that it was said is logged: its text may hold what a caller sent.
var serverComplaints = []string{
	"http: Accept error", "http: panic serving", "http: superfluous response.WriteHeader call",
	"http: TLS handshake error", "http: URL query contains semicolon",
}

// errorLog takes the HTTP server's own lines and logs their kind only.
func errorLog(to *slog.Logger) *log.Logger { return log.New(complaints{to}, "", 0) }

type complaints struct{ log *slog.Logger }

func (c complaints) Write(line []byte) (int, error) {
	kind := "other"
	for _, known := range serverComplaints {
		if strings.HasPrefix(string(line), known) {
			kind = known
		}
	}
	c.log.Warn("http server", "kind", kind)
	return len(line), nil
}
