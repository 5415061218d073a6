package browser

import (
	"net/url"

	"rescind/shared/client"
)

// nameOf is how the pages call a client.
func nameOf(c *client.Client) string {
	if c.Policy.Name != "" {
		return c.Policy.Name
	}
	return c.ID
}

// hostOf is where a redirect URI leads, for a person to read: a host, or for an
// app on their own device, the scheme that the app has there.
func hostOf(redirectURI string) (host string, native bool) {
	u, err := url.Parse(redirectURI)
	switch {
	case err != nil:
		return "", false
	case u.Scheme == "https" || u.Scheme == "http":
		return u.Host, client.NativeRedirect(redirectURI)
	}
	return u.Scheme, true
}

// formAction are the places to which a page's form may lead beside this site,
// for its Content-Security-Policy. Some browsers hold each hop of a redirect
// against it, and both a client and an upstream provider may send people on: so
// it is any place over TLS, and with the scheme of each of the given URLs.
func formAction(urls ...string) []string {
	all := []string{"https:"}
	for _, text := range urls {
		if u, err := url.Parse(text); err == nil && u.Scheme != "" && u.Scheme != "https" {
			all = append(all, u.Scheme+":")
		}
	}
	return all
}
