package metric

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"rescind/shared/audit"
	"rescind/shared/oauth"
)

// Namespace is that of all metrics.
const Namespace = "rescind"

// The metrics. All but Latency count; docs/metrics.md says what.
const (
	Issues                = "Issues"
	Refreshes             = "Refreshes"
	ReuseDetections       = "ReuseDetections"
	Revocations           = "Revocations"
	FailedAuthentications = "FailedAuthentications"
	FailedSignIns         = "FailedSignIns"
	Refusals              = "Refusals"
	Outages               = "Outages"
	Latency               = "Latency" // milliseconds from the handler's begin to its end
)

// counted are the metrics that count, in the order of their lines.
var counted = [...]string{Issues, Refreshes, ReuseDetections, Revocations, FailedAuthentications, FailedSignIns, Refusals, Outages}

// other is the Reason of a refusal that is in no list.
const other = "other"

// Recorder writes the lines. It is safe for many goroutines.
type Recorder struct {
	stack []byte // as JSON
	now   func() time.Time

	mu sync.Mutex // one line at a time, where w is not safe itself
	w  io.Writer
}

// New gives a Recorder of a stack's metrics. w gets each line with one Write;
// what it returns is not looked at: a metric that is lost fails no request.
func New(stack string, w io.Writer, now func() time.Time) *Recorder {
	return &Recorder{stack: quoted(stack), w: w, now: now}
}

// tally is what one request counts, in the order of counted.
type tally struct {
	mu     sync.Mutex
	counts [len(counted)]int
	reason string
}

type tallyKey struct{}

// Handler writes one line for each request that h has answered. endpoint is
// one of the few names of endpoints, never a path.
func (r *Recorder) Handler(endpoint string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		t, start := new(tally), r.now()
		defer func() { r.write(endpoint, t, start, r.now().Sub(start)) }()
		h.ServeHTTP(w, req.WithContext(context.WithValue(req.Context(), tallyKey{}, t)))
	})
}

// Counting counts the events of requests that came through a Recorder's
// Handler, and hands all events on to next.
func Counting(next audit.Log) audit.Log { return counting{next} }

type counting struct{ next audit.Log }

// Record implements audit.Log.
func (c counting) Record(ctx context.Context, e audit.Event) {
	if t, ok := ctx.Value(tallyKey{}).(*tally); ok {
		t.add(e)
	}
	c.next.Record(ctx, e)
}

func (t *tally) add(e audit.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Action {
	case audit.Issue:
		t.count(Issues)
	case audit.Refresh, audit.Replay:
		t.count(Refreshes)
	case audit.Revoke:
		// What a person cut, what a client ended; else nothing was alive.
		if strings.HasPrefix(e.Reason, "cut_") || strings.HasPrefix(e.Reason, "ended_") {
			t.count(Revocations)
		}
	case audit.SignIn:
		if e.Outcome != "ok" {
			t.count(FailedSignIns)
		}
	case audit.Reuse:
		t.count(ReuseDetections)
		t.refused(oauth.Code(e.Outcome))
	case audit.Refuse:
		t.refused(oauth.Code(e.Outcome))
	case audit.Outage:
		t.count(Outages)
	}
}

func (t *tally) count(name string) { t.counts[slices.Index(counted[:], name)]++ }

// refused counts a refusal under its error's code. Who guesses is throttled
// soon, and must not vanish from the failed authentications by that.
func (t *tally) refused(code oauth.Code) {
	t.count(Refusals)
	if code == oauth.InvalidClient || code == oauth.TooManyRequests {
		t.count(FailedAuthentications)
	}
	t.reason = other
	if slices.Contains(reasons, code) {
		t.reason = string(code)
	}
}

// reasons are what a refusal's Reason may be, beside other. An outage is none.
var reasons = []oauth.Code{
	oauth.InvalidRequest, oauth.InvalidClient, oauth.InvalidGrant, oauth.UnauthorizedClient, oauth.UnsupportedGrantType, oauth.InvalidScope,
	oauth.InvalidTarget, oauth.InvalidToken, oauth.MethodNotAllowed, oauth.UnsupportedMediaType, oauth.ContentTooLarge, oauth.TooManyRequests,
	oauth.AccessDenied, oauth.UnsupportedResponseType, oauth.LoginRequired, oauth.ConsentRequired, oauth.InteractionRequired,
	oauth.RequestNotSupported, oauth.RequestURINotSupported,
}
