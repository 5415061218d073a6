package endpoint

import (
	"net/http"
	"slices"
)

// CORS (the Fetch standard's) lets a client's own pages read what the token and
// the revocation endpoint answer them, and nobody else's. It is no protection:
// scripts of any origin can send a form. docs/decisions/0017-cors.md.

// isPreflight tells whether a browser asks if a script may send a request. That
// question names no client, so the answer is the same for all: who may read
// what comes of the request is decided then.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// share lets the script that asked read the answer, if the client that
// authenticated has registered its origin. A client that did not authenticate
// shares nothing: who guesses must not learn whose origin it is.
func (c *call) share(w http.ResponseWriter, r *http.Request) {
	origins := r.Header.Values("Origin")
	if row := c.client.Client(); row != nil && len(origins) == 1 && slices.Contains(row.Policy.AllowedOrigins, origins[0]) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", origins[0])
		h.Set("Access-Control-Expose-Headers", "Retry-After, X-Request-Id")
		h.Set("Vary", "Origin")
	}
}
