package upstream

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"rescind/shared/secret"
)

// Config is one provider, and what we are registered as with it.
type Config struct {
	ID           string // in cookies and logs: 1 to 32 characters of A-Z a-z 0-9 _ and -
	Name         string // as the sign-in page names it; the issuer's host where empty
	Issuer       string // exactly as the provider's metadata spells it
	ClientID     string
	ClientSecret secret.Text
	Scopes       []string // openid, email and profile where empty
}

// FromEnv reads the one provider that an environment describes; nil where it
// describes none. An error names the variable that is missing or wrong, and
// holds no value.
func FromEnv(get func(string) string) (*Config, error) {
	const issuer, id, key, name = "RESCIND_UPSTREAM_ISSUER", "RESCIND_UPSTREAM_CLIENT_ID", "RESCIND_UPSTREAM_CLIENT_SECRET", "RESCIND_UPSTREAM_NAME"
	var missing []string
	for _, variable := range []string{issuer, id, key} {
		if get(variable) == "" {
			missing = append(missing, variable)
		}
	}
	switch {
	case len(missing) == 3 && get(name) == "":
		return nil, nil
	case len(missing) > 0:
		return nil, fmt.Errorf("an upstream provider is described in part: %s is not set", strings.Join(missing, ", "))
	}
	c := &Config{ID: "upstream", Name: get(name), Issuer: get(issuer), ClientID: get(id), ClientSecret: secret.NewText(get(key))}
	for _, check := range []struct {
		variable string
		err      error
	}{{issuer, checkIssuer(c.Issuer)}, {id, checkClientID(c.ClientID)}, {key, checkClientSecret(c.ClientSecret)}, {name, checkName(c.Name)}} {
		if check.err != nil {
			return nil, fmt.Errorf("%s: %w", check.variable, check.err)
		}
	}
	return c, nil
}

// Check tells what of a provider's description cannot be used.
func (c Config) Check() error {
	if len(c.Scopes) > 0 && !slices.Contains(c.Scopes, "openid") {
		return errors.New("the upstream provider's scopes: openid is not among them") // OpenID Connect Core section 3.1.2.1
	}
	for _, err := range []error{checkID(c.ID), checkIssuer(c.Issuer), checkClientID(c.ClientID), checkClientSecret(c.ClientSecret), checkName(c.Name)} {
		if err != nil {
			return fmt.Errorf("the upstream provider: %w", err)
		}
	}
	return nil
}

func (c Config) scopes() []string {
	if len(c.Scopes) > 0 {
		return c.Scopes
	}
	return []string{"openid", "email", "profile"}
}

func checkID(id string) error {
	word := func(r rune) bool {
		return r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
	}
	if id == "" || len(id) > 32 || strings.ContainsFunc(id, func(r rune) bool { return !word(r) }) {
		return errors.New("an ID is 1 to 32 letters, digits, _ and -")
	}
	return nil
}

// checkIssuer: OpenID Connect Core section 2. It may end in a slash, for it is
// compared as it is and some providers' do.
func checkIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || len(issuer) > 1024 || !printable(issuer) || strings.Contains(issuer, " "):
		return errors.New("the issuer is no URL")
	case !usable(u):
		return errors.New("the issuer is no https URL with a host (http will do for a loopback address only)")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(issuer, "#"):
		return errors.New("the issuer has a user name, a query or a fragment")
	}
	return nil
}

func checkClientID(id string) error {
	if id == "" || len(id) > 512 || !printable(id) {
		return errors.New("a client ID is 1 to 512 printable ASCII characters")
	}
	return nil
}

// checkClientSecret: we are a server and can keep one, so we have one (RFC 9700
// section 2.5).
func checkClientSecret(s secret.Text) error {
	if s.IsEmpty() || s.Len() > 1024 || !printable(s.Reveal()) {
		return errors.New("a client secret is 1 to 1024 printable ASCII characters")
	}
	return nil
}

func checkName(name string) error {
	if len(name) > 80 || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return errors.New("a name is at most 80 bytes of printable text")
	}
	return nil
}

// usable tells whether what is sent to a URL can be read by its host alone.
func usable(u *url.URL) bool {
	if u.Hostname() == "" || u.Opaque != "" {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// printable is ASCII from space to tilde.
func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
