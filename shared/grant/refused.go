package grant

import "rescind/shared/oauth"

// Refused is a refusal and what the audit should know of it. It wraps the
// protocol's answer, which says less.
type Refused struct {
	Answer error  // an *oauth.Error
	Reason string // one fixed phrase
	Reuse  bool   // a replaced token or used code came back, and the grant was ended
}

// Error is the reason and the answer, both safe to log.
func (e *Refused) Error() string { return e.Answer.Error() + " (" + e.Reason + ")" }

// Unwrap gives the answer.
func (e *Refused) Unwrap() error { return e.Answer }

func refuse(code oauth.Code, reason, description string) error {
	return &Refused{Answer: oauth.Refuse(code, description), Reason: reason}
}

// The refusals of a token or code. They say no more than RFC 6749 section 5.2
// does: whoever holds a stolen value should not learn why it failed.
const notValid = "The token is invalid, expired, revoked, or was issued to another client."

func invalidGrant(reason string) error { return refuse(oauth.InvalidGrant, reason, notValid) }

func reuse(reason string) error {
	return &Refused{Answer: oauth.Refuse(oauth.InvalidGrant, notValid), Reason: reason, Reuse: true}
}
