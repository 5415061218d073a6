package lambdahttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
)

var (
	// ErrEvent is what Invoke's error wraps when the event is not an HTTP
	// request of payload format 1.0 or 2.0. The text names the problem and
	// holds nothing of the event.
	ErrEvent = errors.New("lambdahttp: not an HTTP request event")

	// ErrPanic is what Invoke returns when the handler panicked.
	ErrPanic = errors.New("lambdahttp: the handler panicked; the log line of the same request id names the place")
)

// Start serves h to the Lambda runtime. It does not return; outside Lambda it
// ends the process with a message that names the missing variables.
func Start(h http.Handler) {
	lambda.Start(Handler(h))
}

// Handler returns h as a Lambda handler: its Invoke takes an API Gateway or
// function URL event as JSON and returns the answer as JSON, in the same
// payload format. Its errors are ErrEvent (wrapped) and ErrPanic. The context
// given to Invoke is the request's context; RequestID reads the gateway's
// request id from it.
func Handler(h http.Handler) lambda.Handler {
	return adapter{h}
}

type adapter struct{ handler http.Handler }

// Invoke implements lambda.Handler.
func (a adapter) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	e, err := decode(payload)
	if err != nil {
		return nil, err
	}
	r, err := e.request(ctx)
	if err != nil {
		return nil, err
	}
	w := &responseWriter{header: make(http.Header), head: r.Method == http.MethodHead}
	if err := serve(a.handler, w, r); err != nil {
		return nil, err
	}
	return w.encode(e.Version == "2.0")
}

// serve runs the handler and turns a panic into ErrPanic. It is recovered here
// because the Lambda runtime would print the panic's value, and because its
// exit would take the process's other invocations along.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		err = ErrPanic
		if v == http.ErrAbortHandler { // net/http's word for "end this quietly"
			return
		}
		slog.ErrorContext(r.Context(), "handler panicked",
			"gateway_request_id", RequestID(r.Context()),
			"panic_type", fmt.Sprintf("%T", v),
			"stack", callers())
	}()
	h.ServeHTTP(w, r)
	return nil
}

// callers names the functions on the stack, innermost first, without the
// arguments that a stack trace would print.
func callers() []string {
	pcs := make([]uintptr, 48)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var names []string
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "runtime.") {
			names = append(names, f.Function+":"+strconv.Itoa(f.Line))
		}
		if !more {
			return names
		}
	}
}

// origin is where a request came from, in its context under originKey.
type origin struct{ requestID, httpAPI string }

type originKey struct{}

// RequestID returns the id that the gateway gave the request, for joining our
// log lines with its access log, or "" if ctx is not from this package or the
// event had none. It is not Lambda's own request id, which lambdacontext holds.
func RequestID(ctx context.Context) string {
	from, _ := ctx.Value(originKey{}).(origin)
	return from.requestID
}

// HTTPAPI returns the id of the HTTP API through whose $default stage the event
// came, as API Gateway wrote it into the event (requestContext.apiId); no caller
// decides it. It is "" for payload format 1.0 and named stages, whose URLs are
// made of more, and for a foreign ctx. A function URL's event cannot be told
// from an HTTP API's: for that it is the function URL's id.
func HTTPAPI(ctx context.Context) string {
	from, _ := ctx.Value(originKey{}).(origin)
	return from.httpAPI
}
