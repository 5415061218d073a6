package endpoint

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// This is the one file that writes responses. The rules are:
//
//   - Headers before status, status before body, each once.
//   - No answer but the metadata may be kept by a cache (RFC 6749 section 5.1).
//   - The status follows from the error's code, by the table in package oauth.
//   - Nothing of a request is ever written back, but the request id.

// tokenResponse is RFC 6749 section 5.1. Scope is always there.
type tokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"`
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
}

// TokenResponse is the JSON of a token response (RFC 6749 section 5.1), for
// the operator's command, which hands out tokens too. It holds the values themselves.
func TokenResponse(t grant.Tokens) ([]byte, error) {
	body := tokenResponse{AccessToken: t.Access.Text().Reveal(), TokenType: "Bearer", ExpiresIn: t.ExpiresIn, Scope: t.Scope.String()}
	if t.Refresh.Kind() != 0 {
		body.RefreshToken = t.Refresh.Text().Reveal()
	}
	return json.Marshal(body)
}

func replyTokens(w http.ResponseWriter, t grant.Tokens) {
	body, err := TokenResponse(t)
	if err != nil {
		panic("encoding a token response") // strings and numbers: cannot fail
	}
	noStore(w.Header())
	writeJSON(w, http.StatusOK, body)
}

// replyRevoked is RFC 7009 section 2.2: 200 and an empty body.
func replyRevoked(w http.ResponseWriter) {
	noStore(w.Header())
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// introspectionResponse is RFC 7662 section 2.2.
type introspectionResponse struct {
	Active    bool     `json:"active"`
	Scope     string   `json:"scope,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	Expires   int64    `json:"exp,omitempty"`
	Issued    int64    `json:"iat,omitempty"`
	Subject   string   `json:"sub,omitempty"`
	Audience  []string `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
}

func replyIntrospection(w http.ResponseWriter, issuer string, seen grant.Introspection) {
	var body introspectionResponse
	if seen.Active {
		body = introspectionResponse{Active: true, Scope: seen.Scope.String(), ClientID: seen.ClientID,
			Expires: seen.Expires.Unix(), Issued: seen.Issued.Unix(), Subject: seen.Subject, Audience: seen.Audience, Issuer: issuer}
		if seen.Kind == token.Access {
			body.TokenType = "Bearer"
		}
	}
	noStore(w.Header())
	encodeJSON(w, http.StatusOK, body)
}

// errorResponse is RFC 6749 section 5.2.
type errorResponse struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// replyError answers with the protocol's word where there is one, and
// otherwise with an outage that tells nothing. It gives the status.
func replyError(w http.ResponseWriter, err error, allow string) int {
	var answer *oauth.Error
	if !errors.As(err, &answer) {
		answer = &oauth.Error{Code: oauth.TemporarilyUnavailable, RetryAfter: retryAfter,
			Description: "The request could not be completed and may be repeated."}
	}
	h, code := w.Header(), answer.Code
	noStore(h)
	if code == oauth.MethodNotAllowed {
		h.Set("Allow", allow)
	}
	if answer.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(answer.RetryAfter))
	}
	switch {
	case answer.Challenge == "Bearer" && code == oauth.InvalidToken: // RFC 6750 section 3
		h.Set("WWW-Authenticate", `Bearer realm="rescind", error="invalid_token"`)
	case answer.Challenge == "Bearer":
		h.Set("WWW-Authenticate", `Bearer realm="rescind"`)
	case answer.Challenge != "": // RFC 7617 section 2
		h.Set("WWW-Authenticate", `Basic realm="rescind", charset="UTF-8"`)
	}
	encodeJSON(w, code.Status(), errorResponse{code.Word(), answer.Description})
	return code.Status()
}

// replyDocument serves a cacheable document, RFC 8414 section 3.2, or 304
// where the caller has it (RFC 9110 section 13.1.2).
func replyDocument(w http.ResponseWriter, r *http.Request, body []byte, etag string) {
	h := w.Header()
	h["X-Content-Type-Options"] = valueNosniff
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", etag)
	h.Set("Access-Control-Allow-Origin", "*") // it is public
	if etagMatches(r.Header.Values("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// replyPreflight allows a script to send what clients send. The answer's reader
// is not chosen by it.
func replyPreflight(w http.ResponseWriter) {
	h := w.Header()
	noStore(h)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "POST")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-Request-Id")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}

// replyHealth is for the local gateway's /healthz.
func replyHealth(w http.ResponseWriter) {
	noStore(w.Header())
	encodeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// The values that most answers carry, made once. Nobody changes them in place:
// a Header's Set and Add leave a full slice alone.
var (
	valueNoStore = []string{"no-store"}
	valueNoCache = []string{"no-cache"}
	valueNosniff = []string{"nosniff"}
	valueJSON    = []string{"application/json"}
)

func noStore(h http.Header) {
	h["Cache-Control"], h["Pragma"], h["X-Content-Type-Options"] = valueNoStore, valueNoCache, valueNosniff
}

func encodeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic("encoding a response") // plain strings, numbers and slices: cannot fail
	}
	writeJSON(w, status, body)
}

func writeJSON(w http.ResponseWriter, status int, body []byte) {
	h := w.Header()
	h["Content-Type"] = valueJSON
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that is gone cannot be told so
}
