package oauth

import (
	"maps"
	"slices"
)

// Code names a refusal. What a caller sees of it, the wire's word and the HTTP
// status, stands in the one table below; nothing else may pair the two.
type Code string

// The refusals. Where several share a word on the wire (a wrong method is an
// invalid_request in OAuth's terms) the Code still tells them apart.
const (
	InvalidRequest       Code = "invalid_request"        // RFC 6749 section 5.2
	InvalidClient        Code = "invalid_client"         // RFC 6749 section 5.2
	InvalidGrant         Code = "invalid_grant"          // RFC 6749 section 5.2
	UnauthorizedClient   Code = "unauthorized_client"    // RFC 6749 section 5.2
	UnsupportedGrantType Code = "unsupported_grant_type" // RFC 6749 section 5.2
	InvalidScope         Code = "invalid_scope"          // RFC 6749 section 5.2
	InvalidTarget        Code = "invalid_target"         // RFC 8707 section 2
	InvalidToken         Code = "invalid_token"          // RFC 6750 section 3.1

	AccessDenied            Code = "access_denied"             // RFC 6749 section 4.1.2.1
	UnsupportedResponseType Code = "unsupported_response_type" // RFC 6749 section 4.1.2.1
	LoginRequired           Code = "login_required"            // OpenID Connect Core section 3.1.2.6
	ConsentRequired         Code = "consent_required"          // OpenID Connect Core section 3.1.2.6
	InteractionRequired     Code = "interaction_required"      // OpenID Connect Core section 3.1.2.6
	RequestNotSupported     Code = "request_not_supported"     // OpenID Connect Core section 3.1.2.6
	RequestURINotSupported  Code = "request_uri_not_supported" // OpenID Connect Core section 3.1.2.6

	MethodNotAllowed       Code = "method_not_allowed"
	UnsupportedMediaType   Code = "unsupported_media_type"
	ContentTooLarge        Code = "content_too_large"
	NotFound               Code = "not_found"
	TooManyRequests        Code = "too_many_requests"
	TemporarilyUnavailable Code = "temporarily_unavailable" // an outage; RFC 6749 section 4.1.2.1 has the word
)

type answer struct {
	word   string
	status int
}

var answers = map[Code]answer{
	InvalidRequest:       {"invalid_request", 400},
	InvalidClient:        {"invalid_client", 401},
	InvalidGrant:         {"invalid_grant", 400},
	UnauthorizedClient:   {"unauthorized_client", 400},
	UnsupportedGrantType: {"unsupported_grant_type", 400},
	InvalidScope:         {"invalid_scope", 400},
	InvalidTarget:        {"invalid_target", 400},
	InvalidToken:         {"invalid_token", 401},

	// These are for redirects, where the status is another; it is for a page.
	AccessDenied:            {"access_denied", 403},
	UnsupportedResponseType: {"unsupported_response_type", 400},
	LoginRequired:           {"login_required", 400},
	ConsentRequired:         {"consent_required", 400},
	InteractionRequired:     {"interaction_required", 400},
	RequestNotSupported:     {"request_not_supported", 400},
	RequestURINotSupported:  {"request_uri_not_supported", 400},

	MethodNotAllowed:       {"invalid_request", 405},
	UnsupportedMediaType:   {"invalid_request", 415},
	ContentTooLarge:        {"invalid_request", 413},
	NotFound:               {"invalid_request", 404},
	TooManyRequests:        {"temporarily_unavailable", 429},
	TemporarilyUnavailable: {"temporarily_unavailable", 503},
}

// Codes are all of the table, in no order.
func Codes() []Code { return slices.Collect(maps.Keys(answers)) }

// Word is the value of the "error" member on the wire, RFC 6749 section 5.2.
// A Code that is not in the table is an outage.
func (c Code) Word() string { return c.answer().word }

// Status is the HTTP status of an answer with this code.
func (c Code) Status() int { return c.answer().status }

func (c Code) answer() answer {
	if a, ok := answers[c]; ok {
		return a
	}
	return answers[TemporarilyUnavailable]
}

// Error is an answer that the protocol has a word for. Every other error is an
// outage. Its text is fixed: it never repeats anything of the request.
type Error struct {
	Code        Code
	Description string // error_description: printable ASCII without quote and backslash, RFC 6749 section 5.2
	Challenge   string // the WWW-Authenticate scheme for a 401: "Basic" or "Bearer"
	RetryAfter  int    // seconds; 0 where no Retry-After belongs
}

// Error gives code and description, both safe to log.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Description }

// Refuse makes the error for a refusal. The description is a constant of the
// caller's: never pass on what a request held.
func Refuse(code Code, description string) error {
	return &Error{Code: code, Description: description}
}
