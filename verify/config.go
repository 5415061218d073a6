package verify

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Config says whom to ask, and what to demand of a token.
type Config struct {
	// Issuer is the authorization server's identifier (RFC 8414 section 2). An
	// answer that names another one is refused. Without IntrospectionEndpoint it
	// is taken for a rescind, whose endpoint is Issuer + "/o/introspect/".
	Issuer string
	// IntrospectionEndpoint is where to ask: https, or http on this machine only.
	IntrospectionEndpoint string
	// ClientID and ClientSecret are those of the API, as the authorization server
	// knows it: at rescind a client made with --resource-server. They are sent as
	// RFC 6749 section 2.3.1 says (HTTP Basic).
	ClientID     string
	ClientSecret Secret
	// Audience is this API's name, which aud must hold (RFC 7662 section 2.2).
	// Empty: aud is not looked at, and the server decides what this client sees.
	Audience string
	// AcceptUntyped takes answers without token_type. Without it they are
	// refused: rescind leaves it out for refresh tokens only, which are no access
	// tokens. Set it for a server that never sends token_type.
	AcceptUntyped bool
	// Realm stands in challenges (RFC 9110 section 11.5); empty is "api".
	Realm string
	// Timeout is how long one introspection may take; 0 is 5 s.
	Timeout time.Duration
	// CacheTTL is for how long an answer may be used again, counted from before
	// it was asked for: how long a revoked token may still pass. 0: never.
	CacheTTL time.Duration
	// CacheSize is how many answers are kept; 0 is 10,000.
	CacheSize int
	// Transport carries the introspections; nil is one with the settings of
	// http.DefaultTransport. It must not follow redirects or keep answers.
	Transport http.RoundTripper
	// Observe hears of every request that was judged, before it is answered. It
	// runs in the request's goroutine and must be safe for many. May be nil.
	Observe func(Event)
	// Now is the clock that exp is compared with; nil is time.Now.
	Now func() time.Time
}

const (
	rescindPath    = "/o/introspect/"
	defaultRealm   = "api"
	defaultTimeout = 5 * time.Second
	defaultSize    = 10_000
)

// New makes a Verifier. It asks nothing yet: an authorization server that is
// down keeps no API from starting. Errors say what to change in c.
func New(c Config) (*Verifier, error) {
	if c.IntrospectionEndpoint == "" && c.Issuer != "" {
		c.IntrospectionEndpoint = c.Issuer + rescindPath
	}
	if c.Realm == "" {
		c.Realm = defaultRealm
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.CacheSize == 0 {
		c.CacheSize = defaultSize
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Observe == nil {
		c.Observe = func(Event) {}
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("verify: %w", err)
	}
	if c.Transport == nil {
		c.Transport = newTransport()
	}
	v := &Verifier{config: c, http: &http.Client{
		Transport: c.Transport,
		// A redirect would carry the credentials and the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if c.CacheTTL > 0 {
		v.cache = newCache(c.CacheTTL, c.CacheSize)
	}
	return v, nil
}

func (c Config) check() error {
	if err := checkURL(c.IntrospectionEndpoint); err != nil {
		return err
	}
	switch {
	case c.ClientID == "" || c.ClientSecret.text() == "":
		return errors.New("set ClientID and ClientSecret: introspection is for authenticated callers (RFC 7662 section 2.1)")
	case !quotable(c.Realm):
		return errors.New("the realm must be printable ASCII without quote and backslash")
	case c.Timeout < 0 || c.CacheTTL < 0 || c.CacheSize < 0:
		return errors.New("none of Timeout, CacheTTL and CacheSize may be negative")
	}
	return nil
}

// checkURL wants TLS wherever the token and the secret leave the machine
// (RFC 7662 section 4).
func checkURL(s string) error {
	u, err := url.Parse(s)
	if s == "" || err != nil || u.Host == "" || u.User != nil || u.Fragment != "" {
		return errors.New("set Issuer, or IntrospectionEndpoint, to an absolute URL without user and fragment, such as https://auth.example.com")
	}
	if u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()) {
		return nil
	}
	return errors.New("the introspection endpoint must be https, or http on this machine")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// quotable tells whether s can stand in a quoted-string as it is (RFC 9110
// section 5.6.4).
func quotable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || s[i] == '"' || s[i] == '\\' {
			return false
		}
	}
	return true
}
