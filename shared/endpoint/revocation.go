package endpoint

import (
	"net/http"

	"rescind/shared/audit"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// Revocation is the revocation endpoint, RFC 7009. Its 200 is written only
// after the rule returned, and the rule returns only once the end is durable.
// token_type_hint is not needed to find a token, so any value is ignored
// (section 2.1).
func (s *Service) Revocation(store grant.RevokeStore) http.Handler {
	return s.handle(RouteRevocation, func(w http.ResponseWriter, r *http.Request, c *call) error {
		if isPreflight(r) {
			replyPreflight(w)
			return nil
		}
		if err := c.enter(w, r); err != nil {
			return err
		}
		text := c.params.Get("token")
		if v, ok := token.Parse(text); ok && v.Kind() != token.Code {
			c.presented = v
		}
		ctx := r.Context()
		if err := s.authenticate(ctx, c, store); err != nil {
			return err
		}
		c.share(w, r)
		if text == "" {
			return missing("The token parameter is missing.")
		}
		ended, err := s.Rules.Revoke(ctx, store, grant.RevokeRequest{
			Client: c.client, Token: c.presented, Grant: c.grant, Reason: "client_request",
		})
		if err != nil {
			return err
		}
		e := audit.Event{Action: audit.Revoke, Outcome: "ok", Reason: "ended_" + ended.What}
		if ended.What == grant.EndedNothing {
			e.Reason = ended.Why
		}
		s.record(ctx, c, e)
		replyRevoked(w)
		return nil
	})
}
