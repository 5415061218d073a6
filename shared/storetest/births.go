package storetest

import (
	"errors"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// check makes the checks of one group.
func group(name string, checks ...Check) []Check {
	for i := range checks {
		checks[i].Group = name
	}
	return checks
}

func check(name string, run func(w *world)) Check {
	return Check{Name: name, Run: func(t T, env Env) { run(newWorld(t, env)) }}
}

func birthChecks() []Check {
	return group("issuing",
		check("a client's own grant has one access token and no refresh token", func(w *world) {
			app := w.app()
			t := w.issue(app, "", false)
			born := w.clock.Now()
			g, c := w.grant(t.Grant), w.client(app.id)
			want := &grant.Grant{ID: t.Grant, ClientID: app.id, Scope: oauth.Scope{"read", "write"}, Audience: []string{audience},
				Epochs: grant.Epochs{Client: c.Epoch, Store: g.Epochs.Store}, Born: born, AbsoluteEnd: born.Add(time.Hour),
				ExpiresAt: g.ExpiresAt, Op: g.Op, Issued: 1}
			want.Access[0] = grant.Slot{Digest: t.Access.Digest(), Issued: born, Expires: born.Add(time.Hour)}
			w.sameGrant(g, want, "after issuing")
			if g.Op.IsZero() || g.ExpiresAt.Before(g.AbsoluteEnd) {
				w.Errorf("the grant has no op, or may be deleted before its end")
			}
			w.alive(app, t.Access, "the access token")
		}),
		check("a subject's grant has a first refresh token and no predecessors", func(w *world) {
			app, subject := w.app(), unique("subject-")
			t := w.issue(app, subject, true)
			g := w.grant(t.Grant)
			if !g.Refresh.Equal(t.Refresh.Digest()) || !g.Family.Equal(t.Refresh.Family()) || g.Subject != subject || g.Rotation != 0 ||
				g.Previous != [2]grant.Predecessor{} || !g.Request.IsZero() || !g.Code.Digest.IsZero() || !g.Revoked.At.IsZero() {
				w.Errorf("the grant is not as it was issued")
			}
			w.alive(app, t.Access, "the access token")
			w.alive(app, t.Refresh, "the refresh token")
		}),
		check("a code's grant has the code, its challenge and no token", func(w *world) {
			app, subject := w.app(), unique("subject-")
			code, err := w.issueCode(w.store, app, subject)
			w.must(err, "issuing a code")
			g := w.grant(code.GrantID())
			want := grant.Code{Digest: code.Digest(), Challenge: codeChallenge, RedirectURI: redirectURI, Expires: w.clock.Now().Add(time.Minute)}
			if g.Code.Digest != want.Digest || g.Code.Challenge != want.Challenge || g.Code.RedirectURI != want.RedirectURI ||
				!g.Code.Expires.Equal(want.Expires) || g.Code.Used || g.Issued != 0 || !g.Refresh.IsZero() {
				w.Errorf("the grant is not as its code was issued")
			}
			w.dead(app, code, "a code, as a token,")
		}),
		check("a second grant cannot take an id that is taken", func(w *world) {
			app := w.app()
			t := w.issue(app, "", false)
			before := w.grant(t.Grant)
			other := *before
			other.Subject, other.Op = "intruder", newOp(w)
			var conflict *grant.Conflict
			if err := w.store.Create(w.ctx, &other); !errors.As(err, &conflict) {
				w.Errorf("the second creation answers %v, not a conflict", err)
			} else if conflict.Stored == nil || !conflict.Stored.Op.Equal(before.Op) {
				w.Errorf("the conflict does not hold the item that is there")
			}
			w.sameGrant(w.grant(t.Grant), before, "after a second creation")
		}),
		check("a revoked grant cannot be made again", func(w *world) {
			app := w.app()
			t := w.issue(app, "", false)
			born := w.grant(t.Grant)
			_, err := w.rules.RevokeGrant(w.ctx, w.store, t.Grant, "test")
			w.must(err, "revoking")
			var conflict *grant.Conflict
			if err := w.store.Create(w.ctx, born); !errors.As(err, &conflict) {
				w.Errorf("a late second delivery of the creation answers %v, not a conflict", err)
			}
			w.dead(app, t.Access, "the access token of a revoked grant")
		}),
	)
}

func redeemChecks() []Check {
	return group("redeeming a code",
		check("the code gives the first tokens, in one change, once", func(w *world) {
			sc := w.waiting(w.server())
			t, err := w.redeem(w.store, sc.app, sc.code)
			w.must(err, "redeeming")
			g := w.grant(sc.id)
			want := *sc.before
			want.Code.Used, want.Op, want.Refresh, want.Family, want.Issued = true, g.Op, t.Refresh.Digest(), t.Refresh.Family(), 1
			want.IdleEnd, want.ExpiresAt = w.clock.Now().Add(30*24*time.Hour), g.ExpiresAt
			want.Access[0] = grant.Slot{Digest: t.Access.Digest(), Issued: w.clock.Now(), Expires: w.clock.Now().Add(time.Hour)}
			w.sameGrant(g, &want, "after the redemption")
			if g.Op.Equal(sc.before.Op) || g.ExpiresAt.Before(g.AbsoluteEnd) {
				w.Errorf("the redemption left no op, or an item that may be deleted before its end")
			}
			w.alive(sc.server, t.Access, "the access token")
			w.alive(sc.app, t.Refresh, "the refresh token")
		}),
		check("a client that may not refresh gets no refresh token", func(w *world) {
			app := w.app(func(p *client.Policy) { p.GrantTypes = []string{oauth.GrantAuthorizationCode} })
			code, err := w.issueCode(w.store, app, unique("subject-"))
			w.must(err, "issuing a code")
			t, err := w.redeem(w.store, app, code)
			w.must(err, "redeeming")
			if t.Refresh.Kind() != 0 || !w.grant(code.GrantID()).Family.IsZero() {
				w.Errorf("a refresh token was issued")
			}
		}),
		check("a second redemption that is valid otherwise ends the grant", func(w *world) {
			sc := w.waiting(w.server())
			t, err := w.redeem(w.store, sc.app, sc.code)
			w.must(err, "redeeming")
			_, err = w.redeem(w.other, sc.app, sc.code)
			w.refusedAs(err, "code_reuse")
			if g := w.grant(sc.id); g.Revoked.Reason != "code_reuse" {
				w.Errorf("the grant's end is %q", g.Revoked.Reason)
			}
			w.dead(sc.server, t.Access, "the access token of a code used twice")
			w.dead(sc.app, t.Refresh, "the refresh token of a code used twice")
		}),
		check("a used code ends the grant long after its own expiry too", func(w *world) {
			sc := w.waiting(w.server())
			t, err := w.redeem(w.store, sc.app, sc.code)
			w.must(err, "redeeming")
			w.clock.Advance(30 * time.Minute)
			_, err = w.redeem(w.store, sc.app, sc.code)
			w.refusedAs(err, "code_reuse")
			w.dead(sc.server, t.Access, "the access token of a code used again")
		}),
		check("a redemption that lacks anything changes nothing, before and after the use", func(w *world) {
			sc := w.waiting(w.server())
			another := w.app()
			wrong := func() {
				before := w.grant(sc.id)
				_, err := w.redeem(w.store, another, sc.code)
				w.refusedAs(err, "another_client")
				_, err = w.redeemWith(w.store, sc.app, sc.code, "another-verifier-that-is-long-enough-to-be-one", redirectURI)
				w.refusedAs(err, "wrong_code_verifier")
				_, err = w.redeemWith(w.store, sc.app, sc.code, "", redirectURI)
				w.refusedAs(err, "wrong_code_verifier")
				_, err = w.redeemWith(w.store, sc.app, sc.code, codeVerifier, another.text.Digest())
				w.refusedAs(err, "another_redirect_uri")
				w.sameGrant(w.grant(sc.id), before, "after refused redemptions")
			}
			wrong()
			t, err := w.redeem(w.store, sc.app, sc.code)
			w.must(err, "redeeming")
			wrong()
			w.alive(sc.server, t.Access, "the access token")
		}),
		check("an expired code is refused although its item is still there", func(w *world) {
			sc := w.waiting(w.server())
			w.clock.Advance(time.Minute)
			_, err := w.redeem(w.store, sc.app, sc.code)
			w.refusedAs(err, grant.DeadExpired)
			w.sameGrant(w.grant(sc.id), sc.before, "after an expired redemption")
		}),
	)
}
