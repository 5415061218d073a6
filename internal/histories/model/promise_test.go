package model

import "testing"

// TestThePromiseAtEveryRadius: after each kind of revocation a living answer
// that began later is a breach; one that began before, or is of a grant that
// was born later, is none.
func TestThePromiseAtEveryRadius(t *testing.T) {
	for _, v := range []Op{
		end(at(1), Done), end(rt(0), Done), command(RevokeGrant, Done), command(RevokeSubject, Done),
		command(RevokeClient, Done), command(Disable, Done), command(RaiseGeneration, Done),
	} {
		for _, x := range []Op{look(at(1), Active), look(rt(0), Active), lookAs(1, at(1), Active), got(0, 1, 2)} {
			if s := tell(Client{}).then(v).then(x); len(Promise(&s.h)) != 1 {
				t.Errorf("[%s] after [%s] is no breach", x, v)
			}
			if s := tell(Client{}).during(v, 20, 40).during(x, 39, 60); len(Promise(&s.h)) != 0 {
				t.Errorf("[%s] during [%s] is a breach", x, v)
			}
		}
		dead := tell(Client{}).then(v).then(look(at(1), Inactive)).then(use(0, Refused))
		if len(Promise(&dead.h)) != 0 {
			t.Errorf("a dead answer after [%s] is a breach", v)
		}
		if v.Outcome = Unknown; len(Promise(&tell(Client{}).then(v).then(look(at(1), Active)).h)) != 0 {
			t.Errorf("[%s] promised something", v)
		}
	}
}

// TestThePromiseCoversNoMoreThanItSays.
func TestThePromiseCoversNoMoreThanItSays(t *testing.T) {
	alone := tell(Client{RevokesToken: true}).then(end(at(1), Done)).then(look(rt(0), Active)).then(got(0, 1, 2)).then(look(at(2), Active))
	if b := Promise(&alone.h); len(b) != 0 {
		t.Errorf("a token that ends alone: %v", b)
	}
	if b := Promise(&alone.then(look(at(1), Active)).h); len(b) != 1 {
		t.Errorf("and lives on: %v", b)
	}
	other := tell(Client{}).then(Op{Kind: Revoke, Caller: 1, Token: at(1), Outcome: Done}).then(look(at(1), Active))
	if b := Promise(&other.h); len(b) != 0 {
		t.Errorf("another client's revocation: %v", b)
	}
	for _, v := range []Op{command(RevokeSubject, Done), command(RevokeClient, Done), command(RaiseGeneration, Done)} {
		s := &story{h: History{Grants: []Grant{{}}}}
		s.during(v, 10, 20).during(Op{Kind: Create, Caller: Nobody, Outcome: Done, NewAccess: 1}, 30, 40).then(look(at(1), Active))
		if b := Promise(&s.h); len(b) != 0 {
			t.Errorf("a grant born later: %v", b)
		}
	}
	elsewhere := tell(Client{})
	elsewhere.h.Grants = append(elsewhere.h.Grants, Grant{Client: 1, Subject: 1})
	elsewhere.then(Op{Kind: Create, Caller: Nobody, Grant: 1, Outcome: Done, NewAccess: 1})
	for _, k := range []Kind{RevokeGrant, RevokeSubject, RevokeClient} {
		elsewhere.then(command(k, Done))
	}
	elsewhere.then(Op{Kind: Introspect, Caller: 1, Grant: 1, Token: at(1), Outcome: Active})
	if b := Promise(&elsewhere.h); len(b) != 0 {
		t.Errorf("another client's grant for another subject: %v", b)
	}
}
