package page

import (
	"net/netip"
	"slices"
	"strings"
)

// maxSources bounds the header: a page needs the client's and the upstream
// provider's.
const maxSources = 8

// formAction gives the sources of the directive form-action. Chromium holds
// the redirects that follow a form to it, so a page whose form may end at the
// client has to name the client's origin, or its scheme where that is all that
// Content Security Policy can express. A source is "https://host:port" or
// "scheme:"; whatever is neither is left out, so that nothing of a request
// writes policy.
func formAction(sources []string) string {
	out := []string{"'self'"}
	for _, s := range sources {
		if s = source(s); s != "" && !slices.Contains(out, s) && len(out) <= maxSources {
			out = append(out, s)
		}
	}
	return strings.Join(out, " ")
}

// source is one source as Content Security Policy Level 3 section 2.3.1 writes
// it, or empty. An address as a host matches nothing there but 127.0.0.1, so
// its scheme has to do.
func source(s string) string {
	scheme, rest, found := strings.Cut(s, ":")
	if !found || !validScheme(scheme) || len(s) > 300 {
		return ""
	}
	host, isOrigin := strings.CutPrefix(rest, "//")
	switch {
	case rest == "":
		return s
	case !isOrigin:
		return ""
	case !strings.HasPrefix(host, "["):
		name, port, hasPort := strings.Cut(host, ":")
		if !validHost(name) || hasPort && !digits(port) {
			return ""
		}
		if addr, err := netip.ParseAddr(name); err == nil && addr.String() != "127.0.0.1" {
			return scheme + ":"
		}
		return s
	}
	if inside, port, closes := strings.Cut(host[1:], "]"); closes {
		_, err := netip.ParseAddr(inside)
		if err == nil && (port == "" || port[0] == ':' && digits(port[1:])) {
			return scheme + ":"
		}
	}
	return ""
}

// validScheme is RFC 3986 section 3.1.
func validScheme(s string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if letter := c >= 'a' && c <= 'z'; !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(s[i]))) {
			return false
		}
	}
	return s != ""
}

func validHost(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < 'a' || c > 'z') && !strings.ContainsRune("0123456789-.", rune(s[i])) {
			return false
		}
	}
	return s != ""
}

func digits(s string) bool {
	return s != "" && len(s) <= 5 && strings.Trim(s, "0123456789") == ""
}
