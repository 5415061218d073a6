package setup

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/lambdahttp"
	"rescind/shared/metric"
)

// The deadlines within which a store that does not answer gives our 503, and
// not the gateway's 502: reads, then a write, then the read that settles it,
// and for a reuse one write more, end within 9 s of the function's 10.
const (
	ReadDeadline  = 3 * time.Second
	WriteDeadline = 2 * time.Second
)

// PageDeadline takes the place of ReadDeadline for a page, which may also have
// to ask the upstream provider three things, one after the other. The writes
// after it end within the 20 s of that function.
const PageDeadline = 6 * time.Second

// New reads the process's environment and makes the logger, which becomes the
// default one, and the Service. An environment that is wrong ends the process,
// see End.
func New(need Need) (*endpoint.Service, Settings) {
	s, err := Read(os.Environ(), need)
	slog.SetDefault(NewLogger(os.Stdout, s.LogLevel))
	if err != nil {
		End(err)
	}
	limitMemory(os.Getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"))
	return Service(s, slog.Default(), time.Now), s
}

// limitMemory has the garbage collector keep within most of the function's
// memory, in MB: verifying an imported argon2id hash takes up to 100 MiB, and
// what the last one took must be free before the next.
func limitMemory(megabytes string) {
	if n, err := strconv.ParseInt(megabytes, 10, 32); err == nil && n > 0 {
		debug.SetMemoryLimit(n << 20 * 8 / 10)
	}
}

// End ends a process that cannot serve with one line that says why. Lambda
// reports the failed init and tries again with the next request.
func End(err error) {
	slog.Error("the function cannot start: " + err.Error())
	os.Exit(1)
}

// Service is what a function's endpoints share, by these settings.
func Service(s Settings, log *slog.Logger, now func() time.Time) *endpoint.Service {
	rules := grant.Defaults(now, rand.Reader)
	rules.WriteTimeout = WriteDeadline
	return &endpoint.Service{
		Issuer: s.Issuer, Rules: rules,
		Auth:  client.NewAuthenticator(now, client.NewAttempts(10, 6*time.Second)),
		Audit: metric.Counting(audit.Slog{Logger: log}), Log: log,
	}
}

// Serve serves a route's handler to Lambda, within the deadlines and with
// metrics where the settings name a stack for them. It does not return.
func Serve(s Settings, route string, h http.Handler) {
	h = Handler(route, h)
	if s.Metrics != "" {
		h = metric.New(s.Metrics, os.Stdout, time.Now).Handler(route, h)
	}
	lambdahttp.Start(h)
}

// Handler gives each request of a route its deadline for reads, and where the
// caller sent no X-Request-Id the gateway's id, so that a caller's report leads
// to both logs.
func Handler(route string, h http.Handler) http.Handler {
	deadline := ReadDeadline
	if route == endpoint.RouteBrowser {
		deadline = PageDeadline
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), deadline)
		defer cancel()
		// HTTP APIs pad their ids as base64 does, which ours may not hold.
		id := strings.TrimRight(lambdahttp.RequestID(ctx), "=")
		if id != "" && r.Header.Get("X-Request-Id") == "" {
			r.Header.Set("X-Request-Id", id) // the header is this request's own
		}
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}
