package endpoint

import (
	"context"
	"net/http"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/granttype"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// Token is the token endpoint, RFC 6749 section 3.2, with the grant types given.
func (s *Service) Token(store TokenStore, types ...granttype.Type) http.Handler {
	return s.handle(RouteToken, func(w http.ResponseWriter, r *http.Request, c *call) error {
		if isPreflight(r) {
			replyPreflight(w)
			return nil
		}
		if err := c.enter(w, r); err != nil {
			return err
		}
		wanted := c.params.Get("grant_type")
		var chosen granttype.Type
		for _, t := range types {
			if t.Name() == wanted {
				chosen = t
				c.presented = t.Presented(&c.params)
			}
		}
		ctx := r.Context()
		if err := s.authenticate(ctx, c, store); err != nil {
			return err
		}
		c.share(w, r)
		s.upgradeSecret(ctx, c, store)
		switch {
		case wanted == "":
			return missing("The grant_type parameter is missing.")
		case chosen == nil:
			return oauth.Refuse(oauth.UnsupportedGrantType, "This grant type is not offered.")
		case !c.client.Client().Policy.Allows(chosen.Name()):
			return oauth.Refuse(oauth.UnauthorizedClient, "The client is not registered for this grant type.")
		}
		t, done, err := chosen.Issue(ctx, s.Rules, store, granttype.Request{
			Client: c.client, Params: &c.params, Presented: c.presented, Grant: c.grant, Generation: c.generation,
		})
		if err != nil {
			return err
		}
		reason := ""
		if t.Displaced {
			reason = "displaced_the_oldest_access_token"
		}
		s.record(ctx, c, audit.Event{Action: done, Outcome: "ok", GrantID: t.Grant.String(), Subject: t.Subject, Reason: reason})
		replyTokens(w, t)
		return nil
	})
}

// upgradeSecret replaces an imported hash by the SHA-256 of the secret that
// just verified, if that is long enough. It may fail: the old hash still works.
func (s *Service) upgradeSecret(ctx context.Context, c *call, store client.Updater) {
	from, to, ok := c.client.Upgrade()
	if !ok {
		return
	}
	op, err := secret.NewOp(s.Rules.Rand)
	if err != nil {
		return
	}
	row := c.client.Client()
	secrets := make([]client.Secret, 0, len(row.Secrets))
	for _, kept := range row.Secrets {
		if kept.Same(from) {
			kept = to
		}
		secrets = append(secrets, kept)
	}
	ch := client.Change{Secrets: &secrets, Op: op, Updated: to.Created}
	if err := store.UpdateClient(ctx, row.ID, row.Version, ch); err != nil {
		s.Log.WarnContext(ctx, "an imported client secret was not upgraded", "client_id", row.ID, "request_id", c.id, "error", err.Error())
		return
	}
	s.record(ctx, c, audit.Event{Action: audit.Client, Outcome: "ok", Reason: "imported_secret_upgraded"})
}
