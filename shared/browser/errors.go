package browser

import (
	"errors"
	"net/http"

	"rescind/shared/authorization"
	"rescind/shared/oauth"
	"rescind/shared/page"
	"rescind/shared/upstream"
	"rescind/shared/user"
)

var (
	errNoPage = oauth.Refuse(oauth.NotFound, "There is no page at this path.")
	errMethod = oauth.Refuse(oauth.MethodNotAllowed, "This page does not take the method.")
	errForm   = &told{"form_expired", oauth.Refuse(oauth.InvalidRequest, "The form is too old, or is not of this browser.")}
	errNext   = oauth.Refuse(oauth.InvalidRequest, "The next parameter is no page of ours.")
)

// told is a refusal with a text of its own on the page.
type told struct {
	kind   string
	answer error
}

func (e *told) Error() string { return e.answer.Error() }
func (e *told) Unwrap() error { return e.answer }

// retryAfter is how many seconds somebody should wait after an outage.
const retryAfter = 2

// fail answers an error: back to the client where that is known to be safe,
// else on a page. The pipeline has logged it.
func (s *Service) fail(v *visit, err error) {
	if back := (*authorization.Redirected)(nil); errors.As(err, &back) {
		page.Redirect(v.w, back.Location(s.Endpoint.Issuer))
		return
	}
	e := page.Error{Status: http.StatusServiceUnavailable, Kind: "unavailable", RequestID: v.RequestID(), Retry: retryAfter}
	if answer := (*oauth.Error)(nil); errors.As(err, &answer) {
		e.Status, e.Kind, e.Retry = answer.Code.Status(), string(answer.Code), answer.RetryAfter
	}
	if shown := (*authorization.Shown)(nil); errors.As(err, &shown) {
		e.Kind = shown.Kind
	}
	if told := (*told)(nil); errors.As(err, &told) {
		e.Kind = told.kind
	}
	if refused := (*upstream.Refused)(nil); errors.As(err, &refused) {
		if s.signInAgain(v) == nil {
			return
		}
		e.Status, e.Kind = http.StatusForbidden, "upstream_refused"
	}
	s.pages.Error(v.w, v.lang, e)
}

// throttled is the refusal of somebody who guesses too fast.
func throttled(err error) (seconds int, ok bool) {
	var wait *user.ErrThrottled
	if !errors.As(err, &wait) {
		return 0, false
	}
	return int(wait.RetryAfter.Seconds()) + 1, true
}
