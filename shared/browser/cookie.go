package browser

import (
	"net/http"
	"strings"
	"time"

	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/upstream"
)

// The cookies' names. On https each bears the prefix __Host-, by which a browser
// takes it from this host alone, over TLS and for every path (RFC 6265bis
// section 4.1.3): no neighbour's page or subdomain can plant one.
const (
	cookieSession  = "rescind-session"  // who signed in
	cookieForm     = "rescind-form"     // what forms are bound to before that
	cookieUpstream = "rescind-upstream" // an attempt to sign in at the upstream provider
	hostPrefix     = "__Host-"
)

// cookies are what the browser brought that we can have made.
type cookies struct {
	session, form secret.Text
	attempt       upstream.Attempt
	hasAttempt    bool
}

// maxCookies is how much of a Cookie header is looked at.
const maxCookies = 16 << 10

func (s *Service) readCookies(r *http.Request) (c cookies) {
	if len(strings.Join(r.Header.Values("Cookie"), "")) > maxCookies {
		return c
	}
	c.session, _ = session.ParseValue(s.only(r, cookieSession))
	c.form, _ = session.ParseValue(s.only(r, cookieForm))
	c.attempt, c.hasAttempt = upstream.ParseCookie(s.only(r, cookieUpstream))
	return c
}

// only gives the cookie's value, and nothing where there are two of the name:
// one of them is somebody else's.
func (s *Service) only(r *http.Request, name string) string {
	found := r.CookiesNamed(s.cookieName(name))
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

func (s *Service) cookieName(name string) string {
	if s.secure {
		return hostPrefix + name
	}
	return name
}

// setCookie hands a value to the browser: for as long as the browser runs where
// lifetime is 0, and none at all where it is negative.
func (s *Service) setCookie(w http.ResponseWriter, name string, value secret.Text, lifetime time.Duration) {
	c := &http.Cookie{
		Name: s.cookieName(name), Value: value.Reveal(), Path: "/",
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
		MaxAge: int(lifetime / time.Second),
	}
	if lifetime < 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (s *Service) dropCookie(w http.ResponseWriter, name string) {
	s.setCookie(w, name, secret.Text{}, -1)
}
