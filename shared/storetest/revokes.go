package storetest

import (
	"errors"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

func newOp(w *world) secret.Op {
	w.Helper()
	op, err := secret.NewOp(w.rules.Rand)
	w.must(err, "drawing an op")
	return op
}

func revokeChecks() []Check {
	byValue := func(name string, pick func(sc *scene) token.Value) Check {
		return check(name, func(w *world) {
			sc := w.line(w.server())
			ended, err := w.revoke(w.store, sc.app, pick(sc))
			w.must(err, "revoking")
			g := w.grant(sc.id)
			want := *sc.before
			want.Revoked = grant.Revocation{At: w.clock.Now(), Reason: "asked", Op: g.Revoked.Op}
			w.sameGrant(g, &want, "after the revocation")
			if ended.What != grant.EndedGrant || g.Revoked.Op.IsZero() {
				w.Errorf("the answer says that %s ended, and the revocation may have no op", ended.What)
			}
			sc.allDead(nil)
		})
	}
	return group("revoking",
		byValue("the current refresh token ends the whole grant", func(sc *scene) token.Value { return sc.latest.Refresh }),
		byValue("the preceding refresh token ends the whole grant", func(sc *scene) token.Value { return sc.previous.Refresh }),
		byValue("a refresh token long replaced ends the whole grant", func(sc *scene) token.Value { return sc.oldest.Refresh }),
		check("an access token ends the whole grant", func(w *world) {
			app := w.app()
			t := w.issue(app, unique("subject-"), true)
			_, err := w.revoke(w.store, app, t.Access)
			w.must(err, "revoking")
			w.dead(app, t.Access, "the access token")
			w.dead(app, t.Refresh, "the refresh token")
		}),
		check("an access token past its end but still in its slot ends its grant", func(w *world) {
			app := w.app()
			t := w.issue(app, unique("subject-"), true)
			w.clock.Advance(2 * time.Hour)
			ended, err := w.revoke(w.store, app, t.Access)
			w.must(err, "revoking")
			if ended.What != grant.EndedGrant {
				w.Errorf("%s was ended", ended.What)
			}
			w.dead(app, t.Refresh, "the refresh token")
		}),
		check("one access token alone leaves the slot empty and all else as it was", func(w *world) {
			sc := w.line(w.server())
			ended, err := w.revoke(w.store, sc.app, sc.previous.Access)
			w.must(err, "revoking")
			want := *sc.before
			want.Access[1] = grant.Slot{}
			w.sameGrant(w.grant(sc.id), &want, "after revoking one access token")
			if ended.What != grant.EndedToken {
				w.Errorf("%s was ended", ended.What)
			}
			w.dead(sc.server, sc.previous.Access, "the revoked access token")
			w.alive(sc.server, sc.latest.Access, "its neighbour")
			w.alive(sc.app, sc.latest.Refresh, "the refresh token")
			again, err := w.revoke(w.store, sc.app, sc.previous.Access)
			w.must(err, "revoking it again")
			if again.What != grant.EndedNothing || again.Why != grant.WhyUnknown {
				w.Errorf("revoking it again ended %s", again.What)
			}
		}),
		check("a slot that another token has taken meanwhile is left alone", func(w *world) {
			sc := w.line(w.server())
			var conflict *grant.Conflict
			if err := w.store.RemoveAccess(w.ctx, sc.id, 1, sc.latest.Access.Digest()); !errors.As(err, &conflict) {
				w.Errorf("removing by another digest answers %v, not a conflict", err)
			}
			w.sameGrant(w.grant(sc.id), sc.before, "after removing by another digest")
		}),
		check("the first revocation's time and reason stand", func(w *world) {
			sc := w.line(w.server())
			_, err := w.rules.RevokeGrant(w.ctx, w.store, sc.id, "first")
			w.must(err, "revoking")
			first := w.grant(sc.id)
			w.clock.Advance(time.Hour)
			byOperator, err := w.rules.RevokeGrant(w.ctx, w.other, sc.id, "second")
			w.must(err, "revoking again")
			byClient, err := w.revoke(w.store, sc.app, sc.latest.Refresh)
			w.must(err, "revoking again")
			stands, err := w.store.Revoke(w.ctx, sc.id, sc.app.id, grant.Revocation{At: w.clock.Now(), Reason: "third", Op: newOp(w)})
			w.must(err, "revoking again")
			for _, s := range []grant.Revocation{byOperator.Stand, byClient.Stand, stands} {
				if s.Reason != "first" || !s.At.Equal(first.Revoked.At) || !s.Op.Equal(first.Revoked.Op) {
					w.Errorf("the revocation that stands is said to be %q", s.Reason)
				}
			}
			w.sameGrant(w.grant(sc.id), first, "after revoking again")
		}),
		check("another client's revocation is refused and changes nothing, and a forgery does nothing", func(w *world) {
			sc := w.line(w.server())
			another := w.app()
			for _, v := range []token.Value{sc.latest.Access, sc.latest.Refresh, sc.oldest.Refresh} {
				_, err := w.revoke(w.store, another, v)
				w.refusedAs(err, "another_client")
			}
			var conflict *grant.Conflict
			_, err := w.store.Revoke(w.ctx, sc.id, another.id, grant.Revocation{At: w.clock.Now(), Reason: "stolen", Op: newOp(w)})
			if !errors.As(err, &conflict) {
				w.Errorf("a revocation in another client's name answers %v, not a conflict", err)
			}
			forged, err := token.NewAccess(sc.id, w.rules.Rand)
			w.must(err, "forging")
			ended, err := w.revoke(w.store, sc.app, forged)
			w.must(err, "revoking a forgery")
			if ended.What != grant.EndedNothing {
				w.Errorf("a forgery ended %s", ended.What)
			}
			w.sameGrant(w.grant(sc.id), sc.before, "after what may not be revoked")
		}),
		check("a revoked grant takes no further change of any kind", func(w *world) {
			sc := w.line(w.server())
			_, err := w.rules.RevokeGrant(w.ctx, w.store, sc.id, "test")
			w.must(err, "revoking")
			before, issued := w.grant(sc.id), int64(3)
			for _, condition := range []grant.Condition{
				{Refresh: sc.latest.Refresh.Digest(), Issued: &issued}, {Previous: sc.previous.Refresh.Digest(), Op: before.Op}, {ClientID: sc.app.id}, {},
			} {
				var conflict *grant.Conflict
				err := w.store.Replace(w.ctx, grant.Change{ID: sc.id, If: condition, Op: newOp(w), IdleEnd: w.clock.Now()})
				if !errors.As(err, &conflict) || conflict.Stored == nil {
					w.Errorf("a change of a revoked grant answers %v, not a conflict with what is stored", err)
				}
			}
			w.sameGrant(w.grant(sc.id), before, "after changes of a revoked grant")
		}),
		check("a signed token's denial is kept, the first with its time and reason", func(w *world) {
			d := grant.Denial{JTI: unique("jti-"), At: w.clock.Now(), Reason: "first", ExpiresAt: w.clock.Now().Add(time.Hour).Truncate(time.Second)}
			absent := unique("jti-")
			w.must(w.store.Deny(w.ctx, d), "denying")
			later := d
			later.Reason, later.At = "second", d.At.Add(time.Minute)
			w.must(w.other.Deny(w.ctx, later), "denying again")
			rows, err := w.other.Find(w.ctx, grant.Keys{Denied: []string{d.JTI, absent}})
			w.must(err, "reading")
			if names := differing(&rows.Denied[0], &d); len(names) > 0 {
				w.Errorf("the denial differs in %v", names)
			}
			if rows.Denied[1].JTI != "" || !rows.Denied[1].At.IsZero() {
				w.Errorf("a token that was never denied is")
			}
		}),
		check("a public client revokes its own, and only its own", func(w *world) {
			phone := w.app(func(p *client.Policy) { p.Type, p.GrantTypes = client.Public, []string{"refresh_token"} })
			another := w.app(func(p *client.Policy) { p.Type, p.GrantTypes = client.Public, []string{"refresh_token"} })
			server := w.server()
			t := w.issue(phone, unique("subject-"), true)
			_, err := w.revoke(w.store, another, t.Refresh)
			w.refusedAs(err, "another_client")
			w.alive(server, t.Access, "the access token")
			_, err = w.revoke(w.store, phone, t.Refresh)
			w.must(err, "revoking")
			w.dead(server, t.Access, "the access token")
		}),
	)
}
