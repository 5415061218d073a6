package storetest

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

func rowChecks() []Check {
	return group("reading",
		check("every key has its place in the answer, repeated and absent ones too", func(w *world) {
			app, subject, jti := w.app(), unique("subject-"), unique("jti-")
			first, second := w.issue(app, subject, true), w.issue(app, "", false)
			epoch, err := w.rules.RevokeSubject(w.ctx, w.store, subject)
			w.must(err, "revoking the subject")
			w.must(w.store.Deny(w.ctx, grant.Denial{JTI: jti, At: w.clock.Now(), Reason: "r", ExpiresAt: w.clock.Now().Truncate(time.Second).Add(time.Hour)}), "denying")
			absent, err := token.NewGrantID(w.rules.Rand)
			w.must(err, "drawing an id")
			rows, err := w.other.Find(w.ctx, grant.Keys{
				Clients:  []string{app.id, "absent", app.id},
				Grants:   []token.GrantID{second.Grant, absent, first.Grant, second.Grant, absent},
				Subjects: []string{"absent", subject, subject},
				Denied:   []string{jti, "absent", jti},
			})
			w.must(err, "finding")
			if len(rows.Clients) != 3 || len(rows.Grants) != 5 || len(rows.Subjects) != 3 || len(rows.Denied) != 3 {
				w.Fatalf("%d, %d, %d and %d rows", len(rows.Clients), len(rows.Grants), len(rows.Subjects), len(rows.Denied))
			}
			if c := rows.Clients; c[0] == nil || c[1] != nil || c[2] == nil || c[0].ID != app.id || c[2].ID != app.id {
				w.Errorf("the clients are not in the keys' order")
			}
			g := rows.Grants
			if g[0] == nil || g[1] != nil || g[2] == nil || g[3] == nil || g[4] != nil || g[0].ID != second.Grant || g[2].ID != first.Grant || g[3].ID != second.Grant {
				w.Errorf("the grants are not in the keys' order")
			}
			if s := rows.Subjects; s[0] != 0 || s[1] != epoch || s[2] != epoch {
				w.Errorf("the subjects' epochs are %v", s)
			}
			if d := rows.Denied; d[0].JTI != jti || d[1] != (grant.Denial{}) || d[2].JTI != jti {
				w.Errorf("the denials are not in the keys' order")
			}
		}),
		check("no keys give no rows and the generation", func(w *world) {
			want, err := w.store.Generation(w.ctx)
			w.must(err, "reading the generation")
			rows, err := w.store.Find(w.ctx, grant.Keys{})
			if err != nil || len(rows.Clients)+len(rows.Grants)+len(rows.Subjects)+len(rows.Denied) != 0 || rows.Generation != want {
				w.Errorf("no keys give %+v, %v", rows, err)
			}
		}),
		check("a read that is cut off is an error and never an absence", func(w *world) {
			app := w.app()
			t := w.issue(app, unique("subject-"), true)
			ctx, cancel := context.WithCancel(w.ctx)
			cancel()
			_, err := w.store.Find(ctx, grant.Keys{Clients: []string{app.id}, Grants: []token.GrantID{t.Grant}})
			_, err2 := w.store.FindClient(ctx, app.id)
			_, err3 := w.store.Generation(ctx)
			_, err4 := w.store.ListClients(ctx, "", 1)
			_, err5 := w.store.ListGrants(ctx, "s", token.GrantID{}, 1)
			for _, err := range []error{err, err2, err3, err4, err5} {
				var answer *oauth.Error
				if err == nil || errors.As(err, &answer) {
					w.Errorf("a cancelled read answers %v", err)
				}
			}
		}),
		check("a write whose caller is gone before it began is an error and no conflict", func(w *world) {
			sc := w.line(w.server())
			ctx, cancel := context.WithCancel(w.ctx)
			cancel()
			for what, err := range map[string]error{
				"Replace":          w.store.Replace(ctx, grant.Change{ID: sc.id, Op: newOp(w)}),
				"RaiseClientEpoch": w.store.RaiseClientEpoch(ctx, sc.app.id, 0, 1),
				"RemoveAccess":     w.store.RemoveAccess(ctx, sc.id, 0, sc.latest.Access.Digest()),
			} {
				var conflict *grant.Conflict
				var clientConflict *client.Conflict
				if err == nil || errors.As(err, &conflict) || errors.As(err, &clientConflict) {
					w.Errorf("%s with a cancelled context answers %v", what, err)
				}
			}
		}),
		check("what is handed out is the caller's own", func(w *world) {
			sc := w.line(w.server())
			g, c := w.grant(sc.id), w.client(sc.app.id)
			g.Scope[0], g.Audience[0], g.Revoked.Reason = "changed", "changed", "changed"
			c.Policy.Scope[0], c.Secrets[0], c.State = "changed", client.Secret{}, client.Off
			w.sameGrant(w.grant(sc.id), sc.before, "after a caller changed what it was handed")
			w.sameClient(w.client(sc.app.id), sc.beforeClient, "after a caller changed what it was handed")
		}),
		check("names of every legal form are told apart", func(w *world) {
			prefix := unique("n")
			names := []string{prefix, prefix + "#", prefix + "#1", prefix + "%23", prefix + "/..", strings.ToUpper(prefix), prefix + "'\";--", prefix + strings.Repeat("x", 128-len(prefix))}
			for i, id := range names {
				_, _, err := w.manager(w.store).Create(w.ctx, id, client.Policy{Name: fmt.Sprint(i), Type: client.Confidential})
				w.must(err, "registering "+id)
				for range i + 1 { // the n-th subject has been revoked n times
					_, err = w.rules.RevokeSubject(w.ctx, w.store, id+" ü\n")
					w.must(err, "revoking a subject")
				}
			}
			for i, id := range names {
				if c := w.client(id); c == nil || c.ID != id || c.Policy.Name != fmt.Sprint(i) {
					w.Errorf("the client %q is another", id)
				}
				if got, want := w.subject(id+" ü\n"), w.clock.Now().UnixMilli()+int64(i); got != want {
					w.Errorf("the epoch of subject %d is %d, not %d", i, got, want)
				}
				if w.subject(id) != 0 {
					w.Errorf("a subject that was never revoked has an epoch")
				}
			}
		}),
		check("no error text holds a token, a secret or a digest", func(w *world) {
			sc := w.line(w.server())
			id, before := sc.id, sc.before
			gone, cancel := context.WithCancel(w.ctx)
			cancel()
			wrong := grant.Change{ID: id, If: grant.Condition{Refresh: sc.oldest.Refresh.Digest(), Op: newOp(w)}, Op: before.Op}
			errs := []error{
				w.store.Create(w.ctx, before), w.store.Create(gone, before), w.store.Replace(w.ctx, wrong), w.store.Replace(gone, wrong),
				w.store.RemoveAccess(w.ctx, id, 7, sc.latest.Access.Digest()), w.store.RemoveAccess(gone, id, 7, sc.latest.Access.Digest()),
				w.store.CreateClient(w.ctx, sc.beforeClient), w.store.CreateClient(gone, sc.beforeClient),
				w.store.UpdateClient(w.ctx, sc.app.id, 99, client.Change{Secrets: &sc.beforeClient.Secrets, Op: before.Op, Updated: w.clock.Now()}),
			}
			op := secret.Digest(before.Op)
			for i, err := range errs {
				if err == nil {
					w.Errorf("write %d succeeded", i)
					continue
				}
				for _, d := range []secret.Digest{before.Refresh, before.Family, sc.latest.Access.Digest(), sc.oldest.Refresh.Digest(), sc.beforeClient.Secrets[0].Digest, op} {
					if holds(fmt.Sprintf("%v %+v", err, err), d) {
						w.Errorf("the error of write %d holds a digest", i)
					}
				}
			}
		}),
	)
}

// holds tells whether a text shows a digest in any usual notation.
func holds(text string, d secret.Digest) bool {
	for _, shown := range []string{hex.EncodeToString(d[:]), base64.StdEncoding.EncodeToString(d[:]), base64.RawURLEncoding.EncodeToString(d[:]),
		string(d[:]), strings.Trim(fmt.Sprint(d[:8]), "[]")} {
		if strings.Contains(text, strings.TrimRight(shown, "=")) || strings.Contains(text, strings.ToUpper(shown)) {
			return true
		}
	}
	return false
}
