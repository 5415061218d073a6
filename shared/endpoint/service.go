package endpoint

import (
	"context"
	"log/slog"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// Service is what all endpoints of a process share. All members are
// required where nothing else is said.
type Service struct {
	Issuer string // as configured, without a last slash; emitted verbatim (RFC 8414 section 2)
	Rules  grant.Rules
	Auth   *client.Authenticator
	Audit  audit.Log
	Log    *slog.Logger // access log, one line a request, and outages

	Languages []string // of the pages, for the metadata; may be absent
}

// TokenStore is what the token endpoint needs of a store: the grants, and the
// one write that replaces an imported client secret.
type TokenStore interface {
	grant.IssueStore
	grant.RefreshStore
	client.Updater
}

// retryAfter is how many seconds a caller should wait after an outage. It is
// shorter than the grace, so that a refresh whose answer was lost is repeated
// while it still gets the identical answer.
const retryAfter = 2

// record completes an event with what the request tells and emits it.
func (s *Service) record(ctx context.Context, c *call, e audit.Event) {
	e.Time = s.Rules.Now().UTC()
	e.Operation, e.RequestID, e.Source = c.route, c.id, c.source
	if e.ClientID == "" {
		e.ClientID = c.client.ID()
	}
	if e.ClientID == "" && c.route == RouteBrowser {
		e.ClientID = c.caller
	}
	if e.TokenKind == "" && c.presented.Kind() != 0 {
		e.TokenKind = c.presented.Kind().String()
	}
	// A grant id is no secret: only a value that the grant issued connects with it.
	if e.GrantID == "" && c.grant != nil && (c.grant.Recognises(c.presented) || c.grant.HasCode(c.presented)) {
		e.GrantID = c.grant.ID.String()
		e.Subject = c.grant.Subject
	}
	s.Audit.Record(ctx, e)
}

func missing(description string) error { return oauth.Refuse(oauth.InvalidRequest, description) }
