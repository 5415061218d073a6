package endpoint

import (
	"encoding/base64"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// presented is how a request authenticates: a client's credentials, or a
// bearer's token, never both.
type presented struct {
	client client.Credentials
	bearer secret.Text // with isBearer; perhaps empty
	isBearer,
	unsupported bool // a scheme or assertion that is not offered
}

var errTwoMethods = oauth.Refuse(oauth.InvalidRequest, "More than one way to authenticate was used.")

// readCredentials is step 6: which one method the request uses (RFC 6749
// section 2.3: not more than one). Wrong is still to be told from right.
func readCredentials(r *http.Request, p *oauth.Params, source string) (presented, error) {
	id, text := p.Get("client_id"), p.Get("client_secret")
	assertion := p.Get("client_assertion") != "" || p.Get("client_assertion_type") != ""
	headers := r.Header.Values("Authorization")
	if len(headers) > 1 || (len(headers) == 1 && (text != "" || assertion)) || (assertion && text != "") {
		return presented{}, errTwoMethods
	}
	if len(headers) == 1 {
		return readAuthorization(headers[0], id, source)
	}
	c := client.Credentials{Source: source}
	switch {
	case assertion:
		return presented{unsupported: true}, nil
	case id == "" && text == "":
		return presented{}, nil
	case text == "":
		c.Method = oauth.AuthNone
	default:
		c.Method = oauth.AuthPost
	}
	c.Pairs = []client.Pair{{ID: id, Secret: secret.NewText(text)}}
	return presented{client: c}, nil
}

func readAuthorization(header, bodyID, source string) (presented, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	rest = strings.TrimLeft(rest, " ")
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		if bodyID != "" {
			return presented{}, errTwoMethods
		}
		return presented{isBearer: true, bearer: secret.NewText(rest)}, nil
	case !strings.EqualFold(scheme, "Basic"):
		return presented{unsupported: true}, nil
	}
	pairs := readBasic(rest)
	if len(pairs) > 0 && bodyID != "" {
		pairs = onlyID(pairs, bodyID)
		if len(pairs) == 0 {
			return presented{}, oauth.Refuse(oauth.InvalidRequest, "The client_id in the body is not the one in the Authorization header.")
		}
	}
	c := client.Credentials{Method: oauth.AuthBasic, Pairs: pairs, Source: source}
	// "A client MAY omit the secret if it is empty" (RFC 6749 section 2.3.1):
	// an empty password is a public client that names itself in the header.
	if len(pairs) > 0 && pairs[0].Secret.IsEmpty() {
		c.Method = oauth.AuthNone
	}
	return presented{client: c, unsupported: len(pairs) == 0}, nil
}

// readBasic gives the form-decoded pair of RFC 6749 section 2.3.1, and after
// it the raw pair where that differs: some clients do not encode.
func readBasic(encoded string) []client.Pair {
	b, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil
	}
	rawID, rawSecret, ok := strings.Cut(string(b), ":")
	if !ok {
		return nil
	}
	raw := client.Pair{ID: rawID, Secret: secret.NewText(rawSecret)}
	id, errID := url.QueryUnescape(rawID)
	text, errText := url.QueryUnescape(rawSecret)
	switch {
	case errID != nil || errText != nil:
		return []client.Pair{raw}
	case id == rawID && text == rawSecret:
		return []client.Pair{raw}
	}
	return []client.Pair{{ID: id, Secret: secret.NewText(text)}, raw}
}

func onlyID(pairs []client.Pair, id string) []client.Pair {
	var same []client.Pair
	for _, p := range pairs {
		if p.ID == id {
			same = append(same, p)
		}
	}
	return same
}

// sourceOf is the caller's address, without the port, for throttling and the
// audit. Of an IPv6 address the first 64 bits count: one host has them all.
func sourceOf(remoteAddr string) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		host = remoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	if addr = addr.Unmap(); addr.Is6() && !addr.IsLoopback() {
		if prefix, err := addr.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
