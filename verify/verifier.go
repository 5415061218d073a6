package verify

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Verifier judges requests. It is safe for many goroutines; one is enough for
// an API.
type Verifier struct {
	config Config
	http   *http.Client
	cache  *cache // nil: every request is asked about
}

// Event is one request that was judged, for metrics and logs. It holds nothing
// of the token.
type Event struct {
	Status   int           // of the answer; 0 where the request was passed on
	ClientID string        // of a token that is valid
	Cached   bool          // the server was not asked
	Duration time.Duration // of the judgement
	Err      error         // why it was not passed on
}

func sum(token string) digest { return sha256.Sum256([]byte(token)) }

// Require gives middleware that passes a request on if its token is valid and
// has all the scopes; FromContext then gives the token. It answers any other
// request itself, as RFC 6750 section 3 says. It panics at a scope that can be
// none (RFC 6749 section 3.3): the route would be closed to everyone.
func (v *Verifier) Require(scopes ...string) func(http.Handler) http.Handler {
	scopes = slices.Clone(scopes)
	for _, s := range scopes {
		if !isScopeToken(s) {
			panic("verify: Require takes scopes one by one, in printable ASCII without space, quote and backslash")
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t, err := v.judge(r, scopes)
			if err != nil {
				v.refuse(w, err, scopes)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), contextKey{}, t)))
		})
	}
}

var errScope = errors.New("the token lacks a scope")

// judge decides on a request and tells the observer.
func (v *Verifier) judge(r *http.Request, scopes []string) (Token, error) {
	start := time.Now()
	e := Event{}
	token, err := bearer(r)
	var t Token
	if err == nil {
		t, e.Cached, err = v.introspect(r.Context(), token)
		e.ClientID = t.ClientID
	}
	if err == nil && t.lacks(scopes) {
		err = errScope
	}
	if err != nil {
		e.Err, e.Status = err, reply(err).status
	}
	e.Duration = time.Since(start)
	v.config.Observe(e)
	return t, err
}

// answerTo is what a refused request gets.
type answerTo struct {
	status int
	code   string // RFC 6750 section 3.1; empty where no token was sent
}

// reply is the one table from error to answer. What it does not know is an
// outage.
func reply(err error) answerTo {
	switch {
	case errors.Is(err, errNoToken):
		return answerTo{http.StatusUnauthorized, ""}
	case errors.Is(err, errMalformed):
		return answerTo{http.StatusBadRequest, "invalid_request"}
	case errors.Is(err, ErrInvalid):
		return answerTo{http.StatusUnauthorized, "invalid_token"}
	case errors.Is(err, errScope):
		return answerTo{http.StatusForbidden, "insufficient_scope"}
	}
	return answerTo{http.StatusServiceUnavailable, "temporarily_unavailable"}
}

// refuse writes the answer. It says nothing of what went wrong inside.
func (v *Verifier) refuse(w http.ResponseWriter, err error, scopes []string) {
	a, h := reply(err), w.Header()
	h.Set("Cache-Control", "no-store")
	if a.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "2")
	} else {
		challenge := `Bearer realm="` + v.config.Realm + `"`
		if a.code != "" {
			challenge += `, error="` + a.code + `"`
		}
		if a.status == http.StatusForbidden {
			challenge += `, scope="` + strings.Join(scopes, " ") + `"`
		}
		h.Set("WWW-Authenticate", challenge)
	}
	if a.code == "" {
		w.WriteHeader(a.status)
		return
	}
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(`{"error":"` + a.code + `"}`)) // a caller that is gone cannot be told so
}
