package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"rescind/cmd/rescind/census"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// mostCounted is where a dry run stops counting.
const mostCounted = 10_000

// wouldEndView is what a revocation would end. Nothing was changed.
type wouldEndView struct {
	DryRun   bool            `json:"dry_run"`
	WouldEnd int             `json:"would_end"` // grants that are alive
	AtLeast  bool            `json:"at_least"`  // counting stopped at 10,000
	Clients  []clientsGrants `json:"clients"`   // that have those, the most first
	Dead     int             `json:"already_dead"`

	why string // where nothing would end, for people
}

// clientsGrants is how many grants of one client would end.
type clientsGrants struct {
	ClientID string `json:"client_id"`
	Grants   int    `json:"grants"`
}

func wouldEnd(c census.Census, why string) wouldEndView {
	v := wouldEndView{DryRun: true, WouldEnd: c.Alive, AtLeast: c.Capped, Clients: []clientsGrants{}, Dead: c.Total() - c.Alive, why: why}
	for _, id := range slices.Sorted(maps.Keys(c.ByClient)) {
		v.Clients = append(v.Clients, clientsGrants{id, c.ByClient[id]})
	}
	slices.SortStableFunc(v.Clients, func(a, b clientsGrants) int { return cmp.Compare(b.Grants, a.Grants) })
	return v
}

func (v wouldEndView) write(w io.Writer) {
	switch {
	case v.WouldEnd == 0:
		fmt.Fprintf(w, "This would end nothing: %s\n", v.why)
	case v.AtLeast:
		fmt.Fprintf(w, "This would end at least %s, with all their tokens; counting stopped there.\n", counted(v.WouldEnd, "grant"))
	case v.WouldEnd == 1:
		fmt.Fprintln(w, "This would end 1 grant, with all its tokens.")
	default:
		fmt.Fprintf(w, "This would end %s, with all their tokens.\n", counted(v.WouldEnd, "grant"))
	}
	if len(v.Clients) > 0 {
		fmt.Fprintln(w)
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(t, "CLIENT_ID\tGRANTS")
		for _, c := range v.Clients {
			fmt.Fprintf(t, "%s\t%s\n", c.ClientID, grouped(c.Grants))
		}
		_ = t.Flush() // print looks at the writer below
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "Nothing was changed.")
}

// previewed counts what a revocation would end, and prints it.
func (a *app) previewed(ctx context.Context, store grant.Store, t target) error {
	v, err := a.preview(ctx, store, t)
	switch {
	case isRefusal(err):
		return err
	case err != nil:
		return fmt.Errorf("nothing was changed, and not all could be counted: %w", err)
	}
	return a.print(v, func(w io.Writer) { v.write(w) })
}

// preview counts as a revocation of the target would end. It writes nothing,
// the audit included.
func (a *app) preview(ctx context.Context, store grant.Store, t target) (wouldEndView, error) {
	const noToken, noGrant = "this store knows no such token.", "this store knows no such grant."
	switch {
	case t.kind == "token" && !t.isToken:
		return wouldEnd(census.Census{}, noToken), nil
	case t.kind == "token":
		return a.previewGrant(ctx, store, t.token.GrantID(), func(g *grant.Grant) bool { return g.Recognises(t.token) }, noToken)
	case t.kind == "grant":
		return a.previewGrant(ctx, store, t.grant, nil, noGrant)
	case t.kind == "subject":
		return a.previewSubject(ctx, store, t.subject)
	}
	return a.previewClient(ctx, store, t.client)
}

func (a *app) previewGrant(ctx context.Context, store grant.Store, id token.GrantID, only func(*grant.Grant) bool, none string) (wouldEndView, error) {
	page := func(yield func([]*grant.Grant, error) bool) { yield(census.Read(ctx, store, []token.GrantID{id})) }
	c, err := census.Count(ctx, store, page, a.rules.Now(), census.Query{Only: only})
	for why := range c.Dead {
		none = "the grant is dead already (" + why + ")."
	}
	return wouldEnd(c, none), err
}

func (a *app) previewSubject(ctx context.Context, store grant.Store, subject string) (wouldEndView, error) {
	list := func(ctx context.Context, after token.GrantID, limit int) ([]token.GrantID, error) {
		return store.ListGrants(ctx, subject, after, limit)
	}
	c, err := census.Count(ctx, store, census.Listed(ctx, store, list), a.rules.Now(), census.Query{Most: mostCounted})
	return wouldEnd(c, noneAlive(c, "that user", "this store lists no grant of that user; check the name.")), err
}

// previewClient reads the whole table: a client's own grants are in no list.
func (a *app) previewClient(ctx context.Context, store grant.Store, id string) (wouldEndView, error) {
	if _, err := findClient(ctx, store, id); err != nil {
		return wouldEndView{}, err
	}
	progress := a.readsAll("a client's own grants are in no list")
	q := census.Query{Only: func(g *grant.Grant) bool { return g.ClientID == id }, Most: mostCounted}
	c, err := census.Count(ctx, store, census.Walk(ctx, store, progress), a.rules.Now(), q)
	return wouldEnd(c, noneAlive(c, "that client", "the client has no grants.")), err
}

// noneAlive is why a count of zero is one.
func noneAlive(c census.Census, whose, none string) string {
	if n := c.Total(); n > 0 {
		return fmt.Sprintf("of the %s of %s, none is alive.", counted(n, "grant"), whose)
	}
	return none
}
