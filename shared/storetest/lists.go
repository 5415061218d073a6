package storetest

import (
	"context"
	"fmt"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// lister is one of a store's lists of grants: a method of grant.Store.
type lister func(s grant.Store, ctx context.Context, of string, after token.GrantID, limit int) ([]token.GrantID, error)

func (w *world) pages(list lister, of string, limit int) (all []token.GrantID) {
	w.Helper()
	for after := (token.GrantID{}); ; after = all[len(all)-1] {
		page, err := list(w.other, w.ctx, of, after, limit)
		w.must(err, "listing")
		if len(page) > limit {
			w.Fatalf("a page of at most %d holds %d", limit, len(page))
		}
		if all = append(all, page...); len(page) == 0 {
			return all
		}
		if len(all) > 10_000 {
			w.Fatalf("the list does not end")
		}
	}
}

// lists checks that just these come, in the order of their ids. An index may lag.
func (w *world) lists(list lister, of string, limit int, want map[token.GrantID]bool) {
	w.Helper()
	var got []token.GrantID
	for deadline := time.Now().Add(5 * time.Second); ; {
		got = w.pages(list, of, limit)
		if len(got) >= len(want) || time.Now().After(deadline) {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	for i, id := range got {
		if !want[id] || i > 0 && got[i-1].String() >= id.String() {
			w.Errorf("grant %d is another's, or out of order", i)
		}
	}
	if len(got) != len(want) {
		w.Errorf("%d grants are listed, not %d", len(got), len(want))
	}
}

func listChecks() []Check {
	return group("listing",
		check("a subject's grants come in the order of their ids, page by page, and no other's", func(w *world) {
			app, subject := w.app(), unique("subject-")
			want := map[token.GrantID]bool{}
			for range 5 {
				want[w.issue(app, subject, true).Grant] = true
			}
			w.issue(app, unique("subject-"), true)
			w.lists(grant.Store.ListGrants, subject, 2, want)
			if none := w.pages(grant.Store.ListGrants, unique("subject-"), 10); len(none) != 0 {
				w.Errorf("a subject without grants has %d", len(none))
			}
			if none := w.pages(grant.Store.ListGrants, "", 10); len(none) != 0 {
				w.Errorf("no subject has %d grants", len(none))
			}
		}),
		check("a client's grants that have a subject come in the order of their ids, page by page, and no other's", clientsGrants),
		check("a revoked and a refreshed grant stay in the client's list, and one of a deleted client too", func(w *world) {
			app := w.app()
			ended, refreshed := w.issue(app, unique("subject-"), true), w.issue(app, unique("subject-"), true)
			_, err := w.revoke(w.store, app, ended.Refresh)
			w.must(err, "revoking")
			w.refreshed(app, refreshed.Refresh)
			want := map[token.GrantID]bool{ended.Grant: true, refreshed.Grant: true}
			w.lists(grant.Store.ListClientGrants, app.id, 10, want)
			_, err = w.manager(w.store).Delete(w.ctx, app.id)
			w.must(err, "deleting the client")
			w.lists(grant.Store.ListClientGrants, app.id, 10, want)
		}),
		check("clients come in the order of their ids, page by page, with their tombstones", clientsInOrder),
	)
}

// clientsGrants has clients whose ids differ by what a store may put between
// the parts of a key.
func clientsGrants(w *world) {
	prefix := unique("client-")
	want := map[string]map[token.GrantID]bool{}
	for i, id := range []string{prefix, prefix + "#", prefix + "#1", prefix + "#1#1"} {
		_, text, err := w.manager(w.store).Create(w.ctx, id, appPolicy())
		w.must(err, "registering")
		app := actor{id, text}
		want[id] = map[token.GrantID]bool{}
		for range 6 * (4 - i) {
			want[id][w.issue(app, unique("subject-"), false).Grant] = true
		}
		w.issue(app, "", false) // its own
	}
	for id, grants := range want {
		for _, limit := range []int{1, 5, 1000} {
			w.lists(grant.Store.ListClientGrants, id, limit, grants)
		}
	}
	for _, id := range []string{"", unique("client-"), prefix + "#2", prefix + "\x00", "\xff"} {
		if none := w.pages(grant.Store.ListClientGrants, id, 10); len(none) != 0 {
			w.Errorf("the client %q without grants has %d", id, len(none))
		}
	}
	if none, err := w.store.ListClientGrants(w.ctx, prefix, token.GrantID{}, 0); err != nil || len(none) != 0 {
		w.Errorf("a page of none holds %d, %v", len(none), err)
	}
	last := token.GrantID{}
	for i := range last {
		last[i] = 0xff
	}
	if none, err := w.store.ListClientGrants(w.ctx, prefix, last, 10); err != nil || len(none) != 0 {
		w.Errorf("after the last id come %d, %v", len(none), err)
	}
}

func clientsInOrder(w *world) {
	prefix := unique("page-")
	for _, n := range []int{3, 1, 4, 0, 2} {
		_, _, err := w.manager(w.store).Create(w.ctx, fmt.Sprint(prefix, n), appPolicy())
		w.must(err, "registering")
	}
	_, err := w.manager(w.store).Delete(w.ctx, prefix+"2")
	w.must(err, "deleting")
	after := prefix
	for n := 0; n < 5; n += 2 {
		page, err := w.other.ListClients(w.ctx, after, 2)
		w.must(err, "listing")
		if len(page) == 0 || len(page) > 2 {
			w.Fatalf("a page of at most 2 holds %d", len(page))
		}
		for i, c := range page {
			if n+i == 5 {
				break // others may follow
			}
			if c.ID != fmt.Sprint(prefix, n+i) || (c.State == client.Deleted) != (n+i == 2) {
				w.Errorf("client %d of the list is %s, %s", n+i, c.ID, c.State)
			}
			w.sameClient(c, w.client(c.ID), "in the list")
			after = c.ID
		}
	}
}
