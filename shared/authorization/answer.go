package authorization

import (
	"errors"
	"net/url"
	"strings"

	"rescind/shared/oauth"
	"rescind/shared/token"
)

// Redirected is a refusal that goes back to the client's redirect URI (RFC 6749
// section 4.1.2.1).
type Redirected struct {
	Request *Request
	Answer  error // an *oauth.Error
}

// Error is the answer's.
func (e *Redirected) Error() string { return e.Answer.Error() }

// Unwrap gives the answer.
func (e *Redirected) Unwrap() error { return e.Answer }

// Refused is a refusal on its way back to the client. An outage stays what it is.
func (r *Request) Refused(err error) error {
	if answer := (*oauth.Error)(nil); errors.As(err, &answer) {
		return &Redirected{Request: r, Answer: err}
	}
	return err
}

// Location is where the refusal goes: error, error_description, state, and who
// says so (RFC 9207 section 2.1).
func (e *Redirected) Location(issuer string) string {
	answer := &oauth.Error{Code: oauth.TemporarilyUnavailable}
	errors.As(e.Answer, &answer)
	return e.Request.location(issuer, "error", answer.Code.Word(), "error_description", answer.Description)
}

// Granted is where a code goes, with the state as it was sent, and who says so
// (RFC 6749 section 4.1.2, RFC 9207 section 2).
func (r *Request) Granted(issuer string, code token.Value) string {
	return r.location(issuer, "code", code.Text().Reveal())
}

// location appends to the redirect URI, of which nothing is changed: it may
// have a query of its own (RFC 6749 section 3.1.2) and need not be one that
// net/url writes back as it was.
func (r *Request) location(issuer string, pairs ...string) string {
	var b strings.Builder
	b.WriteString(r.RedirectURI)
	sep := byte('?')
	if strings.Contains(r.RedirectURI, "?") {
		sep = '&'
	}
	if r.State != "" {
		pairs = append(pairs, "state", r.State)
	}
	pairs = append(pairs, "iss", issuer)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		b.WriteByte(sep)
		b.WriteString(pairs[i])
		b.WriteByte('=')
		b.WriteString(url.QueryEscape(pairs[i+1]))
		sep = '&'
	}
	return b.String()
}
