package storetest

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

func clientChecks() []Check {
	return group("changing a client",
		check("each change raises the version by one and leaves the epoch", func(w *world) {
			app := w.app()
			want := w.client(app.id)
			w.clock.Advance(time.Second)
			changed := func(c *client.Client, err error) {
				w.Helper()
				w.must(err, "changing the client")
				got := w.client(app.id)
				w.sameClient(got, c, "as it was told")
				want.Version, want.Updated, want.Op = want.Version+1, w.clock.Now(), got.Op
				want.Policy, want.Secrets = got.Policy, got.Secrets
				w.sameClient(got, want, "after the change")
			}
			m := w.manager(w.store)
			c, err := m.Update(w.ctx, app.id, func(p *client.Policy) error { p.Name, p.Scope = "renamed", oauth.Scope{"read"}; return nil })
			changed(c, err)
			if c.Policy.Name != "renamed" || c.Policy.Scope.String() != "read" {
				w.Errorf("the policy was not changed")
			}
			c, text, err := m.RotateSecret(w.ctx, app.id)
			changed(c, err)
			rotated := actor{app.id, text}
			w.authenticates(app, true, "the old secret beside the new one")
			w.authenticates(rotated, true, "the new secret")
			c, err = m.DropOldSecret(w.ctx, app.id)
			changed(c, err)
			w.authenticates(app, false, "the old secret that was dropped")
			w.authenticates(rotated, true, "the new secret")
		}),
		check("a change under another version is a conflict with the row that is stored", func(w *world) {
			app := w.app()
			before := w.client(app.id)
			for _, version := range []int64{0, 2} {
				var conflict *client.Conflict
				off := client.Off
				err := w.store.UpdateClient(w.ctx, app.id, version, client.Change{State: &off, Op: newOp(w), Updated: w.clock.Now()})
				if !errors.As(err, &conflict) || conflict.Stored == nil {
					w.Fatalf("a change under version %d answers %v, not a conflict with the row", version, err)
				}
				w.sameClient(conflict.Stored, before, "in the conflict")
			}
			w.sameClient(w.client(app.id), before, "after changes under other versions")
		}),
		check("off and on again revives nothing that was born before", func(w *world) {
			app, server := w.app(), w.server()
			older := w.issue(app, unique("subject-"), true)
			m := w.manager(w.store)
			_, err := m.Disable(w.ctx, app.id)
			w.must(err, "disabling")
			w.dead(server, older.Access, "the token of a client that is off")
			w.authenticates(app, false, "a client that is off")
			_, err = m.Enable(w.ctx, app.id)
			w.must(err, "enabling")
			w.dead(server, older.Access, "the older token of a client that is on again")
			w.dead(app, older.Refresh, "the older refresh token of a client that is on again")
			w.alive(server, w.issue(app, unique("subject-"), true).Access, "a newer token")
		}),
		check("a disabling that was cut off between its two writes revives nothing either", func(w *world) {
			app, server := w.app(), w.server()
			older := w.issue(app, unique("subject-"), true)
			s := broken.Wrap(w.store)
			s.Inject(broken.Fault{Verb: broken.RaiseClientEpoch})
			if _, err := w.manager(s).Disable(w.ctx, app.id); err == nil {
				w.Fatalf("disabling succeeded without raising the epoch")
			}
			w.dead(server, older.Access, "the token of a client that is off")
			_, err := w.manager(w.other).Enable(w.ctx, app.id)
			w.must(err, "enabling")
			w.dead(server, older.Access, "the older token of a client that is on again")
		}),
		check("an enabling that was cut off between its two writes leaves the client off", func(w *world) {
			app := w.app()
			_, err := w.manager(w.store).Disable(w.ctx, app.id)
			w.must(err, "disabling")
			s := broken.Wrap(w.store)
			s.Inject(broken.Fault{Verb: broken.UpdateClient})
			if _, err := w.manager(s).Enable(w.ctx, app.id); err == nil {
				w.Errorf("enabling succeeded without its write")
			}
			w.authenticates(app, false, "a client that is off")
		}),
		check("an imported secret is upgraded under the version it was verified with, or left", func(w *world) {
			app, text := w.imported()
			proof, _, err := w.authenticated(w.store, actor{app.ID, text}, grant.Keys{Clients: []string{app.ID}})
			w.must(err, "authenticating with an imported secret")
			from, to, ok := proof.Upgrade()
			if !ok || !from.Same(app.Secrets[0]) {
				w.Fatalf("there is no upgrade of the imported secret")
			}
			upgraded := slices.Clone(app.Secrets)
			upgraded[0] = to
			change := client.Change{Secrets: &upgraded, Op: newOp(w), Updated: w.clock.Now()}
			w.must(w.store.UpdateClient(w.ctx, app.ID, proof.Client().Version, change), "upgrading")
			got := w.client(app.ID)
			if len(got.Secrets) != 1 || !got.Secrets[0].Same(to) || got.Version != 2 {
				w.Errorf("the secret was not upgraded")
			}
			w.authenticates(actor{app.ID, text}, true, "the upgraded secret")
			_, rotated, err := w.manager(w.other).RotateSecret(w.ctx, app.ID)
			w.must(err, "rotating")
			var conflict *client.Conflict
			if err := w.store.UpdateClient(w.ctx, app.ID, proof.Client().Version, change); !errors.As(err, &conflict) {
				w.Errorf("a late upgrade answers %v, not a conflict", err)
			}
			w.authenticates(actor{app.ID, rotated}, true, "the rotated secret")
		}),
		check("an unknown client is unknown to every change", func(w *world) {
			m, id := w.manager(w.store), unique("client-")
			for what, change := range managed(w, m, id) {
				if err := change(); !errors.Is(err, client.ErrUnknown) {
					w.Errorf("%s answers %v", what, err)
				}
			}
			if w.client(id) != nil {
				w.Errorf("a change made a client")
			}
		}),
	)
}

// managed are the operator's changes of a client.
func managed(w *world, m client.Manager, id string) map[string]func() error {
	one := func(_ *client.Client, err error) error { return err }
	return map[string]func() error{
		"update": func() error {
			return one(m.Update(w.ctx, id, func(p *client.Policy) error { p.Name += "+"; return nil }))
		},
		"rotate-secret": func() error { _, _, err := m.RotateSecret(w.ctx, id); return err },
		"drop-old":      func() error { return one(m.DropOldSecret(w.ctx, id)) },
		"disable":       func() error { return one(m.Disable(w.ctx, id)) },
		"enable":        func() error { return one(m.Enable(w.ctx, id)) },
		"delete":        func() error { return one(m.Delete(w.ctx, id)) },
		"revoke":        func() error { return one(m.RaiseEpoch(w.ctx, id)) },
	}
}

func tombstoneChecks() []Check {
	return group("deleting a client",
		check("its tokens are dead, its row stays, and its id cannot be made again", func(w *world) {
			app, server := w.app(), w.server()
			t := w.issue(app, unique("subject-"), true)
			_, err := w.manager(w.store).Delete(w.ctx, app.id)
			w.must(err, "deleting")
			w.dead(server, t.Access, "the token of a deleted client")
			tombstone := w.client(app.id)
			if tombstone == nil || tombstone.State != client.Deleted {
				w.Fatalf("the deleted client left no tombstone")
			}
			if _, _, err := w.manager(w.other).Create(w.ctx, app.id, appPolicy()); !errors.Is(err, client.ErrExists) {
				w.Errorf("making the deleted id again answers %v", err)
			}
			w.sameClient(w.client(app.id), tombstone, "after it was to be made again")
			w.dead(server, t.Access, "the token of a client deleted and made again")
		}),
		check("no change revives it, and deleting it again succeeds", func(w *world) {
			app := w.app()
			m := w.manager(w.store)
			_, err := m.Delete(w.ctx, app.id)
			w.must(err, "deleting")
			tombstone := w.client(app.id)
			for what, change := range managed(w, m, app.id) {
				switch err := change(); what {
				case "delete", "revoke":
					w.must(err, what)
				default:
					if !errors.Is(err, client.ErrDeleted) {
						w.Errorf("%s answers %v", what, err)
					}
				}
			}
			on := client.On
			var conflict *client.Conflict
			err = w.store.UpdateClient(w.ctx, app.id, tombstone.Version, client.Change{State: &on, Op: newOp(w), Updated: w.clock.Now()})
			if !errors.As(err, &conflict) {
				w.Errorf("a change of the tombstone under its version answers %v, not a conflict", err)
			}
			tombstone.Epoch = w.client(app.id).Epoch
			w.sameClient(w.client(app.id), tombstone, "after changes of a deleted client")
		}),
	)
}

// imported makes a client whose secret was hashed elsewhere.
func (w *world) imported() (*client.Client, secret.Text) {
	w.Helper()
	text := secret.NewText(unique("imported-") + strings.Repeat("x", 24))
	key, err := pbkdf2.Key(sha256.New, text.Reveal(), []byte("salt"), 1, sha256.Size)
	w.must(err, "hashing")
	now := w.clock.Now()
	c := &client.Client{ID: unique("client-"), Version: 1, Epoch: now.UnixMilli(), State: client.On, Policy: appPolicy(), Op: newOp(w),
		Secrets: []client.Secret{{Imported: secret.NewText("pbkdf2_sha256$1$salt$" + base64.StdEncoding.EncodeToString(key)), Created: now}},
		Created: now, Updated: now}
	w.must(w.store.CreateClient(w.ctx, c), "importing a client")
	return c, text
}

// authenticates checks, in the other process, whether an actor's secret is
// taken.
func (w *world) authenticates(a actor, want bool, what string) {
	w.Helper()
	_, _, err := w.authenticated(w.other, a, grant.Keys{Clients: []string{a.id}})
	if want && err != nil {
		w.Errorf("%s is not taken: %v", what, err)
	}
	if !want && !isCode(err, oauth.InvalidClient) {
		w.Errorf("%s answers %v, not invalid_client", what, err)
	}
}
