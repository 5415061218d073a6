package grant

import (
	"context"
	"slices"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// Inquiry is an introspection (RFC 7662 section 2.1). The caller is a client
// that has authenticated, or the bearer of an access token. The grants and the
// generation are of one read.
type Inquiry struct {
	Caller      client.Authenticated
	Bearer      token.Value // instead of Caller
	BearerGrant *Grant

	Token      token.Value // the zero Value for what cannot be ours
	Grant      *Grant
	Generation int64
}

// Introspection is what a caller may know of a token. Where Active is false
// all else is empty but Why, which is for the log.
type Introspection struct {
	Active   bool
	Why      string
	Caller   string // the client that asked
	Grant    token.GrantID
	Kind     token.Kind
	ClientID string
	Subject  string
	Scope    oauth.Scope
	Audience []string
	Issued   time.Time
	Expires  time.Time
}

// Introspect tells whether a token is active, and what it stands for, to a
// caller that may know: its own client, or for an access token a resource
// server of its audience (RFC 7662 sections 2.2 and 4). Errors: *Refused for a
// caller that may not ask at all, or an outage.
func (r Rules) Introspect(ctx context.Context, s Finder, q Inquiry) (Introspection, error) {
	caller := q.Caller.Client()
	owner := ""
	var keys Keys
	if caller == nil {
		if why := r.bearerFault(q); why != "" {
			return Introspection{}, notBearer(why)
		}
		keys.Clients = append(keys.Clients, q.BearerGrant.ClientID)
	} else if caller.Policy.IsPublic() {
		return Introspection{}, &Refused{Reason: "public_client", Answer: &oauth.Error{Code: oauth.InvalidClient, Challenge: "Basic",
			Description: "Only a confidential client may introspect tokens."}}
	}
	if known := q.Grant != nil && q.Grant.Recognises(q.Token); known {
		if owner = q.Grant.ClientID; caller == nil || owner != caller.ID {
			keys.Clients = append(keys.Clients, owner)
		}
		if q.Grant.Subject != "" {
			keys.Subjects = []string{q.Grant.Subject}
		}
	}
	cur := Current{Client: caller, Store: q.Generation}
	if len(keys.Clients)+len(keys.Subjects) > 0 {
		rows, err := s.Find(ctx, keys)
		if err != nil {
			return Introspection{}, err
		}
		if len(rows.Subjects) > 0 {
			cur.Subject = rows.Subjects[0]
		}
		if caller == nil {
			caller = rows.Clients[0]
			if why := bearerDead(q, caller, rows.Generation, r.now()); why != "" {
				return Introspection{}, notBearer(why)
			}
		}
		if len(rows.Clients) > 0 {
			cur.Client = rows.Clients[len(rows.Clients)-1]
		}
		cur.Store = max(cur.Store, rows.Generation)
	}
	seen := r.view(q, caller, owner, cur)
	seen.Caller = caller.ID
	return seen, nil
}

// bearerFault tells what keeps a bearer from calling, as far as its grant
// shows: it must hold a live client_credentials token with the scope
// "introspection" (RFC 7662 section 2.1).
func (r Rules) bearerFault(q Inquiry) string {
	g := q.BearerGrant
	if g == nil {
		return DeadUnknown
	}
	n := -1
	if q.Bearer.Kind() == token.Access {
		n = g.FindAccess(q.Bearer.Digest())
	}
	switch {
	case n < 0:
		return DeadUnknown
	case !r.now().Before(g.Access[n].Expires):
		return DeadExpired
	case g.Subject != "" || !g.Family.IsZero() || !g.Code.Digest.IsZero():
		return "not_client_credentials"
	case !g.scopeOf(g.Access[n]).Has(oauth.ScopeIntrospection):
		return "scope_lacks_introspection"
	}
	return ""
}

func bearerDead(q Inquiry, c *client.Client, generation int64, now time.Time) string {
	if dead := q.BearerGrant.Dead(Current{Client: c, Store: max(q.Generation, generation)}, now); dead != "" {
		return dead
	}
	if c.Policy.IsPublic() {
		return "public_client"
	}
	return ""
}

func notBearer(why string) error {
	return &Refused{Reason: why, Answer: &oauth.Error{Code: oauth.InvalidToken, Challenge: "Bearer",
		Description: "The access token is invalid, or does not permit introspection."}}
}

// view is what the caller may see, decided after all reads.
func (r Rules) view(q Inquiry, caller *client.Client, owner string, cur Current) Introspection {
	g, now := q.Grant, r.now()
	switch {
	case owner == "":
		return Introspection{Why: DeadUnknown}
	case q.BearerGrant != nil && q.BearerGrant.ID == g.ID:
		return Introspection{Why: "the_bearer_itself"}
	}
	if dead := g.Dead(cur, now); dead != "" {
		return Introspection{Why: dead}
	}
	if q.Token.Kind() == token.Refresh {
		return r.viewRefresh(q, caller, now)
	}
	slot := g.Access[g.FindAccess(q.Token.Digest())]
	audience := g.audienceOf(slot)
	serves := caller.Policy.ResourceServer && slices.ContainsFunc(audience, func(a string) bool { return slices.Contains(caller.Policy.Audience, a) })
	switch {
	case !now.Before(slot.Expires):
		return Introspection{Why: DeadExpired}
	case owner != caller.ID && !serves:
		return Introspection{Why: "another_client"}
	}
	return g.seen(slot)
}

// viewRefresh: a refresh token is active to its own client, and only while it
// is the current one: an earlier one would be refused or end the grant.
func (r Rules) viewRefresh(q Inquiry, caller *client.Client, now time.Time) Introspection {
	g := q.Grant
	switch {
	case g.ClientID != caller.ID:
		return Introspection{Why: "another_client"}
	case g.generationOf(q.Token) != current:
		return Introspection{Why: "replaced"}
	case !now.Before(g.refreshEnd()):
		return Introspection{Why: DeadExpired}
	}
	return Introspection{Active: true, Grant: g.ID, Kind: token.Refresh, ClientID: g.ClientID, Subject: g.Subject,
		Scope: g.Scope, Audience: g.Audience, Issued: later(g.Born, g.Previous[0].At), Expires: g.refreshEnd()}
}
