package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"rescind/shared/grant"
	"rescind/shared/token"
)

// grantView is a grant as the operator sees it: no token and no digest. Times
// are seconds since 1970.
type grantView struct {
	ID           string   `json:"grant_id"`
	ClientID     string   `json:"client_id"`
	Subject      string   `json:"sub,omitempty"`
	Scope        string   `json:"scope"`
	Audience     []string `json:"audience"`
	Alive        bool     `json:"alive"`
	Why          string   `json:"dead_because,omitempty"`
	Born         int64    `json:"iat"`
	Ends         int64    `json:"exp"` // nothing of it lives longer
	RefreshEnds  int64    `json:"refresh_token_exp,omitempty"`
	Rotations    int64    `json:"refresh_rotations"`
	AccessAlive  int      `json:"access_tokens_alive"`
	AccessIssued int64    `json:"access_tokens_issued"`
	RevokedAt    int64    `json:"revoked_at,omitempty"`
	RevokedWhy   string   `json:"revoked_reason,omitempty"`
}

// viewGrants reads grants, then the clients and subjects they are judged by.
// Those that are gone meanwhile are left out.
func (a *app) viewGrants(ctx context.Context, store grant.Finder, ids []token.GrantID) ([]grantView, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := store.Find(ctx, grant.Keys{Grants: ids})
	if err != nil {
		return nil, err
	}
	var found []*grant.Grant
	var keys grant.Keys
	for _, g := range rows.Grants {
		if g != nil {
			found = append(found, g)
			keys.Clients = append(keys.Clients, g.ClientID)
			keys.Subjects = append(keys.Subjects, g.Subject)
		}
	}
	judges, err := store.Find(ctx, keys)
	if err != nil {
		return nil, err
	}
	now := a.rules.Now()
	views := make([]grantView, 0, len(found))
	for i, g := range found {
		cur := grant.Current{Client: judges.Clients[i], Store: max(rows.Generation, judges.Generation)}
		if g.Subject != "" {
			cur.Subject = judges.Subjects[i]
		}
		views = append(views, viewGrant(g, g.Dead(cur, now), now))
	}
	return views, nil
}

func viewGrant(g *grant.Grant, dead string, now time.Time) grantView {
	v := grantView{
		ID: g.ID.String(), ClientID: g.ClientID, Subject: g.Subject, Scope: g.Scope.String(),
		Audience: append([]string{}, g.Audience...), Alive: dead == "", Why: dead,
		Born: g.Born.Unix(), Ends: g.AbsoluteEnd.Unix(), Rotations: g.Rotation, AccessIssued: g.Issued,
	}
	if !g.Refresh.IsZero() {
		v.RefreshEnds = min(g.IdleEnd.Unix(), g.AbsoluteEnd.Unix())
	}
	if !g.Revoked.At.IsZero() {
		v.RevokedAt, v.RevokedWhy = g.Revoked.At.Unix(), g.Revoked.Reason
	}
	for _, slot := range g.Access {
		if v.Alive && !slot.Digest.IsZero() && now.Before(slot.Expires) {
			v.AccessAlive++
		}
	}
	return v
}

// state is one word or two for people.
func (v grantView) state() string {
	if v.Alive {
		return "alive"
	}
	return "dead: " + v.Why
}

func (v grantView) write(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(t, "%s\t%s\n", name, value)
		}
	}
	line("grant_id", v.ID)
	line("state", v.state())
	if v.RevokedAt != 0 {
		line("revoked", stamp(time.Unix(v.RevokedAt, 0))+": "+v.RevokedWhy)
	}
	line("client_id", v.ClientID)
	line("subject", v.Subject)
	line("scope", v.Scope)
	line("audience", strings.Join(v.Audience, " "))
	line("born", stamp(time.Unix(v.Born, 0)))
	line("ends", stamp(time.Unix(v.Ends, 0))+" at the latest")
	if v.RefreshEnds != 0 {
		line("refresh token", fmt.Sprintf("until %s, replaced %d times", stamp(time.Unix(v.RefreshEnds, 0)), v.Rotations))
	}
	line("access tokens", fmt.Sprintf("%d alive, %d issued", v.AccessAlive, v.AccessIssued))
	_ = t.Flush() // print looks at the writer below
}

func writeGrants(w io.Writer, views []grantView) {
	if len(views) == 0 {
		fmt.Fprintln(w, "This user has no grants.")
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "GRANT_ID\tCLIENT_ID\tSCOPE\tBORN\tACCESS TOKENS ALIVE\tSTATE")
	for _, v := range views {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\n", v.ID, v.ClientID, v.Scope, stamp(time.Unix(v.Born, 0)), v.AccessAlive, v.state())
	}
	_ = t.Flush() // print looks at the writer below
}
