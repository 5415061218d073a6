package endpoint

import (
	"context"
	"net/http"

	"rescind/shared/audit"
)

// Visit is one browser's request for a page, and what is to be seen of it in
// the log and the audit.
type Visit struct {
	service *Service
	call    *call
}

// RequestID is the request's id, which the answer has in X-Request-Id.
func (v *Visit) RequestID() string { return v.call.id }

// Source is the caller's address, for throttling; of IPv6 the network.
func (v *Visit) Source() string { return v.call.source }

// SetClient names the client whose page it is, once its row was found: what a
// request only claims is in no log.
func (v *Visit) SetClient(id string) { v.call.caller = id }

// Record completes an event with what the request tells and emits it.
func (v *Visit) Record(ctx context.Context, e audit.Event) { v.service.record(ctx, v.call, e) }

// Page observes a page as every other endpoint is observed: a request id, one
// line in the access log, never with the query string, and a panic's end as an
// outage. do writes its own answer; an error that it gives is logged and
// audited, and answer, which writes HTML, tells it.
func (s *Service) Page(do func(http.ResponseWriter, *http.Request, *Visit) error,
	answer func(http.ResponseWriter, *http.Request, *Visit, error),
) http.Handler {
	visit := func(c *call) *Visit { return &Visit{service: s, call: c} }
	return s.observe(RouteBrowser,
		func(w http.ResponseWriter, r *http.Request, c *call) error { return do(w, r, visit(c)) },
		func(w http.ResponseWriter, r *http.Request, c *call, err error) {
			told := s.guard(w, r, c, func(w http.ResponseWriter, r *http.Request, c *call) error {
				answer(w, r, visit(c), err)
				return nil
			})
			if begun, ok := w.(*counted); told != nil && ok && begun.status == 0 {
				replyError(w, told, "")
			}
		})
}
