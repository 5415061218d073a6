package upstream

import (
	"slices"

	"rescind/shared/oauth"
)

// Refused says that a sign-in did not come about because of what the provider,
// or the browser in its name, answered. The reason is for logs and events: one
// of the words below or of those that a provider may answer with.
type Refused struct{ Reason string }

// Why a sign-in is refused.
const (
	OtherProvider = "other_provider" // begun with one provider, ended with another
	TooLate       = "too_late"
	WrongState    = "wrong_state"
	WrongIssuer   = "wrong_issuer" // RFC 9207 section 2.4
	NoCode        = "no_code"
	UsedCode      = "used_code" // or one that is expired, or of another sign-in
	BadIDToken    = "bad_id_token"
	WrongNonce    = "wrong_nonce"
	WrongParty    = "wrong_party"   // azp, OpenID Connect Core section 3.1.3.7
	WrongSubject  = "wrong_subject" // none, or none that OpenID Connect Core section 2 allows
	TooLongAgo    = "too_long_ago"  // signed in at the provider longer ago than was asked for
	OtherRefusal  = "other_refusal" // an error of the provider's that has no word here
)

// The provider's own refusals: RFC 6749 section 4.1.2.1, OpenID Connect Core
// section 3.1.2.6.
var providers = []string{"access_denied", "login_required", "interaction_required", "consent_required", "account_selection_required",
	"server_error", "temporarily_unavailable", "invalid_request", "unauthorized_client", "invalid_scope", "unsupported_response_type"}

// refusedBy is the refusal for a provider's error parameter. All of them are
// the provider's answer, server_error too: it comes through the browser, and
// whoever can make one up must not be able to make up an outage.
func refusedBy(word string) error {
	if slices.Contains(providers, word) {
		return &Refused{Reason: word}
	}
	return &Refused{Reason: OtherRefusal}
}

// Error gives the reason, which is safe to log.
func (r *Refused) Error() string { return "the upstream sign-in is refused: " + r.Reason }

// Unwrap is the protocol's answer, RFC 6749 section 4.1.2.1. The reason is in
// its description too, for that is what an event keeps.
func (r *Refused) Unwrap() error {
	return oauth.Refuse(oauth.AccessDenied, "the sign-in at the upstream provider did not come about: "+r.Reason)
}
