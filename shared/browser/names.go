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
// for its Content-Security-Policy: any over TLS, since some browsers hold each
// hop of a redirect against it and the client may send people on; and the
// redirect URI's own where that is none.
func formAction(redirectURI string) []string {
	all := []string{"https:"}
	u, err := url.Parse(redirectURI)
	switch {
	case err != nil || u.Scheme == "" || u.Scheme == "https":
	case u.Scheme == "http":
		all = append(all, u.Scheme+"://"+u.Host)
	default:
		all = append(all, u.Scheme+":")
	}
	return all
}
