package oauth

import "net/url"

// Grant types that this server knows (RFC 6749 sections 4.1, 4.4 and 6).
const (
	GrantAuthorizationCode = "authorization_code"
	GrantClientCredentials = "client_credentials"
	GrantRefreshToken      = "refresh_token"
)

// Client authentication methods, from RFC 7591 section 2.
const (
	AuthNone  = "none"
	AuthBasic = "client_secret_basic"
	AuthPost  = "client_secret_post"
)

// ScopeIntrospection is the scope that lets an access token call the
// introspection endpoint (RFC 7662 section 2.1).
const ScopeIntrospection = "introspection"

// ValidResource tells whether s can be a resource indicator: an absolute URI
// without a fragment, RFC 8707 section 2, in the characters of RFC 3986.
func ValidResource(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	u, err := url.Parse(s)
	return err == nil && u.IsAbs() && u.Fragment == "" && len(s) <= 512 &&
		(u.Host != "" || u.Opaque != "") && s[len(s)-1] != '#'
}

// ValidClientID tells whether s can name a client: 1 to 128 VSCHARs without
// spaces (RFC 6749 appendix A.1 allows more; nothing else is ever looked up).
func ValidClientID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
