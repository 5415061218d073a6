// Package verify protects a net/http API by token introspection (RFC 7662), at
// rescind or at any other server that offers it.
//
// Each request is judged by what the authorization server says now: a token
// that was revoked is refused from the next request on. A cache is off unless
// Config.CacheTTL asks for it, and then that is for how long a revoked token
// may still pass. What cannot be found out is 503: an authorization server that
// is gone, slow, or not understood opens nothing, and signs nobody out either.
//
// The package needs nothing but the standard library. It must not know how the
// authorization server keeps its tokens, or on what it runs.
package verify
