package client

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"rescind/shared/oauth"
)

// How many of each a client may have, and how long one may be.
const (
	maxRedirectURIs   = 20
	maxOrigins        = 20
	maxRedirectURILen = 2048
)

// uriPunctuation is what RFC 3986 section 2 allows beside letters, digits and
// the number sign, which would begin a fragment. A backslash is not in it:
// browsers take it for a slash.
const uriPunctuation = "-._~:/?[]@!$&'()*+,;=%"

// responseParameters are those that an authorization response adds (RFC 6749
// sections 4.1.2 and 4.1.2.1, RFC 9207). One that stood in the URI too would
// be repeated, and the client could take the wrong one.
var responseParameters = []string{"code", "state", "iss", "error", "error_description", "error_uri"}

// CheckRedirectURI tells what is wrong with a redirect URI, if anything: it is
// absolute and without a fragment (RFC 6749 section 3.1.2), https or, for an
// app on the user's own machine, http to a loopback address or a private-use
// scheme (RFC 8252 section 7).
func CheckRedirectURI(uri string) error {
	if uri == "" || len(uri) > maxRedirectURILen {
		return fmt.Errorf("a redirect URI has 1 to %d characters", maxRedirectURILen)
	}
	if strings.ContainsFunc(uri, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(uriPunctuation, c)
	}) {
		return errors.New("a redirect URI has only the characters of RFC 3986 and no fragment; percent-encode others")
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil, u.Scheme == "", !strings.HasPrefix(uri, u.Scheme+":"):
		return errors.New("a redirect URI is absolute and begins with its scheme in lower case, such as https://app.example.com/callback")
	case u.User != nil, strings.Contains(u.Host, "@"):
		return errors.New("a redirect URI must not hold a user name or password")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("a redirect URI's query string must be well-formed")
	}
	for _, name := range responseParameters {
		if query.Has(name) {
			return fmt.Errorf("a redirect URI's query string must not hold %s, which the authorization response adds", name)
		}
	}
	return checkScheme(u)
}

func checkScheme(u *url.URL) error {
	host := u.Hostname()
	switch u.Scheme {
	case "https", "http":
		if host == "" || strings.ContainsAny(host, "*%!$&'()+,;=~") || !goodPort(u) {
			return errors.New("a redirect URI names one host and, where it names a port, a number from 1 to 65535; there are no wildcards")
		}
		if u.Scheme == "http" && host != "localhost" && !isRedirectLoopback(host) {
			return errors.New("an http redirect URI goes to 127.0.0.1, [::1] or localhost only (RFC 8252 section 7.3); use https")
		}
	default:
		// A domain name backwards, which has a dot: so nobody takes another's
		// by chance, and javascript:, data: and file: are none.
		if !strings.Contains(u.Scheme, ".") || strings.HasPrefix(u.Scheme, ".") || strings.HasSuffix(u.Scheme, ".") {
			return errors.New("a private-use scheme is the app's domain name backwards, such as com.example.app (RFC 8252 section 7.1)")
		}
		if u.Opaque == "" && u.Host == "" && u.Path == "" {
			return errors.New("a redirect URI has something after its scheme, such as com.example.app:/callback")
		}
	}
	return nil
}

// goodPort also holds that a host in brackets is an address, and that no colon
// stands without a port behind it.
func goodPort(u *url.URL) bool {
	if strings.HasPrefix(u.Host, "[") {
		if a, err := netip.ParseAddr(u.Hostname()); err != nil || !a.Is6() {
			return false
		}
	}
	if u.Port() == "" {
		return !strings.HasSuffix(u.Host, ":")
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	return err == nil && n > 0
}

// loopbacks are the addresses whose port an app learns only when it listens.
// localhost is not among them: what it resolves to is not ours to say (RFC 8252
// section 8.3), and so it is compared as it stands.
var loopbacks = []string{"127.0.0.1", "::1"}

func isRedirectLoopback(host string) bool { return slices.Contains(loopbacks, host) }

// NativeRedirect tells whether a redirect URI stays on the user's own machine,
// with an app whose name nobody vouches for (RFC 8252 section 8.6): loopback
// http, or a private-use scheme.
func NativeRedirect(uri string) bool {
	return CheckRedirectURI(uri) == nil && !strings.HasPrefix(uri, "https:")
}

// MatchesRedirectURI tells whether the client registered the redirect URI that
// a request asks for: the same characters (RFC 9700 section 4.1.3), where only
// the port of an http loopback address may differ (RFC 8252 section 7.3).
func (p Policy) MatchesRedirectURI(asked string) bool {
	if CheckRedirectURI(asked) != nil {
		return false
	}
	apart, loopback := withoutPort(asked)
	return slices.ContainsFunc(p.RedirectURIs, func(registered string) bool {
		if registered == asked {
			return true
		}
		r, ok := withoutPort(registered)
		return ok && loopback && r == apart
	})
}

// withoutPort gives an http loopback URI without its port. It cuts characters
// and builds nothing anew: a parser that reads a URI otherwise than a browser
// must not decide.
func withoutPort(uri string) (string, bool) {
	for _, begin := range []string{"http://127.0.0.1", "http://[::1]"} {
		rest, ok := strings.CutPrefix(uri, begin)
		if !ok {
			continue
		}
		if port, is := strings.CutPrefix(rest, ":"); is {
			rest = strings.TrimLeft(port, "0123456789")
		}
		if rest == "" || rest[0] == '/' || rest[0] == '?' {
			return begin + rest, true
		}
	}
	return "", false
}

// CheckOrigin tells what is wrong with an origin whose scripts may read
// answers, if anything. It must be as a browser sends it (RFC 6454 section
// 6.2), or it would never match.
func CheckOrigin(o string) error {
	errShape := errors.New("an origin is as browsers send it: https://app.example.com or http://localhost:5173, in lower case, without path, last slash and default port")
	if len(o) > 256 || strings.ToLower(o) != o {
		return errShape
	}
	u, err := url.Parse(o)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != o || CheckRedirectURI(o) != nil {
		return errShape
	}
	host := u.Hostname()
	addr, err := netip.ParseAddr(host)
	canonical := err != nil || addr.String() == host
	switch port := u.Port(); {
	case u.Scheme != "https" && u.Scheme != "http", !canonical, strings.HasPrefix(port, "0"),
		u.Scheme == "https" && port == "443", u.Scheme == "http" && port == "80":
		return errShape
	}
	return nil
}

func (p Policy) checkRedirects() error {
	switch {
	case p.Allows(oauth.GrantAuthorizationCode) && len(p.RedirectURIs) == 0:
		return errors.New("authorization_code needs at least one redirect URI (RFC 6749 section 3.1.2.2)")
	case len(p.RedirectURIs) > maxRedirectURIs:
		return fmt.Errorf("a client has %d redirect URIs at most", maxRedirectURIs)
	case len(p.AllowedOrigins) > maxOrigins:
		return fmt.Errorf("a client has %d origins at most", maxOrigins)
	}
	for _, list := range []struct {
		of    []string
		check func(string) error
	}{{p.RedirectURIs, CheckRedirectURI}, {p.AllowedOrigins, CheckOrigin}} {
		for i, s := range list.of {
			if err := list.check(s); err != nil {
				return fmt.Errorf("%q: %w", s, err)
			}
			if slices.Contains(list.of[:i], s) {
				return fmt.Errorf("%q stands twice; name it once", s)
			}
		}
	}
	return nil
}
