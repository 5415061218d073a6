package endpoint

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"rescind/shared/oauth"
)

const (
	formMedia = "application/x-www-form-urlencoded"
	maxBody   = 64 << 10 // bytes
	maxParams = 256
)

// readForm runs steps 1 to 5 of the pipeline: what it gives is well-formed,
// and no parameter stands twice (RFC 6749 section 3.2).
func readForm(w http.ResponseWriter, r *http.Request) (oauth.Params, error) {
	body, err := readBody(w, r)
	if err != nil {
		return oauth.Params{}, err
	}
	if err := checkQuery(r.URL.RawQuery); err != nil {
		return oauth.Params{}, err
	}
	return parseForm(body)
}

// ReadPage reads a form that a browser posted, by the same rules. It does not
// look at the query string, which is the page's own address.
func ReadPage(w http.ResponseWriter, r *http.Request) (oauth.Params, error) {
	body, err := readBody(w, r)
	if err != nil {
		return oauth.Params{}, err
	}
	return parseForm(body)
}

func checkMediaType(h http.Header) error {
	values := h.Values("Content-Type")
	if len(values) == 1 {
		media := values[0]
		if media != formMedia { // it may have a charset or other case
			parsed, _, err := mime.ParseMediaType(media)
			if err != nil {
				parsed = ""
			}
			media = parsed
		}
		encoding := h.Get("Content-Encoding")
		if media == formMedia && (encoding == "" || strings.EqualFold(encoding, "identity")) {
			return nil
		}
	}
	return oauth.Refuse(oauth.UnsupportedMediaType, "The body must be application/x-www-form-urlencoded, without a content encoding.")
}

// readBody runs steps 1 to 3.
func readBody(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodPost {
		return "", oauth.Refuse(oauth.MethodNotAllowed, "This endpoint takes POST only.")
	}
	if err := checkMediaType(r.Header); err != nil {
		return "", err
	}
	if r.ContentLength > maxBody {
		return "", errTooLarge
	}
	var body []byte
	var err error
	if r.ContentLength >= 0 { // the server gives no more than that: one buffer of the right size
		body = make([]byte, r.ContentLength)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	}
	if tooMany := (*http.MaxBytesError)(nil); errors.As(err, &tooMany) {
		return "", errTooLarge
	}
	if err != nil { // the sender broke off, or its chunks are malformed: nothing of ours failed
		return "", oauth.Refuse(oauth.InvalidRequest, "The body could not be read whole.")
	}
	return string(body), nil
}

// credentialParameters must not stand in a URL, where logs and histories keep
// them (RFC 6749 section 2.3.1, RFC 7009 section 2.1, RFC 9700 section 4.3.2).
var credentialParameters = []string{
	"client_id", "client_secret", "client_assertion", "token", "access_token", "refresh_token",
	"code", "code_verifier", "password", "assertion", "subject_token", "actor_token",
}

func checkQuery(raw string) error {
	if raw == "" {
		return nil
	}
	query, repeated, err := ParseQuery(raw)
	if err != nil || len(repeated) > 0 {
		return oauth.Refuse(oauth.InvalidRequest, "The query string is malformed or repeats a parameter; send parameters in the body.")
	}
	for _, name := range credentialParameters {
		if query.Has(name) {
			return oauth.Refuse(oauth.InvalidRequest, "Credentials, tokens and codes belong into the body, never into the URL.")
		}
	}
	return nil
}

var (
	errMalformed = oauth.Refuse(oauth.InvalidRequest, "The parameters are malformed: percent-encoding, UTF-8, or a control character.")
	errRepeated  = oauth.Refuse(oauth.InvalidRequest, "A parameter is repeated.")
	errTooLarge  = oauth.Refuse(oauth.ContentTooLarge, "The body may have 65536 bytes at most.")
	errTooMany   = oauth.Refuse(oauth.InvalidRequest, "There are more than 256 parameters.")
)

// parseForm is ParseQuery of a body, in which nothing is repeated.
func parseForm(s string) (oauth.Params, error) {
	p, repeated, err := ParseQuery(s)
	if err == nil && len(repeated) > 0 {
		err = errRepeated
	}
	if err != nil {
		return oauth.Params{}, err
	}
	return p, nil
}

// ParseQuery decodes application/x-www-form-urlencoded. Nothing is guessed: an
// escape that is none, text that is not UTF-8 and control characters are refused.
// A parameter that may not stand twice and does is in repeated, once, and has
// its first value: whose answer that is depends on which it was (RFC 6749
// section 4.1.2.1).
func ParseQuery(raw string) (p oauth.Params, repeated []string, err error) {
	s, pairs := raw, 0
	for s != "" {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		if name, err = unescape(name); err != nil {
			return oauth.Params{}, nil, err
		}
		if value, err = unescape(value); err != nil {
			return oauth.Params{}, nil, err
		}
		if !p.Add(name, value) && !slices.Contains(repeated, name) {
			repeated = append(repeated, name)
		}
		if pairs++; pairs > maxParams {
			return oauth.Params{}, nil, errTooMany
		}
	}
	return p, repeated, nil
}

func unescape(s string) (string, error) {
	if strings.ContainsAny(s, "%+") {
		var err error
		if s, err = url.QueryUnescape(s); err != nil {
			return "", errMalformed
		}
	}
	if !utf8.ValidString(s) {
		return "", errMalformed
	}
	for i := range len(s) {
		if s[i] < 0x20 || s[i] == 0x7f {
			return "", errMalformed
		}
	}
	return s, nil
}
