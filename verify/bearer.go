package verify

import (
	"errors"
	"net/http"
	"strings"
)

// maxToken bounds what is sent on, in bytes.
const maxToken = 16 << 10

var (
	errNoToken   = errors.New("no bearer token was sent")
	errMalformed = errors.New("the request names its token twice, or not as RFC 6750 section 2.1 writes it")
)

// bearer is the request's token. Only the Authorization header counts (RFC 6750
// section 2.1): a token in the query string stands in logs, and one in the body
// would mean reading the body before the handler does. Beside the header, one in
// the query string is a second method, which section 2 forbids.
func bearer(r *http.Request) (string, error) {
	fields := r.Header.Values("Authorization")
	if len(fields) == 0 {
		return "", errNoToken
	}
	if len(fields) > 1 {
		return "", errMalformed
	}
	token, err := parseBearer(fields[0])
	if err == nil && r.URL.Query().Has("access_token") {
		return "", errMalformed
	}
	return token, err
}

// parseBearer reads credentials = "Bearer" 1*SP b64token. Another scheme is no
// bearer token at all; its name has no case (RFC 9110 section 11.1).
func parseBearer(field string) (string, error) {
	scheme, rest, found := strings.Cut(field, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	token := strings.TrimLeft(rest, " ")
	if !found || len(token) > maxToken || !isB64Token(token) {
		return "", errMalformed
	}
	return token, nil
}

// isB64Token is RFC 6750 section 2.1: 1*( ALPHA / DIGIT / "-" / "." / "_" /
// "~" / "+" / "/" ) *"=".
func isB64Token(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		c := body[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.Contains("-._~+/", string(c)) {
			return false
		}
	}
	return body != ""
}

// isScopeToken is RFC 6749 section 3.3: printable ASCII without space, quote
// and backslash.
func isScopeToken(s string) bool { return s != "" && quotable(s) && !strings.Contains(s, " ") }
