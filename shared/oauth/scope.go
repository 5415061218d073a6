package oauth

import (
	"slices"
	"strings"
)

// Scope is a set of scope tokens in the order they were given, without
// repeats (RFC 6749 section 3.3). The empty Scope holds nothing.
type Scope []string

// maxScopeTokens is far more than a registration has room for; a request may
// not make us compare more.
const maxScopeTokens = 200

// ParseScope reads scope-token *( SP scope-token ), RFC 6749 section 3.3.
// The empty string is the empty Scope. ok is false for anything else that the
// grammar does not allow, doubled spaces among it, and for more than 200 tokens.
func ParseScope(s string) (scope Scope, ok bool) {
	if s == "" {
		return nil, true
	}
	if strings.Count(s, " ") >= maxScopeTokens {
		return nil, false
	}
	for tok := range strings.SplitSeq(s, " ") {
		if !validScopeToken(tok) {
			return nil, false
		}
		if !slices.Contains(scope, tok) {
			scope = append(scope, tok)
		}
	}
	return scope, true
}

// validScopeToken checks 1*( %x21 / %x23-5B / %x5D-7E ).
func validScopeToken(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return s != ""
}

// String joins the tokens with single spaces, as the wire has them.
func (s Scope) String() string { return strings.Join(s, " ") }

// Within tells whether every token of s is also in allowed.
func (s Scope) Within(allowed Scope) bool {
	for _, tok := range s {
		if !slices.Contains(allowed, tok) {
			return false
		}
	}
	return true
}

// Equal tells whether both hold the same tokens, in whatever order.
func (s Scope) Equal(o Scope) bool { return len(s) == len(o) && s.Within(o) }

// Has tells whether one token is in s.
func (s Scope) Has(tok string) bool { return slices.Contains(s, tok) }
