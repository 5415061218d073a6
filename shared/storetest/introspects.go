package storetest

import (
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

func introspectChecks() []Check {
	return group("introspecting",
		check("a live token is told with all that its grant says, in every process", func(w *world) {
			sc := w.line(w.server())
			for _, s := range []grant.Store{w.store, w.other} {
				got, err := w.introspect(s, sc.server, sc.latest.Access)
				w.must(err, "introspecting")
				want := grant.Introspection{Active: true, Caller: sc.server.id, Grant: sc.id, Kind: token.Access, ClientID: sc.app.id, Subject: sc.subject,
					Scope: oauth.Scope{"read", "write"}, Audience: []string{audience}, Issued: w.clock.Now(), Expires: w.clock.Now().Add(time.Hour)}
				if names := differing(&got, &want); len(names) > 0 {
					w.Errorf("the introspection differs in %v", names)
				}
			}
			w.sameGrant(w.grant(sc.id), sc.before, "after introspections")
		}),
		check("an expired token is dead although its item is still there", func(w *world) {
			sc := w.line(w.server())
			w.clock.Advance(time.Hour)
			w.dead(sc.server, sc.latest.Access, "an expired access token")
			w.alive(sc.app, sc.latest.Refresh, "the refresh token")
			w.clock.Advance(30 * 24 * time.Hour)
			w.dead(sc.app, sc.latest.Refresh, "an idle refresh token")
			w.sameGrant(w.grant(sc.id), sc.before, "after introspections of what expired")
		}),
		check("who may not know a token is told nothing of it", func(w *world) {
			sc := w.line(w.server())
			another := w.app()
			elsewhere := w.register(client.Policy{Name: "elsewhere", Type: client.Confidential, ResourceServer: true, Audience: []string{"https://elsewhere.example"}})
			w.dead(another, sc.latest.Access, "another client's access token")
			w.dead(elsewhere, sc.latest.Access, "an access token for another audience")
			w.dead(sc.server, sc.latest.Refresh, "a refresh token, to a resource server,")
			w.dead(another, sc.latest.Refresh, "another client's refresh token")
		}),
		check("a bearer's own revocation and its client's end count at once", func(w *world) {
			app := w.app(func(p *client.Policy) { p.Scope = append(p.Scope, oauth.ScopeIntrospection) })
			target := w.issue(app, unique("subject-"), true)
			ask := func(bearer grant.Tokens) (grant.Introspection, error) {
				rows, err := w.other.Find(w.ctx, grant.Keys{Grants: []token.GrantID{bearer.Grant, target.Grant}})
				w.must(err, "reading")
				return w.rules.Introspect(w.ctx, w.other, grant.Inquiry{Bearer: bearer.Access, BearerGrant: rows.Grants[0],
					Token: target.Access, Grant: rows.Grants[1], Generation: rows.Generation})
			}
			bearer := func() grant.Tokens {
				proof, rows, err := w.authenticated(w.store, app, grant.Keys{Clients: []string{app.id}})
				w.must(err, "authenticating")
				b := w.birthOf(proof, rows, "", false)
				b.Scope = oauth.Scope{oauth.ScopeIntrospection}
				t, err := w.rules.Issue(w.ctx, w.store, b)
				w.must(err, "issuing a bearer")
				return t
			}
			first, second := bearer(), bearer()
			if got, err := ask(first); err != nil || !got.Active {
				w.Errorf("a live bearer is told active=%t, %v", got.Active, err)
			}
			_, err := w.rules.RevokeGrant(w.ctx, w.store, first.Grant, "test")
			w.must(err, "revoking the bearer")
			_, err = ask(first)
			w.refusedAs(err, grant.DeadRevoked)
			_, err = w.manager(w.store).RaiseEpoch(w.ctx, app.id)
			w.must(err, "revoking the client")
			_, err = ask(second)
			w.refusedAs(err, grant.DeadClientEpoch)
		}),
	)
}
