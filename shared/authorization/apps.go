package authorization

import (
	"cmp"
	"context"
	"slices"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// Access is one app that has access to a user's data, or may have it without
// asking again.
type Access struct {
	Client      *client.Client
	Since       time.Time
	LastRefresh time.Time // zero where it never refreshed
	Scope       oauth.Scope
	Audience    []string
}

// How many grants are read at a time, and how many of one subject are looked
// at for a page.
const (
	grantsAtOnce = 50
	maxListed    = 2000
)

// List gives the apps with access to the subject's data, in the order of their
// names, and whether there are more than a page looks at. Errors are outages.
func (r Rules) List(ctx context.Context, s Store, subject string) (all []Access, more bool, err error) {
	c, err := s.FindConsents(ctx, subject)
	if err != nil {
		return nil, false, err
	}
	byClient := map[string]*Access{}
	more, err = r.eachGrant(ctx, s, c, subject, maxListed, func(found *grant.Grant, cur grant.Current) error {
		if found.Dead(cur, r.now()) == "" && !r.unredeemed(found) {
			seen(byClient, cur.Client).add(found)
		}
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	if err := r.addConsents(ctx, s, c, subject, byClient); err != nil {
		return nil, false, err
	}
	for _, a := range byClient {
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b Access) int {
		return cmp.Or(cmp.Compare(a.Client.Policy.Name, b.Client.Policy.Name), cmp.Compare(a.Client.ID, b.Client.ID))
	})
	return all, more, nil
}

// unredeemed tells whether all that the grant has is a code that is too old.
func (r Rules) unredeemed(g *grant.Grant) bool {
	return g.Issued == 0 && !r.now().Before(g.Code.Expires)
}

func seen(byClient map[string]*Access, c *client.Client) *Access {
	if byClient[c.ID] == nil {
		byClient[c.ID] = &Access{Client: c}
	}
	return byClient[c.ID]
}

func (a *Access) add(g *grant.Grant) {
	if a.Since.IsZero() || g.Born.Before(a.Since) {
		a.Since = g.Born
	}
	if last := lastRefresh(g); last.After(a.LastRefresh) {
		a.LastRefresh = last
	}
	a.Scope, a.Audience = union(a.Scope, g.Scope), union(a.Audience, g.Audience)
}

// lastRefresh is when the grant's newest access token was issued, if that was
// not its first.
func lastRefresh(g *grant.Grant) (at time.Time) {
	if g.Issued < 2 {
		return at
	}
	for _, slot := range g.Access {
		if slot.Issued.After(at) {
			at = slot.Issued
		}
	}
	return at
}

// addConsents adds the apps that need not ask again, with or without a grant.
func (r Rules) addConsents(ctx context.Context, s grant.Finder, c *Consents, subject string, byClient map[string]*Access) error {
	if c == nil {
		return nil
	}
	for part := range slices.Chunk(c.Apps, grantsAtOnce) {
		keys := grant.Keys{Subjects: []string{subject}}
		for _, a := range part {
			keys.Clients = append(keys.Clients, a.ClientID)
		}
		rows, err := s.Find(ctx, keys)
		if err != nil {
			return err
		}
		for n, a := range part {
			row := rows.Clients[n]
			if row == nil || row.State != client.On ||
				!a.Stands(grant.Epochs{Client: row.Epoch, Subject: rows.Subjects[0], Store: rows.Generation}) {
				continue
			}
			access := seen(byClient, row)
			if access.Since.IsZero() || a.Since.Before(access.Since) {
				access.Since = a.Since
			}
			access.Scope, access.Audience = union(access.Scope, a.Scope), union(access.Audience, a.Audience)
		}
	}
	return nil
}

// eachGrant reads every grant of the subject, those that the row lists and
// those of the store's index, up to limit (0 for all). The index may be a
// moment old; what users granted here is in the row.
func (r Rules) eachGrant(ctx context.Context, s Store, c *Consents, subject string, limit int, do func(*grant.Grant, grant.Current) error) (more bool, err error) {
	known := map[token.GrantID]bool{}
	read := func(ids []token.GrantID) error {
		var fresh []token.GrantID
		for _, id := range ids {
			if !known[id] {
				known[id], fresh = true, append(fresh, id)
			}
		}
		return readGrants(ctx, s, subject, fresh, do)
	}
	if c != nil {
		for _, a := range c.Apps {
			if err := read(ids(a.Grants)); err != nil {
				return false, err
			}
		}
	}
	for after := (token.GrantID{}); ; {
		page, err := s.ListGrants(ctx, subject, after, grantsAtOnce)
		if err != nil {
			return false, err
		}
		if err := read(page); err != nil {
			return false, err
		}
		switch {
		case len(page) < grantsAtOnce:
			return false, nil
		case limit > 0 && len(known) >= limit:
			return true, nil
		}
		after = page[len(page)-1]
	}
}

// ids are those of grants.
func ids(made []Made) []token.GrantID {
	all := make([]token.GrantID, len(made))
	for n, m := range made {
		all[n] = m.ID
	}
	return all
}

// readGrants reads grants, and then what each is judged by.
func readGrants(ctx context.Context, s grant.Finder, subject string, all []token.GrantID, do func(*grant.Grant, grant.Current) error) error {
	for part := range slices.Chunk(all, grantsAtOnce) {
		rows, err := s.Find(ctx, grant.Keys{Grants: part})
		if err != nil {
			return err
		}
		keys := grant.Keys{Subjects: []string{subject}}
		for _, g := range rows.Grants {
			if g != nil && !slices.Contains(keys.Clients, g.ClientID) {
				keys.Clients = append(keys.Clients, g.ClientID)
			}
		}
		cur, err := s.Find(ctx, keys)
		if err != nil {
			return err
		}
		for _, g := range rows.Grants {
			if g == nil || g.Subject != subject {
				continue
			}
			owner := cur.Clients[slices.Index(keys.Clients, g.ClientID)]
			if err := do(g, grant.Current{Client: owner, Subject: cur.Subjects[0], Store: cur.Generation}); err != nil {
				return err
			}
		}
	}
	return nil
}

// Cut takes back what the subject consented to for a client, and ends every
// grant that the client has of the subject. Once it gives no error, nothing of
// that lives and no code on its way will. It gives how many grants it ended.
// Errors are outages; the cut can be repeated.
func (r Rules) Cut(ctx context.Context, s Store, subject, clientID string) (ended int, err error) {
	now, first := r.now(), int64(-1)
	c, err := r.change(ctx, s, subject, func(c *Consents) error {
		app := c.App(clientID)
		if first < 0 {
			first = app.Withdrawn
		}
		// Once more, because the row has moved on: where the count has risen, what
		// stood when the cut began is withdrawn, by a write of ours whose answer was
		// lost or by another cut. That was this cut too: a form that was shown since
		// stays good, and so does what somebody consented to on it.
		if app.Withdrawn == first {
			c.set(app.withdraw(now))
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var gone []token.GrantID
	_, err = r.eachGrant(ctx, s, c, subject, 0, func(g *grant.Grant, cur grant.Current) error {
		if g.ClientID != clientID {
			return nil
		}
		gone = append(gone, g.ID)
		if !g.Revoked.At.IsZero() {
			return nil
		}
		did, err := r.Grants.RevokeGrant(ctx, s, g.ID, ReasonCut)
		if err == nil && did.What == grant.EndedGrant {
			ended++
		}
		return err
	})
	if err != nil {
		return ended, err
	}
	r.forget(ctx, s, subject, clientID, gone)
	return ended, nil
}

// forget drops grants that are ended from the row. That is tidiness: where it
// fails, the next cut meets them again.
func (r Rules) forget(ctx context.Context, s ConsentStore, subject, clientID string, gone []token.GrantID) {
	if len(gone) == 0 {
		return
	}
	_, _ = r.change(ctx, s, subject, func(c *Consents) error {
		app := c.App(clientID)
		app.Grants = slices.DeleteFunc(slices.Clone(app.Grants), func(m Made) bool { return slices.Contains(gone, m.ID) })
		c.set(app)
		return nil
	})
}

// CutAll ends everything that was granted in the subject's name until now, and
// all the subject's sessions, by one raised epoch. from is the epoch that the
// caller's own session recorded. first is true where this call raised the epoch
// from there to the one given, so that nothing but this decision lies between:
// the caller may then go on with a session of the new epoch. Errors are outages.
func (r Rules) CutAll(ctx context.Context, s Store, subject string, from int64) (epoch int64, first bool, err error) {
	return r.Grants.RaiseSubject(ctx, s, subject, from)
}
