package storetest

import (
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

func refreshChecks() []Check {
	return group("refreshing",
		check("one change replaces the refresh token, fills the next slot and leaves its neighbours", func(w *world) {
			sc := w.line(w.server())
			w.clock.Advance(time.Second)
			t := w.refreshed(sc.app, sc.latest.Refresh)
			g, now := w.grant(sc.id), w.clock.Now()
			want := *sc.before
			want.Op, want.Refresh, want.Rotation, want.Issued, want.Request = g.Op, t.Refresh.Digest(), 3, 4, g.Request
			want.Previous = [2]grant.Predecessor{{Digest: sc.latest.Refresh.Digest(), At: now}, sc.before.Previous[0]}
			want.Access[3] = grant.Slot{Digest: t.Access.Digest(), Issued: now, Expires: now.Add(time.Hour)}
			want.IdleEnd, want.ExpiresAt = now.Add(30*24*time.Hour), g.ExpiresAt
			w.sameGrant(g, &want, "after the refresh")
			if g.ExpiresAt.Before(sc.before.ExpiresAt) {
				w.Errorf("the item's deletion was moved forward")
			}
			for _, live := range []grant.Tokens{sc.oldest, sc.previous, sc.latest, t} {
				w.alive(sc.server, live.Access, "an access token of the line")
			}
			w.alive(sc.app, t.Refresh, "the new refresh token")
			w.dead(sc.app, sc.latest.Refresh, "the replaced refresh token")
		}),
		check("a narrower access token keeps its own scope, and the grant keeps its", func(w *world) {
			sc := w.line(w.server())
			t, err := w.refresh(w.store, sc.app, sc.latest.Refresh, "read")
			w.must(err, "refreshing")
			narrow, err := w.introspect(w.other, sc.server, t.Access)
			w.must(err, "introspecting")
			whole, err := w.introspect(w.other, sc.app, t.Refresh)
			w.must(err, "introspecting")
			if narrow.Scope.String() != "read" || whole.Scope.String() != "read write" {
				w.Errorf("the scopes are %q and %q", narrow.Scope, whole.Scope)
			}
			_, err = w.refresh(w.store, sc.app, t.Refresh, "read", "admin")
			w.refusedAs(err, "scope_wider_than_granted")
		}),
		check("a client that keeps its refresh token gets access tokens beside each other", func(w *world) {
			app := w.app(func(p *client.Policy) { p.RefreshRotation = client.RotateNever })
			first := w.issue(app, unique("subject-"), true)
			before := w.grant(first.Grant)
			second := w.refreshed(app, first.Refresh)
			g := w.grant(first.Grant)
			want := *before
			want.Issued, want.Access[1], want.IdleEnd, want.ExpiresAt = 2, g.Access[1], g.IdleEnd, g.ExpiresAt
			w.sameGrant(g, &want, "after a refresh without rotation")
			if !second.Refresh.Digest().Equal(first.Refresh.Digest()) {
				w.Errorf("the refresh token was replaced")
			}
			w.alive(app, first.Access, "the first access token")
			w.alive(app, second.Access, "the second access token")
		}),
		check("the ninth access token takes the oldest's place, and no other", func(w *world) {
			app := w.app()
			all := []grant.Tokens{w.issue(app, unique("subject-"), true)}
			for range grant.Slots {
				all = append(all, w.refreshed(app, all[len(all)-1].Refresh))
			}
			for i, t := range all {
				if displaced := i == len(all)-1; t.Displaced != displaced {
					w.Errorf("answer %d says displaced=%t", i, t.Displaced)
				}
				if i > 0 {
					w.alive(app, t.Access, "one of the eight newest access tokens")
				}
			}
			w.dead(app, all[0].Access, "the oldest of nine access tokens")
		}),
		check("an expired refresh token is refused although its item is still there, and nothing changes", func(w *world) {
			sc := w.line(w.server())
			w.clock.Advance(30 * 24 * time.Hour)
			_, err := w.refresh(w.store, sc.app, sc.latest.Refresh)
			w.refusedAs(err, grant.DeadExpired)
			w.sameGrant(w.grant(sc.id), sc.before, "after an expired refresh")
		}),
		check("another client's attempt changes nothing, also with a token that is long replaced", func(w *world) {
			sc := w.line(w.server())
			another := w.app()
			for _, t := range []grant.Tokens{sc.latest, sc.previous, sc.oldest} {
				_, err := w.refresh(w.store, another, t.Refresh)
				w.refusedAs(err, "another_client")
			}
			w.sameGrant(w.grant(sc.id), sc.before, "after another client's attempts")
		}),
		check("a forgery with the grant's id changes nothing", func(w *world) {
			sc := w.line(w.server())
			forged, err := token.NewRefresh(sc.id, w.rules.Rand)
			w.must(err, "forging")
			_, err = w.refresh(w.store, sc.app, forged)
			w.refusedAs(err, "forged")
			w.sameGrant(w.grant(sc.id), sc.before, "after a forgery")
		}),
		check("an older genuine token ends the grant, and its reason stands", func(w *world) {
			sc := w.line(w.server())
			_, err := w.refresh(w.store, sc.app, sc.oldest.Refresh)
			w.refusedAs(err, "refresh_token_reuse")
			g := w.grant(sc.id)
			want := *sc.before
			want.Revoked = g.Revoked
			w.sameGrant(g, &want, "after a reuse")
			if g.Revoked.Reason != "refresh_token_reuse" || !g.Revoked.At.Equal(w.clock.Now()) {
				w.Errorf("the revocation says %q at %v", g.Revoked.Reason, g.Revoked.At)
			}
			sc.allDead(nil)
		}),
		check("the predecessor ends the grant once the grace is over", func(w *world) {
			sc := w.line(w.server())
			w.clock.Advance(w.rules.Grace)
			_, err := w.refresh(w.store, sc.app, sc.previous.Refresh)
			w.refusedAs(err, "refresh_token_reuse")
			sc.allDead(nil)
		}),
		check("the second predecessor is refused within its grace and ends nothing", func(w *world) {
			sc := w.line(w.server())
			t := w.refreshed(sc.app, sc.latest.Refresh)
			before := w.grant(sc.id)
			_, err := w.refresh(w.store, sc.app, sc.previous.Refresh)
			w.refusedAs(err, "second_predecessor_in_grace")
			w.sameGrant(w.grant(sc.id), before, "after the second predecessor")
			w.alive(sc.server, t.Access, "the access token")
		}),
	)
}

func replayChecks() []Check {
	return group("replaying a refresh within the grace",
		check("the identical request gets the identical tokens, from any process, and writes nothing", func(w *world) {
			sc := w.line(w.server())
			w.clock.Advance(10 * time.Second)
			t, err := w.refresh(w.other, sc.app, sc.previous.Refresh)
			w.must(err, "replaying")
			if !t.Replayed || !sameTokens(t, sc.latest) || t.ExpiresIn != sc.latest.ExpiresIn-10 {
				w.Errorf("the replay is not identical, or its lifetime is not what is left")
			}
			w.sameGrant(w.grant(sc.id), sc.before, "after an identical replay")
		}),
		check("another scope gets the same refresh token and one new access token", func(w *world) {
			sc := w.line(w.server())
			t, err := w.refresh(w.store, sc.app, sc.previous.Refresh, "write")
			w.must(err, "replaying")
			if t.Refresh.Digest() != sc.latest.Refresh.Digest() || t.Access.Digest() == sc.latest.Access.Digest() {
				w.Errorf("the refresh token differs, or the access token does not")
			}
			want, now := *sc.before, w.clock.Now()
			want.Issued = 4
			want.Access[3] = grant.Slot{Digest: t.Access.Digest(), Issued: now, Expires: now.Add(time.Hour), Scope: oauth.Scope{"write"}}
			w.sameGrant(w.grant(sc.id), &want, "after a replay for another scope")
			w.alive(sc.server, sc.latest.Access, "the first answer's access token")
			w.alive(sc.server, t.Access, "the replay's access token")
		}),
		check("an access token that was revoked by itself is not given out again", func(w *world) {
			sc := w.line(w.server())
			_, err := w.revoke(w.store, sc.app, sc.latest.Access)
			w.must(err, "revoking the access token")
			t, err := w.refresh(w.store, sc.app, sc.previous.Refresh)
			w.must(err, "replaying")
			if t.Access.Digest() == sc.latest.Access.Digest() {
				w.Errorf("the revoked access token was given out again")
			}
			w.dead(sc.server, sc.latest.Access, "the revoked access token")
			w.alive(sc.server, t.Access, "the new access token")
		}),
		check("revocation beats the grace", func(w *world) {
			sc := w.line(w.server())
			_, err := w.revoke(w.store, sc.app, sc.latest.Refresh)
			w.must(err, "revoking")
			_, err = w.refresh(w.other, sc.app, sc.previous.Refresh)
			w.refusedAs(err, grant.DeadRevoked)
		}),
	)
}

func sameTokens(a, b grant.Tokens) bool {
	return a.Access.Digest().Equal(b.Access.Digest()) && a.Refresh.Digest().Equal(b.Refresh.Digest())
}
