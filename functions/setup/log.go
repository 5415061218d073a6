package setup

import (
	"context"
	"io"
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"rescind/shared/lambdahttp"
)

// NewLogger writes JSON lines, in the member names that Lambda gives its own
// JSON lines (timestamp, level, message), from this level on. A line of an
// invocation has Lambda's request id and the gateway's beside the request_id
// that the caller sees.
func NewLogger(w io.Writer, from slog.Level) *slog.Logger {
	lines := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: from, ReplaceAttr: lambdacontext.ReplaceAttr})
	return slog.New(invocation{lines})
}

// invocation adds to a line what its context knows.
type invocation struct{ slog.Handler }

// Handle implements slog.Handler.
func (h invocation) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("lambda_request_id", lc.AwsRequestID))
	}
	if id := lambdahttp.RequestID(ctx); id != "" {
		r.AddAttrs(slog.String("gateway_request_id", id))
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h invocation) WithAttrs(attrs []slog.Attr) slog.Handler {
	return invocation{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h invocation) WithGroup(name string) slog.Handler { return invocation{h.Handler.WithGroup(name)} }
