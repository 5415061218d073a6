package storetest

import (
	"errors"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// phantomChecks ask for updates of rows that are not there: one that made the
// row would make a grant without an end, or a client that nobody registered.
func phantomChecks() []Check {
	onGrant := func(name string, update func(w *world, id token.GrantID) error) Check {
		return check(name+" is a conflict with nothing, and there is still no grant", func(w *world) {
			id, err := token.NewGrantID(w.rules.Rand)
			w.must(err, "drawing an id")
			var conflict *grant.Conflict
			if err := update(w, id); !errors.As(err, &conflict) || conflict.Stored != nil {
				w.Errorf("the answer is %v, not a conflict with nothing", err)
			}
			if w.grant(id) != nil {
				w.Errorf("the update made a grant")
			}
		})
	}
	onClient := func(name string, update func(w *world, id string) error) Check {
		return check(name+" is a conflict with nothing, and there is still no client", func(w *world) {
			id := unique("client-")
			var conflict *client.Conflict
			if err := update(w, id); !errors.As(err, &conflict) || conflict.Stored != nil {
				w.Errorf("the answer is %v, not a conflict with nothing", err)
			}
			if w.client(id) != nil {
				w.Errorf("the update made a client")
			}
		})
	}
	digest := secret.NewText("no token").Digest()
	return group("updating a row that is not there",
		onGrant("a change without a condition", func(w *world, id token.GrantID) error {
			return w.store.Replace(w.ctx, grant.Change{ID: id, Op: newOp(w), IdleEnd: w.clock.Now(), ExpiresAt: w.clock.Now()})
		}),
		onGrant("a change of all members", func(w *world, id token.GrantID) error {
			return w.store.Replace(w.ctx, grant.Change{ID: id, Op: newOp(w), Family: digest, UseCode: true, Rotation: &grant.Rotated{Refresh: digest},
				Slot: &grant.Filled{N: 0, Slot: grant.Slot{Digest: digest, Issued: w.clock.Now(), Expires: w.clock.Now()}, Issued: 1}})
		}),
		onGrant("a change on condition of the first count", func(w *world, id token.GrantID) error {
			none := int64(0)
			return w.store.Replace(w.ctx, grant.Change{ID: id, If: grant.Condition{Issued: &none}, Op: newOp(w)})
		}),
		onGrant("a revocation", func(w *world, id token.GrantID) error {
			_, err := w.store.Revoke(w.ctx, id, "", grant.Revocation{At: w.clock.Now(), Reason: "test", Op: newOp(w)})
			return err
		}),
		onGrant("a client's revocation", func(w *world, id token.GrantID) error {
			_, err := w.store.Revoke(w.ctx, id, "client", grant.Revocation{At: w.clock.Now(), Reason: "test", Op: newOp(w)})
			return err
		}),
		onGrant("removing an access token", func(w *world, id token.GrantID) error { return w.store.RemoveAccess(w.ctx, id, 0, digest) }),
		onClient("a change of policy", func(w *world, id string) error {
			p := appPolicy()
			return w.store.UpdateClient(w.ctx, id, 0, client.Change{Policy: &p, Op: newOp(w), Updated: w.clock.Now()})
		}),
		onClient("a change of state", func(w *world, id string) error {
			on := client.On
			return w.store.UpdateClient(w.ctx, id, 1, client.Change{State: &on, Op: newOp(w), Updated: w.clock.Now()})
		}),
		onClient("a raised epoch", func(w *world, id string) error { return w.store.RaiseClientEpoch(w.ctx, id, 0, 1) }),
		check("a subject's epoch from another than 0 is not raised, and there is still none", func(w *world) {
			subject := unique("subject-")
			if raised, err := w.store.RaiseSubjectEpoch(w.ctx, subject, 5, 6); err != nil || raised {
				w.Errorf("the answer is %t, %v", raised, err)
			}
			if w.subject(subject) != 0 {
				w.Errorf("the subject has an epoch")
			}
		}),
		check("a condition that does not hold changes nothing, each by itself", func(w *world) {
			sc := w.line(w.server())
			low, high := int64(2), int64(4)
			for what, condition := range map[string]grant.Condition{
				"client": {ClientID: "another"}, "refresh token": {Refresh: digest}, "predecessor": {Previous: digest}, "op": {Op: newOp(w)},
				"lower count": {Issued: &low}, "higher count": {Issued: &high}, "code": {UnusedCode: digest},
				"second predecessor as the first": {Previous: sc.oldest.Refresh.Digest()},
			} {
				var conflict *grant.Conflict
				err := w.store.Replace(w.ctx, grant.Change{ID: sc.id, If: condition, Op: newOp(w), ExpiresAt: w.clock.Now(), Family: digest})
				if !errors.As(err, &conflict) || conflict.Stored == nil {
					w.Errorf("a change on condition of another %s answers %v", what, err)
					continue
				}
				w.sameGrant(conflict.Stored, sc.before, "in the conflict")
			}
			w.sameGrant(w.grant(sc.id), sc.before, "after changes whose condition did not hold")
		}),
		check("a change leaves all that it does not name", func(w *world) {
			sc := w.line(w.server())
			op := newOp(w)
			w.must(w.store.Replace(w.ctx, grant.Change{ID: sc.id, Op: op}), "changing the op")
			want := *sc.before
			want.Op = op
			w.sameGrant(w.grant(sc.id), &want, "after a change of the op")
			slot := grant.Slot{Digest: digest, Issued: w.clock.Now(), Expires: w.clock.Now().Add(1), Scope: oauth.Scope{"read"}, Audience: []string{"https://b.example"}}
			slot.Expires = slot.Issued.Add(1000 * 1000)
			w.must(w.store.Replace(w.ctx, grant.Change{ID: sc.id, Slot: &grant.Filled{N: 1, Slot: slot, Issued: 9}}), "filling a slot")
			want.Access[1], want.Issued = slot, 9
			w.sameGrant(w.grant(sc.id), &want, "after filling a slot")
			slot.Scope, slot.Audience = nil, nil
			w.must(w.store.Replace(w.ctx, grant.Change{ID: sc.id, Slot: &grant.Filled{N: 1, Slot: slot, Issued: 10}}), "filling it again")
			want.Access[1], want.Issued = slot, 10
			w.sameGrant(w.grant(sc.id), &want, "after filling it again without a scope")
			rotated := grant.Rotated{Refresh: digest, Rotation: 7, Request: digest}
			w.must(w.store.Replace(w.ctx, grant.Change{ID: sc.id, Rotation: &rotated}), "rotating")
			want.Refresh, want.Previous, want.Rotation, want.Request = digest, rotated.Previous, 7, digest
			w.sameGrant(w.grant(sc.id), &want, "after a rotation that has no predecessors")
		}),
	)
}
