package main

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"

	"rescind/verify"
)

// introspected asks the authorization server about each request's token.
func introspected(v *verify.Verifier) gate {
	return func(scope string, h handler) http.Handler {
		return v.Require(scope)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			t, _ := verify.FromContext(r.Context())
			h(w, r, caller{t.Subject, t.ClientID})
		}))
	}
}

// authority is what rescind's authorizer hands to the function behind it.
type authority struct {
	Subject  string `json:"sub"`
	ClientID string `json:"client_id"`
	Scope    string `json:"scope"`
}

type authorityKey struct{}

// authorized takes the authorizer's word, which API Gateway puts where no
// request can write: into requestContext. A request without it did not come
// through the authorizer, and is refused: a route that lacks it must not be open.
func authorized(scope string, h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := r.Context().Value(authorityKey{}).(authority)
		switch {
		case !ok:
			w.Header().Set("Retry-After", "60")
			reply(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
		case !slices.Contains(strings.Fields(a.Scope), scope):
			w.Header().Set("WWW-Authenticate", `Bearer realm="notes", error="insufficient_scope", scope="`+scope+`"`)
			reply(w, http.StatusForbidden, map[string]string{"error": "insufficient_scope"})
		default:
			h(w, r, caller{a.Subject, a.ClientID})
		}
	})
}

// behindAuthorizer takes the authorizer's context from the event, before the
// rest of it becomes an http.Request.
type behindAuthorizer struct{ next lambda.Handler }

// Invoke answers one event.
func (b behindAuthorizer) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	if a, ok := authorityOf(event); ok {
		ctx = context.WithValue(ctx, authorityKey{}, a)
	}
	return b.next.Invoke(ctx, event)
}

// authorityOf reads requestContext.authorizer: HTTP APIs put the context under
// "lambda", REST APIs directly.
func authorityOf(event []byte) (authority, bool) {
	var e struct {
		RequestContext struct {
			Authorizer struct {
				authority
				Lambda *authority `json:"lambda"`
			} `json:"authorizer"`
		} `json:"requestContext"`
	}
	if json.Unmarshal(event, &e) != nil {
		return authority{}, false
	}
	a := e.RequestContext.Authorizer.authority
	if l := e.RequestContext.Authorizer.Lambda; l != nil {
		a = *l
	}
	return a, a.ClientID != ""
}
