package grant

import (
	"context"
	"slices"

	"rescind/shared/token"
)

// Bears tells whether an access token that a request to an API bears is active
// and, where audience is not empty, meant for that API (RFC 8707 section 2,
// RFC 7662 section 2.2): what Introspect would tell a resource server. Errors
// are outages.
func (r Rules) Bears(ctx context.Context, s Finder, v token.Value, audience string) (Introspection, error) {
	if v.Kind() != token.Access {
		return Introspection{Why: DeadUnknown}, nil
	}
	rows, err := s.Find(ctx, Keys{Grants: []token.GrantID{v.GrantID()}})
	if err != nil {
		return Introspection{}, err
	}
	g := rows.Grants[0]
	if g == nil || !g.Recognises(v) {
		return Introspection{Why: DeadUnknown}, nil
	}
	keys := Keys{Clients: []string{g.ClientID}}
	if g.Subject != "" {
		keys.Subjects = []string{g.Subject}
	}
	now, err := s.Find(ctx, keys)
	if err != nil {
		return Introspection{}, err
	}
	cur := Current{Client: now.Clients[0], Store: max(rows.Generation, now.Generation)}
	if len(now.Subjects) > 0 {
		cur.Subject = now.Subjects[0]
	}
	return r.viewBearer(g, v, audience, cur), nil
}

func (r Rules) viewBearer(g *Grant, v token.Value, audience string, cur Current) Introspection {
	at := r.now()
	if dead := g.Dead(cur, at); dead != "" {
		return Introspection{Why: dead}
	}
	slot := g.Access[g.FindAccess(v.Digest())]
	switch {
	case !at.Before(slot.Expires):
		return Introspection{Why: DeadExpired}
	case audience != "" && !slices.Contains(g.audienceOf(slot), audience):
		return Introspection{Why: "another_audience"}
	}
	return g.seen(slot)
}

// seen is an active access token as whoever may know of it sees it.
func (g *Grant) seen(slot Slot) Introspection {
	return Introspection{Active: true, Grant: g.ID, Kind: token.Access, ClientID: g.ClientID, Subject: g.Subject,
		Scope: g.scopeOf(slot), Audience: g.audienceOf(slot), Issued: slot.Issued, Expires: slot.Expires}
}
