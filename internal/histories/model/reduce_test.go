package model

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// TestFiftyAtOnceAreDecided: what the others explain is left out, and what they
// do not explain is not.
func TestFiftyAtOnceAreDecided(t *testing.T) {
	volley := func(won bool) *story {
		s := town().then(form(Ask, 0, Active)).then(allowed(0, 0))
		for i := range 50 {
			o := redeem(0, false, Refused)
			switch {
			case won && i == 30:
				o = redeemed(0)
			case i%7 == 0:
				o.Outcome = Unknown
			}
			s.during(o, 100+int64(i), 200+int64(i))
		}
		return s
	}
	off := town().then(form(Ask, 0, Active)).then(allowed(0, 0)).during(command(Disable, Done), 100, 160)
	for i := range 50 {
		off.during(redeem(0, false, Unauthorized), 90+int64(i), 165+int64(i*7%50))
	}
	off.during(redeemed(0), 95, 180)
	for name, s := range map[string]*story{"one wins": volley(true), "nobody is told": volley(false), "the client is switched off": off} {
		if f, err := Check(&s.h, 5*time.Second); f != nil || err != nil {
			t.Errorf("%s: %v, %v", name, f, err)
		}
	}
	if f, err := Check(&volley(true).then(look(at(1), Active)).h, 5*time.Second); f == nil || err != nil {
		t.Errorf("who won after others were refused lives on: %v, %v", f, err)
	}
	if f, err := Check(&off.then(command(Enable, Done)).then(redeem(0, false, Unauthorized)).h, 5*time.Second); f == nil || err != nil {
		t.Errorf("a client that is on is told that it is off: %v, %v", f, err)
	}
}

// TestWhatChangesNothingIsLeftOut: what another client asks for with a grant's
// tokens, while that client is on, is no work for the checker.
func TestWhatChangesNothingIsLeftOut(t *testing.T) {
	foreign := func(o Op) Op { o.Caller = 1; return o }
	crowd := func(s *story) *story {
		for i := range int64(14) {
			s.during(foreign(use(0, Refused)), 100+i, 300+i).during(foreign(end(at(1), Unknown)), 100+i, 0).during(use(0, Refused), 100+i, 300+i)
		}
		return s
	}
	if f, err := Check(&crowd(tell(Client{}).then(end(rt(0), Done))).h, 5*time.Second); f != nil || err != nil {
		t.Errorf("a crowd with a dead token: %v, %v", f, err)
	}
	if f, err := Check(&crowd(tell(Client{}).then(end(rt(0), Done))).then(look(at(1), Active)).h, 5*time.Second); f == nil || err != nil {
		t.Errorf("it is alive again after the crowd: %v, %v", f, err)
	}
	off := func(o Outcome) *story {
		s := tell(Client{})
		disable := command(Disable, Done)
		disable.Client = 1
		return s.then(disable).then(foreign(use(0, o)))
	}
	if off(Refused).judge(t) || !off(Unauthorized).judge(t) {
		t.Error("a client that is off is refused for its token")
	}
}

// TestWhatIsNotLeftOut: what looks as if another operation implied it, and does
// not.
func TestWhatIsNotLeftOut(t *testing.T) {
	line := func() *story { return tell(Client{}).then(got(0, 1, 2)).then(got(1, 2, 3)).then(got(2, 3, 4)) }
	ends := line().during(use(0, Refused), 100, 200).during(look(rt(3), Inactive), 120, 130).during(use(0, Refused), 150, 160)
	if !ends.judge(t) {
		t.Error("of two that send an old token the longer one ended the grant")
	}
	rotated := tell(Client{}).during(use(0, Refused), 20, 200).during(look(rt(0), Inactive), 30, 40).during(got(0, 1, 2), 50, 60)
	if !rotated.during(use(1, Unknown), 70, 0).during(use(0, Refused), 100, 110).judge(t) {
		t.Error("of two that were refused the longer one rotated the token")
	}
	if tell(Client{RevokesToken: true}).then(got(0, 1, 2)).then(end(at(1), Done)).then(use(1, Refused)).judge(t) {
		t.Error("an access token ended alone, and its grant with it")
	}
	revoked := command(RevokeGrant, Done)
	early := town().then(form(Ask, 0, Active)).during(revoked, 90, 150).during(allowed(0, 0), 100, 200).then(redeemed(0))
	if early.then(use(0, Refused)).judge(t) {
		t.Error("it was ended before it was born, and lives")
	}
}

// TestReducingChangesNoVerdict: small histories of grants by chance, good and bad
// ones, are judged the same with all their operations.
func TestReducingChangesNoVerdict(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	verdicts := map[porcupine.CheckResult]int{}
	for range 12000 {
		h := randomHistory(rng)
		h.prepare()
		for _, sp := range h.things()[:2] { // the grants
			all := h.of(sp)
			judge := func(ops []Op) porcupine.CheckResult {
				return porcupine.CheckOperationsTimeout(sp.porcupine(), recorded(ops), 10*time.Second)
			}
			want := judge(all)
			if verdicts[want]++; want == porcupine.Unknown {
				continue
			}
			if got := judge(sp.reduce(append([]Op(nil), all...))); got != want {
				t.Fatalf("%s is judged %s, and without what changes nothing %s: %v", sp, want, got, all)
			}
		}
	}
	if verdicts[porcupine.Ok] < 1000 || verdicts[porcupine.Illegal] < 1000 {
		t.Errorf("the verdicts %v show too little", verdicts)
	}
}

// randomHistory is of one grant with tokens, one that a code redeems, and people;
// its answers are drawn, so most are impossible.
func randomHistory(rng *rand.Rand) *History {
	birth := &Approval{Session: 0, Form: Nobody}
	s := &story{h: History{Clients: [MaxClients]Client{{KeepsRefresh: rng.IntN(4) == 0, RevokesToken: rng.IntN(3) == 0}, {ResourceServer: true}},
		Accounts: 1, Sessions: []int{0}, Grants: []Grant{{}, {Code: birth}}}}
	s.then(Op{Kind: Create, Caller: Nobody, Outcome: Done, NewAccess: 1}).then(enter(0)).then(form(Ask, 0, Active)).then(form(Allow, 0, Done)).then(remembered(1))
	kinds := []Kind{Refresh, Refresh, Refresh, Refresh, Refresh, Introspect, Introspect, Revoke}
	line := rng.IntN(2) == 0 // one line of refresh tokens, and no people
	if !line {
		kinds = []Kind{Introspect, Introspect, Refresh, Refresh, Refresh, Revoke, RevokeGrant, RevokeSubject, Disable, Enable, Redeem, Redeem, Visit, Ask, Allow, Remember, Cut, SignOut}
	}
	outcomes := map[Kind][]Outcome{Introspect: {Active, Inactive, Inactive, Unauthorized}, Refresh: {Done, Refused, Refused, Unknown, Unauthorized},
		Revoke: {Done, Done, Refused, Unknown, Unauthorized}, Redeem: {Done, Refused, Refused, Unknown, Unauthorized}, Visit: {Active, Inactive},
		Ask: {Active}, Allow: {Done, Refused, Unknown}, Remember: {Done}, Cut: {Done, Unknown, Inactive}}
	for range 4 + rng.IntN(5) {
		kind := kinds[rng.IntN(len(kinds))]
		o := browser(kind, Done)
		if some := outcomes[kind]; some != nil {
			o.Outcome = some[rng.IntN(len(some))]
		} else if rng.IntN(4) == 0 {
			o.Outcome = Unknown
		}
		switch kind {
		case Introspect, Refresh, Revoke:
			o.Grant, o.Caller, o.Token = rng.IntN(2), rng.IntN(8)/6, at(1)
			if line {
				o.Grant, o.Caller, o.Token = 0, 0, at(1+rng.IntN(3))
			}
			if kind == Refresh || rng.IntN(2) == 0 {
				o.Token = rt(rng.IntN(2) * (1 + rng.IntN(3)))
			}
			if kind == Refresh && o.Outcome == Done {
				o.NewRefresh, o.NewAccess = o.Token.N+1, 2+o.Token.N
			}
		case RevokeGrant:
			o.Grant = rng.IntN(2)
		case Redeem:
			o.Grant, o.Caller, o.Wrong = 1, 0, rng.IntN(8) == 0
			if o.Outcome == Done {
				o.NewAccess = 1
			}
		case Ask, Allow:
			o.Form = 1
			o.Late = o.Kind == Allow && o.Outcome == Refused && rng.IntN(2) == 0
		}
		call := int64(100 + rng.IntN(100))
		s.during(o, call, call+int64(1+rng.IntN(80)))
	}
	return &s.h
}
