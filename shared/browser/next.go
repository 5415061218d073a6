package browser

import (
	"fmt"
	"net/url"
	"strings"

	"rescind/shared/authorization"
	"rescind/shared/endpoint"
	"rescind/shared/oauth"
)

// maxQuery is how long an authorization request may be, in bytes. It must have
// room in a cookie while the person is at the upstream provider.
const maxQuery = 2500

var errTooLong = oauth.Refuse(oauth.InvalidRequest, "The authorization request may have 2500 bytes at most.")

// next checks where somebody goes after signing in: to an authorization request
// or to the page of what they authorized, both of this site, and nowhere else
// (RFC 9700 section 4.11). Nothing at all means that page.
func (s *Service) next(asked string) (string, error) {
	if asked == "" {
		return s.base + endpoint.PathAuthorized, nil
	}
	path, raw, hasQuery := strings.Cut(asked, "?")
	switch path {
	case s.base + endpoint.PathAuthorized:
		if !hasQuery {
			return asked, nil
		}
	case s.base + endpoint.PathAuthorize:
		if hasQuery && len(raw) <= maxQuery && plainQuery(raw) {
			return asked, nil
		}
	}
	return "", errNext
}

// plainQuery tells whether a query can stand in a Location header as it is.
func plainQuery(raw string) bool {
	for i := range len(raw) {
		if c := raw[i]; c <= ' ' || c > '~' || c == '"' || c == '<' || c == '>' || c == '\\' || c == '#' {
			return false
		}
	}
	return true
}

// plain is a query with what browsers leave unescaped escaped, so that it is a
// plainQuery of the same parameters.
func plain(raw string) string {
	var b strings.Builder
	for i := range len(raw) {
		if plainQuery(raw[i : i+1]) {
			b.WriteByte(raw[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", raw[i])
		}
	}
	return b.String()
}

// toSignIn sends somebody to sign in, and then on.
func (s *Service) toSignIn(v *visit, next string) error {
	return s.redirect(v, endpoint.PathSignIn, url.Values{fieldNext: {next}})
}

// afterSignIn is the place to go on to, without what has been done by then:
// prompt's login and select_account, and max_age. All else stays byte for byte.
func afterSignIn(next string) string {
	path, raw, hasQuery := strings.Cut(next, "?")
	if !hasQuery {
		return next
	}
	var kept []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		switch decoded, _ := url.QueryUnescape(name); decoded {
		case "max_age":
		case "prompt":
			if rest := promptAfter(value); rest != "" {
				kept = append(kept, "prompt="+url.QueryEscape(rest))
			}
		default:
			kept = append(kept, pair)
		}
	}
	return path + "?" + strings.Join(kept, "&")
}

// promptAfter is what is left of a prompt once somebody signed in. One that
// cannot be read stays, to be refused.
func promptAfter(escaped string) string {
	value, err := url.QueryUnescape(escaped)
	if err != nil {
		return "%"
	}
	if _, ok := authorization.ParsePrompt(value); !ok {
		return value
	}
	var kept []string
	for _, word := range strings.Fields(value) {
		if word != "login" && word != "select_account" {
			kept = append(kept, word)
		}
	}
	return strings.Join(kept, " ")
}
