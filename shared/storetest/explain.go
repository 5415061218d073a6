package storetest

import (
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// explained checks that the answers of a set of operations, in whatever order
// they took effect, and the state after them agree.
func (sc *scene) explained(ops []op, answers ...answer) {
	sc.Helper()
	all := false
	for i, a := range answers {
		if !a.definite() {
			sc.Errorf("%s met an outage: %v", ops[i].name, a.err)
		}
		// A reuse whose answer was lost has ended the grant all the same.
		all = all || a.all || sc.retried && a.reason() == grant.DeadRevoked
	}
	if all {
		sc.allDead(answers)
	} else {
		sc.stillAlive(ops, answers)
	}
	sc.firstStands(answers)
	sc.clientKept(answers)
}

// allDead: something answered that the grant is ended, so nothing of it that
// anyone holds is active, and no refresh gets more.
func (sc *scene) allDead(answers []answer) {
	sc.Helper()
	for _, v := range sc.values(answers) {
		if v.Kind() == token.Access {
			if sc.seen(sc.server, v) {
				sc.Errorf("an ended grant's access token is alive")
			}
		} else if _, err := sc.world.refresh(sc.turn(), sc.app, v); err == nil {
			sc.Errorf("an ended grant's refresh token was refreshed")
		}
	}
}

// turn gives the two processes by turns: each look at a state is through
// another than the last.
func (sc *scene) turn() grant.Store {
	sc.looks++
	if sc.looks%2 == 0 {
		return sc.store
	}
	return sc.other
}

// seen tells whether a token is active in the process whose turn it is.
func (sc *scene) seen(a actor, v token.Value) bool {
	sc.Helper()
	got, err := sc.introspect(sc.turn(), a, v)
	if err != nil {
		sc.Fatalf("introspecting: %v", err)
	}
	return got.Active
}

// stillAlive: nothing ended the grant, so all that was issued works, but for
// what was replaced or revoked by itself.
func (sc *scene) stillAlive(ops []op, answers []answer) {
	sc.Helper()
	g := sc.grant(sc.id)
	if g == nil || !g.Revoked.At.IsZero() {
		sc.Errorf("the grant was ended, and no answer says so")
		return
	}
	removed, got := false, false
	for i, a := range answers {
		removed = removed || ops[i].name == "revoking one access token" && a.err == nil
		got = got || a.tokens != nil
		if why := a.reason(); why != "" && why != "second_predecessor_in_grace" {
			sc.Errorf("%s was refused for %s, and nothing explains that", ops[i].name, why)
		}
		if ops[i].name == "introspecting" && !a.seen && !removedBy(ops) {
			sc.Errorf("a live token was said to be inactive")
		}
	}
	current, access := 0, 0
	for _, v := range sc.values(answers) {
		if v.Kind() == token.Refresh {
			if sc.seen(sc.app, v) {
				current++
			}
			continue
		}
		access++
		gone := removed && v.Digest().Equal(sc.latest.Access.Digest())
		if sc.seen(sc.server, v) == gone {
			sc.Errorf("an access token that was issued is alive: %t; it was revoked by itself: %t", gone, gone)
		}
	}
	if wants := sc.latest.Refresh.Kind() != 0 || got; wants && current != 1 {
		sc.Errorf("%d of the refresh tokens handed out are current, not one", current)
	}
	if n := int(g.Issued); n < access || n > access && !sc.retried {
		sc.Errorf("%d access tokens were handed out, and the grant counts %d", access, g.Issued)
	}
}

func removedBy(ops []op) bool {
	for _, o := range ops {
		if o.name == "revoking one access token" {
			return true
		}
	}
	return false
}

// firstStands: all who ended the grant by its row were told of one revocation,
// the one that is kept, and one of them at most did it.
func (sc *scene) firstStands(answers []answer) {
	sc.Helper()
	g, did := sc.grant(sc.id), 0
	for _, a := range answers {
		if a.ended == nil || !a.all {
			continue
		}
		if a.ended.What == grant.EndedGrant {
			did++
		}
		if !a.ended.Stand.At.Equal(g.Revoked.At) || a.ended.Stand.Reason != g.Revoked.Reason || !a.ended.Stand.Op.Equal(g.Revoked.Op) {
			sc.Errorf("the answer tells of another revocation than the one that stands")
		}
	}
	if did > 1 {
		sc.Errorf("%d operations say that they ended the grant first", did)
	}
}

// clientKept: no change of the client was lost, and its epoch never fell.
func (sc *scene) clientKept(answers []answer) {
	sc.Helper()
	c := sc.client(sc.app.id)
	if c == nil {
		sc.Errorf("the client's row is gone")
		return
	}
	want := sc.beforeClient.Version
	for _, a := range answers {
		if a.changed {
			want++
		}
	}
	// Deleting twice counts once.
	if c.State == client.Deleted {
		want++
	}
	if c.Version < want || c.Version > want && !sc.retried {
		sc.Errorf("the client's version is %d after its changes, not %d", c.Version, want)
	}
	if c.Epoch < sc.beforeClient.Epoch {
		sc.Errorf("the client's epoch fell from %d to %d", sc.beforeClient.Epoch, c.Epoch)
	}
}
