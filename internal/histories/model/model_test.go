package model

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// story is a history written down by hand: one grant of client 0 for subject 0,
// and client 1, a resource server. Each line lasts from one tick to the next.
type story struct {
	h    History
	tick int64
}

func tell(c Client) *story {
	s := &story{h: History{Clients: [MaxClients]Client{c, {ResourceServer: true}}, Grants: []Grant{{}}}}
	return s.then(Op{Kind: Create, Caller: Nobody, Outcome: Done, NewAccess: 1})
}

// then adds an operation that begins after all before it were answered.
func (s *story) then(o Op) *story {
	s.tick += 10
	return s.during(o, s.tick, s.tick+5)
}

// during adds one with its own times.
func (s *story) during(o Op, call, end int64) *story {
	o.ID, o.Call, o.Return = len(s.h.Ops)+1, call, end
	s.tick = max(s.tick, end)
	s.h.Ops = append(s.h.Ops, o)
	s.h.Begun++
	return s
}

func (s *story) judge(t *testing.T) bool {
	t.Helper()
	f, err := Check(&s.h, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return f == nil
}

// ends tells these operations, of which the last must be what decides whether
// the story is good.
func (s *story) ends(t *testing.T, name string, good bool, ops []Op) {
	t.Helper()
	for i, o := range ops {
		if last := i == len(ops)-1; last && !good && !s.judge(t) {
			t.Errorf("%s: it is rejected before its last line", name)
		}
		s.then(o)
	}
	if s.judge(t) != good {
		t.Errorf("%s: accepted is %v", name, !good)
	}
}

func at(n int) Token { return Token{N: n} }
func rt(n int) Token { return Token{Refresh: true, N: n} }

func look(t Token, o Outcome) Op { return Op{Kind: Introspect, Token: t, Outcome: o} }
func lookAs(c int, t Token, o Outcome) Op {
	return Op{Kind: Introspect, Caller: c, Token: t, Outcome: o}
}
func end(t Token, o Outcome) Op { return Op{Kind: Revoke, Token: t, Outcome: o} }
func use(n int, o Outcome) Op   { return Op{Kind: Refresh, Token: rt(n), Outcome: o} }
func got(n, refresh, access int) Op {
	return Op{Kind: Refresh, Token: rt(n), Outcome: Done, NewRefresh: refresh, NewAccess: access}
}
func command(k Kind, o Outcome) Op { return Op{Kind: k, Caller: Nobody, Outcome: o} }

// TestTheModelTellsGoodFromBad: each story is told to its end; it is good, or
// the last line, and only that, is what cannot be.
func TestTheModelTellsGoodFromBad(t *testing.T) {
	rotating, keeping, alone := Client{}, Client{KeepsRefresh: true}, Client{RevokesToken: true}
	for _, tt := range []struct {
		name   string
		client Client
		good   bool
		ops    []Op
	}{
		{"a grant is seen by its client and a resource server", rotating, true, []Op{look(at(1), Active), lookAs(1, at(1), Active), look(rt(0), Active), lookAs(1, rt(0), Inactive)}},
		{"a refresh token is shown to another client", rotating, false, []Op{lookAs(1, rt(0), Active)}},
		{"a living token is called dead", rotating, false, []Op{look(at(1), Inactive)}},
		{"dead after its revocation", rotating, true, []Op{end(at(1), Done), look(at(1), Inactive), look(rt(0), Inactive), use(0, Refused), end(rt(0), Done)}},
		{"alive after a revocation by access token", rotating, false, []Op{end(at(1), Done), look(at(1), Active)}},
		{"its refresh token alive after a revocation by access token", rotating, false, []Op{end(at(1), Done), look(rt(0), Active)}},
		{"refreshed after a revocation by refresh token", rotating, false, []Op{end(rt(0), Done), got(0, 1, 2)}},
		{"alive after revoke --grant", rotating, false, []Op{command(RevokeGrant, Done), look(at(1), Active)}},
		{"alive after revoke --subject", rotating, false, []Op{command(RevokeSubject, Done), look(at(1), Active)}},
		{"alive after revoke --client", rotating, false, []Op{command(RevokeClient, Done), lookAs(1, at(1), Active)}},
		{"alive after restore accept", rotating, false, []Op{command(RaiseGeneration, Done), look(at(1), Active)}},
		{"off means 401, also after it was told so", rotating, true, []Op{command(Disable, Done), look(at(1), Unauthorized), lookAs(1, at(1), Inactive), end(at(1), Unauthorized), use(0, Unauthorized)}},
		{"a client that is off may act", rotating, false, []Op{command(Disable, Done), use(0, Refused)}},
		{"a client that is on may not act", rotating, false, []Op{look(at(1), Unauthorized)}},
		{"switching on revives nothing", rotating, true, []Op{command(Disable, Done), command(Enable, Done), look(at(1), Inactive)}},
		{"switching on revives", rotating, false, []Op{command(Disable, Done), command(Enable, Done), look(at(1), Active)}},
		{"another client's attempt changes nothing", rotating, true, []Op{{Kind: Revoke, Caller: 1, Token: at(1), Outcome: Refused}, {Kind: Refresh, Caller: 1, Token: rt(0), Outcome: Refused}, look(at(1), Active)}},
		{"another client may revoke", rotating, false, []Op{{Kind: Revoke, Caller: 1, Token: at(1), Outcome: Done}}},
		{"another client's attempt ends the grant", rotating, false, []Op{{Kind: Revoke, Caller: 1, Token: at(1), Outcome: Refused}, look(at(1), Inactive)}},
		{"a rotation, and its replay", rotating, true, []Op{got(0, 1, 2), look(rt(0), Inactive), look(rt(1), Active), look(at(1), Active), got(0, 1, 2), look(at(2), Active)}},
		{"a replay with another access token", rotating, false, []Op{got(0, 1, 2), got(0, 1, 3)}},
		{"the old refresh token stays active", rotating, false, []Op{got(0, 1, 2), look(rt(0), Active)}},
		{"a replay after the grant's end", rotating, false, []Op{got(0, 1, 2), end(at(1), Done), got(0, 1, 2)}},
		{"the second predecessor is refused and ends nothing", rotating, true, []Op{got(0, 1, 2), got(1, 2, 3), use(0, Refused), look(rt(2), Active)}},
		{"the second predecessor ends the grant", rotating, false, []Op{got(0, 1, 2), got(1, 2, 3), use(0, Refused), look(rt(2), Inactive)}},
		{"an older one ends the grant", rotating, true, []Op{got(0, 1, 2), got(1, 2, 3), got(2, 3, 4), use(0, Refused), look(rt(3), Inactive), look(at(4), Inactive)}},
		{"reuse that ends nothing", rotating, false, []Op{got(0, 1, 2), got(1, 2, 3), got(2, 3, 4), use(0, Refused), look(rt(3), Active)}},
		{"an older one is refreshed", rotating, false, []Op{got(0, 1, 2), got(1, 2, 3), got(1, 2, 3), got(0, 1, 2)}},
		{"an earlier refresh token revokes", rotating, false, []Op{got(0, 1, 2), got(1, 2, 3), end(rt(0), Done), look(rt(2), Active)}},
		{"a refresh token that is kept", keeping, true, []Op{got(0, 0, 2), got(0, 0, 3), look(rt(0), Active), look(at(3), Active)}},
		{"one access token ends alone", alone, true, []Op{end(at(1), Done), look(at(1), Inactive), look(rt(0), Active), got(0, 1, 2), look(at(2), Active)}},
		{"the one access token lives on", alone, false, []Op{end(at(1), Done), look(at(1), Active)}},
		{"a replay after its access token ended is given another", alone, true, []Op{got(0, 1, 2), end(at(2), Done), got(0, 1, 3), look(at(2), Inactive), look(at(3), Active)}},
		{"a replay after its access token ended is given that", alone, false, []Op{got(0, 1, 2), end(at(2), Done), got(0, 1, 2)}},
		{"a revoked access token is known to others until its grant goes", alone, true, []Op{end(rt(0), Done), end(at(1), Done), {Kind: Revoke, Caller: 1, Token: at(1), Outcome: Refused}}},
	} {
		tell(tt.client).ends(t, tt.name, tt.good, tt.ops)
	}
}

// TestTheNinthTakesTheOldestsPlace, and it is known no more.
func TestTheNinthTakesTheOldestsPlace(t *testing.T) {
	s := tell(Client{KeepsRefresh: true})
	for i := 2; i <= slots; i++ {
		s.then(got(0, 0, i)).then(look(at(1), Active))
	}
	s.then(got(0, 0, 9)).then(look(at(1), Inactive)).then(look(at(2), Active))
	s.then(Op{Kind: Revoke, Caller: 1, Token: at(1), Outcome: Done}).then(end(at(1), Done)).then(look(at(9), Active))
	if !s.judge(t) {
		t.Error("nine access tokens are not explained")
	}
	if s.then(look(at(1), Active)); s.judge(t) {
		t.Error("the first of nine lives on")
	}
}

// TestWhatNobodyKnowsMayLandAtAnyTimeOrNever: a revocation without an answer,
// and a rotation without one, which the replay shows.
func TestWhatNobodyKnowsMayLandAtAnyTimeOrNever(t *testing.T) {
	for name, last := range map[string]Outcome{"landed": Inactive, "not landed": Active} {
		if s := tell(Client{}).then(end(at(1), Unknown)).then(look(at(1), Active)).then(look(at(1), last)); !s.judge(t) {
			t.Errorf("%s: not explained", name)
		}
	}
	if tell(Client{}).then(end(at(1), Unknown)).then(look(at(1), Inactive)).then(look(at(1), Active)).judge(t) {
		t.Error("it landed and was undone")
	}
	if !tell(Client{}).then(use(0, Unknown)).then(look(rt(0), Inactive)).then(got(0, 1, 2)).then(got(1, 2, 3)).judge(t) {
		t.Error("a rotation whose answer was lost is not explained by its replay")
	}
	if tell(Client{}).then(use(0, Unknown)).then(look(rt(0), Inactive)).then(look(rt(0), Active)).judge(t) {
		t.Error("a rotation was undone")
	}
	// Two deliveries, the second after two more rotations: reuse.
	if !tell(Client{}).then(use(0, Unknown)).then(got(0, 1, 2)).then(got(1, 2, 3)).then(got(2, 3, 4)).then(look(rt(3), Inactive)).judge(t) {
		t.Error("a late second delivery is not taken for reuse")
	}
}

// TestOverlappingOperationsMayTakeEitherOrder, and only those.
func TestOverlappingOperationsMayTakeEitherOrder(t *testing.T) {
	if !tell(Client{}).during(end(at(1), Done), 20, 60).during(look(at(1), Active), 30, 40).judge(t) {
		t.Error("an introspection during a revocation must not say active")
	}
	if !tell(Client{}).during(end(at(1), Done), 20, 60).during(got(0, 1, 2), 30, 70).then(look(at(2), Inactive)).judge(t) {
		t.Error("a refresh during a revocation is not explained")
	}
	if !tell(Client{}).during(command(Disable, Done), 20, 60).during(use(0, Refused), 30, 70).judge(t) {
		t.Error("a refresh that was overtaken by its client's end is not explained")
	}
	if tell(Client{}).during(command(Disable, Done), 20, 60).during(use(0, Refused), 61, 70).judge(t) {
		t.Error("a client that is off is told of its token")
	}
	if tell(Client{}).during(end(at(1), Done), 20, 60).during(got(0, 1, 2), 61, 70).judge(t) {
		t.Error("a refresh after a revocation's answer is accepted")
	}
	if tell(Client{}).during(end(at(1), Done), 20, 60).during(look(at(1), Inactive), 22, 30).during(look(at(1), Active), 31, 40).judge(t) {
		t.Error("seen dead, then alive")
	}
}

// TestARotationWhoseAnswerTheServerLost landed, was seen, and was refused when
// the server looked again after the next one. It is between its own call and
// answer, once, and its token was the current one.
func TestARotationWhoseAnswerTheServerLost(t *testing.T) {
	lost := func(s *story) *story {
		return s.during(use(0, Refused), 20, 200).during(look(rt(0), Inactive), 30, 40).during(got(0, 1, 2), 50, 60)
	}
	if !lost(tell(Client{})).during(use(1, Unknown), 70, 0).then(use(0, Refused)).judge(t) {
		t.Error("it is not explained")
	}
	if lost(tell(Client{})).then(look(at(2), Active)).judge(t) {
		t.Error("it was refused while its token was the one before the current")
	}
	if tell(Client{}).during(look(rt(0), Inactive), 30, 40).during(got(0, 1, 2), 41, 200).judge(t) {
		t.Error("its token rotated before its call")
	}
	if lost(tell(Client{})).during(got(1, 2, 3), 70, 80).then(look(rt(1), Active)).judge(t) {
		t.Error("it was refused, and its rotation undone")
	}
	if !lost(tell(Client{})).during(end(rt(1), Done), 70, 80).judge(t) {
		t.Error("it landed, and the grant was ended before the server looked again: not explained")
	}
}

// TestADroppedOperationIsNoticed: the record must hold what was begun, and one
// without the operation that explains the rest is rejected.
func TestADroppedOperationIsNoticed(t *testing.T) {
	full := func() *story {
		return tell(Client{}).then(got(0, 1, 2)).then(look(at(2), Active)).then(end(rt(1), Done)).then(look(at(2), Inactive))
	}
	if !full().judge(t) {
		t.Fatal("the story itself is rejected")
	}
	for i := range full().h.Ops {
		s := full()
		dropped := s.h.Ops[i]
		s.h.Ops = append(s.h.Ops[:i:i], s.h.Ops[i+1:]...)
		if _, err := Check(&s.h, time.Second); err == nil || !strings.Contains(err.Error(), "were begun") {
			t.Errorf("without [%s] the record counts as complete: %v", dropped, err)
		}
		s.h.Begun--
		if accepted := s.judge(t); accepted && dropped.Kind != Introspect {
			t.Errorf("without [%s] it is explained all the same", dropped)
		}
	}
	s := full()
	s.h.Ops[1].ID = s.h.Ops[2].ID
	if err := s.h.Complete(); err == nil {
		t.Error("an operation stands twice, and nobody minds")
	}
}

// TestATimeThatIsTooShortDecidesNothing.
func TestATimeThatIsTooShortDecidesNothing(t *testing.T) {
	s := tell(Client{})
	for i := range 40 {
		s.during(use(i%2, Unknown), 20, 0)
	}
	s.during(look(at(1), Inactive), 100, 110).during(look(at(1), Active), 120, 130)
	f, err := Check(&s.h, time.Nanosecond)
	if !errors.Is(err, ErrUndecided) || f != nil {
		t.Errorf("%v, %v", f, err)
	}
	if u := (*Undecided)(nil); !errors.As(err, &u) || u.What != "grant 0 of client 0 and subject 0" || len(u.Ops) == 0 {
		t.Errorf("%+v", u)
	}
}

// TestShrinkKeepsTheFault, and leaves out what it can.
func TestShrinkKeepsTheFault(t *testing.T) {
	s := tell(Client{})
	for range 5 {
		s.then(look(at(1), Active))
	}
	s.then(end(at(1), Done)).then(look(at(1), Inactive)).then(look(at(1), Active)).then(use(0, Refused)).then(look(at(1), Inactive))
	f, err := Check(&s.h, time.Second)
	if err != nil || f == nil {
		t.Fatal("accepted", err)
	}
	f.Shrink()
	if len(f.Ops) != 3 || f.Ops[1].Kind != Revoke || f.Ops[2].Outcome != Active {
		t.Errorf("left are %v", f.Ops)
	}
	if path := t.TempDir() + "/f.html"; f.Draw(path) != nil {
		t.Error("it cannot be drawn")
	}
}
