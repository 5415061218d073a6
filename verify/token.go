package verify

import (
	"context"
	"slices"
	"time"
)

// Token is what the authorization server said of an access token.
type Token struct {
	Subject  string    // sub; empty where the client acts for itself
	ClientID string    // client_id
	Scope    []string  // scope
	Expires  time.Time // exp, in whole seconds; zero where the server did not say
}

// Has tells whether the token has a scope.
func (t Token) Has(scope string) bool { return slices.Contains(t.Scope, scope) }

// lacks tells whether the token lacks one of the scopes.
func (t Token) lacks(scopes []string) bool {
	return slices.ContainsFunc(scopes, func(s string) bool { return !t.Has(s) })
}

type contextKey struct{}

// FromContext gives the token of a request that passed Require. ok is false for
// any other: a handler that stands behind no Require.
func FromContext(ctx context.Context) (t Token, ok bool) {
	t, ok = ctx.Value(contextKey{}).(Token)
	return t, ok
}
