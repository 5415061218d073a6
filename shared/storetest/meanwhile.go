package storetest

import (
	"maps"
	"strings"
	"time"

	"rescind/shared/grant"
	"rescind/shared/token"
)

// mostMeanwhile is how many rows are added during a walk: one that adds as many
// as it reads need not end.
const mostMeanwhile = 6

// few runs change at most mostMeanwhile times.
func few(change func()) func() {
	n := 0
	return func() {
		if n++; n <= mostMeanwhile {
			change()
		}
	}
}

// without leaves out rows that were added during the walk, which may have come
// or not, but not twice.
func without[R any, K comparable](w *world, rows []R, keyOf func(R) K, added map[K]bool) (rest []R) {
	w.Helper()
	seen := map[K]bool{}
	for _, r := range rows {
		switch k := keyOf(r); {
		case !added[k]:
			rest = append(rest, r)
		case seen[k]:
			w.Errorf("a row that was added meanwhile came twice")
		default:
			seen[k] = true
		}
	}
	return rest
}

// grantsMeanwhile issues, refreshes and revokes between pages.
func grantsMeanwhile(w *world) {
	for _, n := range []int{1, 3} {
		app, server := w.app(), w.server()
		line := w.line(server)
		there, _, _, _ := w.filled()
		there[line.id] = true
		for _, g := range walked(w, grant.Store.WalkGrants, 500, nil) { // of the round before
			there[g.ID] = true
		}
		added, ended := map[token.GrantID]bool{}, map[token.GrantID]bool{}
		latest := line.latest
		rows := walked(w, grant.Store.WalkGrants, n, few(func() {
			added[w.issue(app, unique("subject-"), true).Grant] = true
			latest = w.refreshed(line.app, latest.Refresh)
			for id := range there { // one of them, read or not
				if id != line.id && !ended[id] {
					_, err := w.store.Revoke(w.ctx, id, "", grant.Revocation{At: w.clock.Now(), Reason: "meanwhile", Op: newOp(w)})
					w.must(err, "revoking")
					ended[id] = true
					break
				}
			}
		}))
		once(w, without(w, rows, grantOf, added), grantOf, there, "grants")
		for _, g := range walked(w, grant.Store.WalkGrants, n, nil) {
			if ended[g.ID] && g.Revoked.At.IsZero() {
				w.Errorf("a walk gives a grant alive that was revoked before it began")
			}
		}
	}
}

// subjectsMeanwhile adds subjects and raises those that are there between pages.
func subjectsMeanwhile(w *world) {
	for _, n := range []int{1, 2} {
		w.filled()
		there := map[grant.SubjectKey]int64{}
		for _, e := range walked(w, grant.Store.WalkSubjects, 500, nil) {
			there[e.Key] = e.Epoch
		}
		before, added := maps.Clone(there), map[grant.SubjectKey]bool{}
		rows := walked(w, grant.Store.WalkSubjects, n, few(func() {
			newer := unique("subject-")
			_, err := w.rules.RevokeSubject(w.ctx, w.store, newer)
			w.must(err, "revoking a subject")
			added[grant.KeyOf(newer)] = true
			for k := range there {
				there[k]++
				w.must(w.store.RestoreSubjectEpoch(w.ctx, k, there[k]), "raising an epoch")
			}
		}))
		once(w, without(w, rows, subjectOf, added), subjectOf, keys(there), "subjects")
		for _, e := range rows {
			if !added[e.Key] && (e.Epoch < before[e.Key] || e.Epoch > there[e.Key]) {
				w.Errorf("an epoch came as %d, and was never that", e.Epoch)
			}
		}
	}
}

// denialsMeanwhile denies more tokens, and those that are denied again, between pages.
func denialsMeanwhile(w *world) {
	for _, n := range []int{1, 2} {
		w.filled()
		there, added := map[string]bool{}, map[string]bool{}
		for _, d := range walked(w, grant.Store.WalkDenied, 500, nil) {
			there[d.JTI] = true
		}
		deny := func(jti string) {
			w.must(w.store.Deny(w.ctx, grant.Denial{JTI: jti, At: w.clock.Now(), Reason: "r", ExpiresAt: w.clock.Now().Add(time.Hour)}), "denying")
		}
		rows := walked(w, grant.Store.WalkDenied, n, few(func() {
			jti := unique("jti-")
			added[jti] = true
			deny(jti)
			for jti := range there {
				deny(jti)
				break
			}
		}))
		once(w, without(w, rows, jtiOf, added), jtiOf, there, "denials")
	}
}

// firstCursor is one that the walk gives after its first row.
func firstCursor[R any](w *world, step walker[R]) grant.Cursor {
	w.Helper()
	_, next, err := step(w.store, w.ctx, "", 1)
	w.must(err, "walking")
	if next == "" {
		w.Fatalf("a walk of several rows ended after one")
	}
	return next
}

// refuses checks that the walk takes its own cursor, and neither those of other
// walks nor what anyone may have made of it.
func refuses[R any](w *world, step walker[R], own grant.Cursor, others ...grant.Cursor) {
	w.Helper()
	if _, _, err := step(w.other, w.ctx, own, 1); err != nil {
		w.Errorf("the walk's own cursor is answered with %v", err)
	}
	name, place, _ := strings.Cut(string(own), ":")
	bad := append(others, "0", "-1", " ", "x", "\x00", "\xff", "META", "GRANT#", "null", own[:len(own)-len(place)], " "+own, "\x00"+own,
		grant.Cursor(place), grant.Cursor(strings.ToUpper(name)+":"+place), grant.Cursor(name+":-"+place), grant.Cursor(name+":0x"+place),
		grant.Cursor(name+":"+strings.Repeat("9", 40)), grant.Cursor(name+":\xff"), grant.Cursor(name+":GRANT#"),
		grant.Cursor(name+":"+strings.Repeat("A", 1<<16)))
	for _, c := range bad {
		if rows, next, err := step(w.store, w.ctx, c, 1); err == nil || len(rows) > 0 || next != "" {
			w.Errorf("the cursor %.60q gives %d rows, %v", c, len(rows), err)
		}
	}
}
