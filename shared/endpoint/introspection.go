package endpoint

import (
	"net/http"

	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// Introspection is the introspection endpoint, RFC 7662. It reads and never
// writes. Whatever the caller may not know is exactly {"active":false}.
func (s *Service) Introspection(store grant.Finder) http.Handler {
	return s.handle(RouteIntrospection, func(w http.ResponseWriter, r *http.Request, c *call) error {
		if err := c.enter(w, r); err != nil {
			return err
		}
		text := c.params.Get("token")
		if v, ok := token.Parse(text); ok {
			c.presented = v
		}
		identify := s.authenticate
		if c.auth.isBearer {
			identify = s.readBearer
		}
		ctx := r.Context()
		if err := identify(ctx, c, store); err != nil {
			return err
		}
		q := grant.Inquiry{Caller: c.client, Bearer: c.bearer, BearerGrant: c.bearerGrant,
			Token: c.presented, Grant: c.grant, Generation: c.generation}
		if text == "" {
			// Authentication comes first, a bearer's too: the rule judges it, of no token.
			q.Token, q.Grant = token.Value{}, nil
		}
		seen, err := s.Rules.Introspect(ctx, store, q)
		switch {
		case err != nil:
			c.grant = nil // a caller that may not ask is not connected with it
			return err
		case text == "":
			return missing("The token parameter is missing.")
		}
		c.caller = seen.Caller
		replyIntrospection(w, s.Issuer, seen)
		return nil
	})
}

var errBearer = &oauth.Error{Code: oauth.InvalidToken, Challenge: "Bearer",
	Description: "The access token is invalid, or does not permit introspection."}
