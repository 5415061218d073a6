package endpoint

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"

	"rescind/shared/audit"
	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// handle wraps an endpoint's remainder with what no endpoint may forget: the
// request id, the answer to errors, the audit of refusals, the access log, and
// a panic's end as an outage.
func (s *Service) handle(route string, do func(http.ResponseWriter, *http.Request, *call) error) http.Handler {
	return s.observe(route, do, func(w http.ResponseWriter, _ *http.Request, _ *call, err error) {
		replyError(w, err, allowed(route))
	})
}

// observe is handle, with its own way to answer an error.
func (s *Service) observe(route string, do func(http.ResponseWriter, *http.Request, *call) error,
	answer func(http.ResponseWriter, *http.Request, *call, error),
) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		start := time.Now()
		w := &counted{ResponseWriter: rw}
		c := &call{id: requestID(r), route: route, source: sourceOf(r.RemoteAddr)}
		w.Header().Set("X-Request-Id", c.id)
		defer s.logAccess(w, r, c, start)
		if err := s.guard(w, r, c, do); err != nil {
			s.fail(r, c, err)
			if w.status == 0 { // else a panic after the answer had begun: there is no second one
				answer(w, r, c, err)
			}
		}
	})
}

// guard turns a panic into an outage. The panic's value is not logged: it may
// hold what the request held.
func (s *Service) guard(w http.ResponseWriter, r *http.Request, c *call, do func(http.ResponseWriter, *http.Request, *call) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			s.Log.ErrorContext(r.Context(), "panic", "request_id", c.id, "type", fmt.Sprintf("%T", v), "stack", callers())
			err = errPanic
		}
	}()
	return do(w, r, c)
}

// callers names the functions and lines of a panic, without their arguments,
// which a stack trace prints: a digest is an array, and would be among them.
func callers() []string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var names []string
	for {
		f, more := frames.Next()
		names = append(names, f.Function+":"+strconv.Itoa(f.Line))
		if !more {
			return names
		}
	}
}

var errPanic = errors.New("a handler panicked; see the log line before this one")

// fail logs an outage with its cause, and audits every error.
func (s *Service) fail(r *http.Request, c *call, err error) {
	ctx := r.Context()
	e := audit.Event{Action: audit.Refuse}
	var answer *oauth.Error
	if errors.As(err, &answer) {
		e.Outcome, e.Reason = string(answer.Code), answer.Description
	} else {
		e.Action, e.Outcome = audit.Outage, string(oauth.TemporarilyUnavailable)
		s.Log.ErrorContext(ctx, "outage", "request_id", c.id, "operation", c.route, "error", err.Error())
	}
	if refused := (*grant.Refused)(nil); errors.As(err, &refused) {
		e.Reason = refused.Reason
		if refused.Reuse {
			e.Action = audit.Reuse
		}
	}
	if c.route != routeNone { // what is asked of paths that do not exist is noise
		s.record(ctx, c, e)
	}
}

func allowed(route string) string {
	if route == RouteMetadata || route == RouteHealth {
		return "GET, HEAD"
	}
	return "POST"
}

// logAccess writes one line a request: never a query string, a body, or a path
// that somebody made up.
func (s *Service) logAccess(w *counted, r *http.Request, c *call, start time.Time) {
	if c.caller == "" {
		c.caller = c.client.ID()
	}
	if r.Method == http.MethodHead {
		w.bytes = 0 // net/http sends no body with it (RFC 9110 section 9.3.2)
	}
	s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request",
		slog.String("request_id", c.id), slog.String("method", knownMethod(r.Method)), slog.String("route", c.route),
		slog.Int("status", w.status), slog.Int64("duration_us", time.Since(start).Microseconds()),
		slog.Int("bytes", w.bytes), slog.String("source", c.source), slog.String("client_id", c.caller))
}

func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// requestID takes the caller's X-Request-Id if it is harmless, or makes one.
func requestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); harmless(id) {
		return id
	}
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	var digits [2 * len(b)]byte
	hex.Encode(digits[:], b[:])
	return string(digits[:])
}

// harmless allows [A-Za-z0-9._-]{1,64}, and nothing that looks like a value of ours.
func harmless(id string) bool {
	if id == "" || len(id) > 64 || strings.Contains(id, "rsc_") {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// counted remembers what was answered.
type counted struct {
	http.ResponseWriter
	status, bytes int
}

func (w *counted) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *counted) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += n
	return n, err
}

// Unwrap lets http.MaxBytesReader and http.ResponseController reach the server's writer.
func (w *counted) Unwrap() http.ResponseWriter { return w.ResponseWriter }
