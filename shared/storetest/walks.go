package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

// walker is one of a store's walks: a method of grant.Store.
type walker[R any] func(grant.Store, context.Context, grant.Cursor, int) ([]R, grant.Cursor, error)

// walked gives all that a walk gives in pages of n, each page from the other
// process than the last, and runs between after each.
func walked[R any](w *world, step walker[R], n int, between func()) (all []R) {
	w.Helper()
	from, stores := grant.Cursor(""), [2]grant.Store{w.store, w.other}
	for pages := 0; ; pages++ {
		page, next, err := step(stores[pages%2], w.ctx, from, n)
		w.must(err, "walking")
		if len(page) > n || pages > 1000 || next != "" && next == from {
			w.Fatalf("page %d of at most %d holds %d, and leads from %q to %q", pages, n, len(page), from, next)
		}
		if all = append(all, page...); next == "" {
			return all
		}
		if from = next; between != nil {
			between()
		}
	}
}

// once checks that each wanted key is there exactly once, and nothing else.
func once[R any, K comparable](w *world, rows []R, keyOf func(R) K, wanted map[K]bool, what string) {
	w.Helper()
	seen := map[K]int{}
	for _, r := range rows {
		seen[keyOf(r)]++
	}
	for k := range wanted {
		if seen[k] != 1 {
			w.Errorf("%s: a row came %d times", what, seen[k])
		}
		delete(seen, k)
	}
	if len(seen) > 0 {
		w.Errorf("%s: %d rows came that there are not", what, len(seen))
	}
}

func grantOf(g *grant.Grant) token.GrantID            { return g.ID }
func subjectOf(e grant.SubjectEpoch) grant.SubjectKey { return e.Key }
func jtiOf(d grant.Denial) string                     { return d.JTI }

var pageSizes = []int{1, 2, 3, 7, 8, 9, 500}

// filled puts some of every row in the store: eight grants, three epochs, four
// denials, three clients of which one is deleted.
func (w *world) filled() (grants map[token.GrantID]bool, epochs map[grant.SubjectKey]int64, denials map[string]grant.Denial, clients []*client.Client) {
	w.Helper()
	app, gone, server := w.app(), w.app(), w.server()
	grants, epochs, denials = map[token.GrantID]bool{}, map[grant.SubjectKey]int64{}, map[string]grant.Denial{}
	for i := range 4 {
		grants[w.issue(app, "", false).Grant] = true
		t := w.issue(app, unique("subject-"), true)
		grants[t.Grant] = true
		if i == 0 {
			_, err := w.revoke(w.store, app, t.Refresh)
			w.must(err, "revoking")
		}
		d := grant.Denial{JTI: unique("jti-"), At: w.clock.Now(), Reason: fmt.Sprint("reason ", i), ExpiresAt: w.clock.Now().Truncate(time.Second).Add(time.Hour)}
		w.must(w.store.Deny(w.ctx, d), "denying")
		denials[d.JTI] = d
	}
	for range 3 {
		subject := unique("subject-")
		epoch, err := w.rules.RevokeSubject(w.ctx, w.store, subject)
		w.must(err, "revoking a subject")
		epochs[grant.KeyOf(subject)] = epoch
	}
	_, err := w.manager(w.store).Delete(w.ctx, gone.id)
	w.must(err, "deleting a client")
	for _, a := range []actor{app, gone, server} {
		clients = append(clients, w.client(a.id))
	}
	return grants, epochs, denials, clients
}

func keys[K comparable, V any](m map[K]V) map[K]bool {
	all := make(map[K]bool, len(m))
	for k := range m {
		all[k] = true
	}
	return all
}

func walkChecks() []Check {
	checks := group("walking",
		check("every row comes exactly once and whole, whatever the size of a page", func(w *world) {
			grants, epochs, denials, clients := w.filled()
			for _, n := range pageSizes {
				what := fmt.Sprintf("in pages of %d", n)
				rows := walked(w, grant.Store.WalkGrants, n, nil)
				once(w, rows, grantOf, grants, "grants "+what)
				for _, g := range rows {
					w.sameGrant(g, w.grant(g.ID), what)
				}
				subjects := walked(w, grant.Store.WalkSubjects, n, nil)
				once(w, subjects, subjectOf, keys(epochs), "subjects "+what)
				for _, e := range subjects {
					if e.Epoch != epochs[e.Key] {
						w.Errorf("%s: an epoch is %d, not %d", what, e.Epoch, epochs[e.Key])
					}
				}
				denied := walked(w, grant.Store.WalkDenied, n, nil)
				once(w, denied, jtiOf, keys(denials), "denials "+what)
				for _, d := range denied {
					if want := denials[d.JTI]; !d.At.Equal(want.At) || d.Reason != want.Reason || !d.ExpiresAt.Equal(want.ExpiresAt) {
						w.Errorf("%s: a denial is %+v, not %+v", what, d, want)
					}
				}
			}
			for _, c := range clients {
				w.sameClient(w.client(c.ID), c, "after all walks")
			}
		}),
		check("a store that holds none of a kind has a walk that ends", func(w *world) {
			if g, e, d := walked(w, grant.Store.WalkGrants, 1, nil), walked(w, grant.Store.WalkSubjects, 1, nil), walked(w, grant.Store.WalkDenied, 1, nil); len(g)+len(e)+len(d) != 0 {
				w.Errorf("%d grants, %d subjects and %d denials came", len(g), len(e), len(d))
			}
			w.must(w.store.Deny(w.ctx, grant.Denial{JTI: "one", At: w.clock.Now(), Reason: "r", ExpiresAt: w.clock.Now().Add(time.Hour)}), "denying")
			if g, d := walked(w, grant.Store.WalkGrants, 1, nil), walked(w, grant.Store.WalkDenied, 1, nil); len(g) != 0 || len(d) != 1 {
				w.Errorf("%d grants and %d denials came of one denial", len(g), len(d))
			}
		}),
		check("each grant that was there comes exactly once, whatever is added and changed meanwhile", grantsMeanwhile),
		check("each subject that was there comes exactly once, whatever is added and raised meanwhile", subjectsMeanwhile),
		check("each denial that was there comes exactly once, whatever is added meanwhile", denialsMeanwhile),
		check("a cursor that the walk did not give is an error", func(w *world) {
			w.filled()
			g, s, d := firstCursor(w, grant.Store.WalkGrants), firstCursor(w, grant.Store.WalkSubjects), firstCursor(w, grant.Store.WalkDenied)
			refuses(w, grant.Store.WalkGrants, g, s, d)
			refuses(w, grant.Store.WalkSubjects, s, g, d)
			refuses(w, grant.Store.WalkDenied, d, g, s)
		}),
		check("a page of no rows or fewer is taken for one of one", func(w *world) {
			w.filled()
			for _, n := range []int{0, -1, math.MinInt32} {
				g, next, err := w.store.WalkGrants(w.ctx, "", n)
				if err != nil || len(g) > 1 || len(g) == 0 && next == "" {
					w.Errorf("a page of %d holds %d grants, %v", n, len(g), err)
				}
			}
		}),
		check("a page without end is cut off, or holds everything", func(w *world) {
			grants, _, _, _ := w.filled()
			once(w, walked(w, grant.Store.WalkGrants, math.MaxInt32, nil), grantOf, grants, "grants")
		}),
		check("one that is cut off is an error and never an end", func(w *world) {
			w.filled()
			ctx, cancel := context.WithCancel(w.ctx)
			cancel()
			_, _, err := w.store.WalkGrants(ctx, "", 10)
			_, _, err2 := w.store.WalkSubjects(ctx, "", 10)
			_, _, err3 := w.store.WalkDenied(ctx, "", 10)
			_, err4 := w.store.ListClientGrants(ctx, "c", token.GrantID{}, 1)
			for _, err := range []error{err, err2, err3, err4} {
				var answer *oauth.Error
				if err == nil || errors.As(err, &answer) {
					w.Errorf("a cancelled walk answers %v", err)
				}
			}
		}),
	)
	for i := range checks {
		checks[i].Alone = true // a walk is of the whole store
	}
	return checks
}
