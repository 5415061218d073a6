package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"rescind/cmd/rescind/census"
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
	RefreshedAt  int64    `json:"refreshed_at,omitempty"` // when the refresh token was last replaced
	CodeEnds     int64    `json:"code_exp,omitempty"`     // of the code it began with, if any
	CodeUsed     bool     `json:"code_used,omitempty"`
	RevokedAt    int64    `json:"revoked_at,omitempty"`
	RevokedWhy   string   `json:"revoked_reason,omitempty"`

	// Tokens are the access tokens alive, the oldest first; for `grant show`.
	Tokens []accessView `json:"access_tokens,omitempty"`
}

// accessView is one access token. Its scope is there where it is narrower than
// the grant's.
type accessView struct {
	Issued  int64  `json:"iat"`
	Expires int64  `json:"exp"`
	Scope   string `json:"scope,omitempty"`
}

// viewGrants reads grants, then the clients and subjects they are judged by.
// Those that are gone meanwhile are left out.
func (a *app) viewGrants(ctx context.Context, store grant.Finder, ids []token.GrantID) ([]grantView, error) {
	found, err := census.Read(ctx, store, ids)
	if err != nil {
		return nil, err
	}
	return a.judged(ctx, store, found)
}

// judged gives the views of grants that were just read.
func (a *app) judged(ctx context.Context, store grant.Finder, found []*grant.Grant) ([]grantView, error) {
	now := a.rules.Now()
	dead, err := census.Judge(ctx, store, found, now)
	if err != nil {
		return nil, err
	}
	views := make([]grantView, 0, len(found))
	for i, g := range found {
		views = append(views, viewGrant(g, dead[i], now))
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
	if at := g.Previous[0].At; !at.IsZero() {
		v.RefreshedAt = at.Unix()
	}
	if !g.Code.Digest.IsZero() {
		v.CodeEnds, v.CodeUsed = g.Code.Expires.Unix(), g.Code.Used
	}
	for _, slot := range g.Access {
		if v.Alive && !slot.Digest.IsZero() && now.Before(slot.Expires) {
			v.Tokens = append(v.Tokens, accessView{Issued: slot.Issued.Unix(), Expires: slot.Expires.Unix(), Scope: slot.Scope.String()})
		}
	}
	slices.SortFunc(v.Tokens, func(a, b accessView) int { return cmp.Compare(a.Issued, b.Issued) })
	v.AccessAlive = len(v.Tokens)
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
	line("subject", cmp.Or(visible(v.Subject), "none: it is the client's own"))
	line("scope", v.Scope)
	line("audience", strings.Join(v.Audience, " "))
	line("born", stamp(time.Unix(v.Born, 0)))
	line("ends", stamp(time.Unix(v.Ends, 0))+" at the latest")
	if v.CodeEnds != 0 {
		line("code", map[bool]string{true: "redeemed", false: "not redeemed, until " + stamp(time.Unix(v.CodeEnds, 0))}[v.CodeUsed])
	}
	if v.RefreshEnds != 0 {
		line("refresh token", fmt.Sprintf("until %s, replaced %s", stamp(time.Unix(v.RefreshEnds, 0)), counted(int(v.Rotations), "time")))
	}
	if v.RefreshedAt != 0 {
		line("last refreshed", stamp(time.Unix(v.RefreshedAt, 0)))
	}
	line("access tokens", fmt.Sprintf("%d alive, %d issued", v.AccessAlive, v.AccessIssued))
	for _, at := range v.Tokens {
		narrowed := ""
		if at.Scope != "" {
			narrowed = ", with scope " + at.Scope + " only"
		}
		line("access token", fmt.Sprintf("from %s until %s%s", stamp(time.Unix(at.Issued, 0)), stamp(time.Unix(at.Expires, 0)), narrowed))
	}
	_ = t.Flush() // print looks at the writer below
}

// writeGrants is a table. What people chose stands last, where a name of any
// width pushes nothing aside.
func writeGrants(w io.Writer, views []grantView) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "GRANT_ID\tBORN\tENDS\tTOKENS\tSTATE\tCLIENT_ID\tSCOPE\tSUBJECT")
	for _, v := range views {
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", v.ID, minute(v.Born), minute(v.Ends), v.AccessAlive, v.state(),
			short(v.ClientID, 30), cmp.Or(short(v.Scope, 30), "-"), cmp.Or(short(visible(v.Subject), 60), "-"))
	}
	_ = t.Flush() // print looks at the writer below
}

// minute is a time for tables, in UTC.
func minute(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04") }

// short cuts a text for a table, in characters.
func short(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "\u2026"
	}
	return s
}

// visible writes out what a terminal would obey or hide: control characters,
// those that turn the direction of writing, and bytes that are no text.
func visible(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) && r != unicode.ReplacementChar {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
