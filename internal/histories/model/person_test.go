package model

import (
	"strings"
	"testing"
)

// town is a story of a user, 0, with an account and two sessions, of a grant
// that a code redeems, and of a second one, for the same client.
func town() *story {
	birth := func(form int) *Approval { return &Approval{Session: 0, Form: form} }
	s := &story{h: History{Clients: [MaxClients]Client{{}, {ResourceServer: true}}, Accounts: 1, Sessions: []int{0, 0},
		Grants: []Grant{{Code: birth(0)}, {Code: birth(Nobody)}}}}
	return s.then(enter(0)).then(enter(1))
}

func browser(k Kind, o Outcome) Op {
	return Op{Kind: k, Caller: Nobody, Grant: Nobody, NewSession: Nobody, Form: Nobody, Outcome: o}
}

func enter(session int) Op {
	o := browser(SignIn, Done)
	o.Session, o.NewSession = Nobody, session
	return o
}

func try(pass int, outcome Outcome) Op {
	o := browser(SignIn, outcome)
	o.Session, o.Pass = Nobody, pass
	return o
}

func in(session int, o Op) Op { o.Session = session; return o }

func form(k Kind, n int, outcome Outcome) Op {
	o := browser(k, outcome)
	o.Form = n
	return o
}

func allowed(grant, n int) Op {
	o := form(Allow, n, Done)
	o.Grant = grant
	return o
}

func remembered(grant int) Op {
	o := browser(Remember, Done)
	o.Grant = grant
	return o
}

func redeemed(grant int) Op {
	return Op{Kind: Redeem, Grant: grant, Session: Nobody, Outcome: Done, NewAccess: 1}
}

func redeem(caller int, wrong bool, outcome Outcome) Op {
	return Op{Kind: Redeem, Caller: caller, Session: Nobody, Wrong: wrong, Outcome: outcome}
}

func page(lists int) Op {
	o := browser(Visit, Active)
	o.Listed = lists
	return o
}

func gone() Op { return browser(Visit, Inactive) }

func newPassword(n int) Op {
	o := command(UserPassword, Done)
	o.Pass = n
	return o
}

func cutEverything(session int) Op {
	o := browser(CutAll, Done)
	o.NewSession = session
	return o
}

// TestPeopleAndTheirCodes: each story is told to its end; it is good, or the
// last line, and only that, is what cannot be.
func TestPeopleAndTheirCodes(t *testing.T) {
	cut := browser(Cut, Done)
	for _, tt := range []struct {
		name string
		good bool
		ops  []Op
	}{
		{"a code is redeemed", true, []Op{redeemed(0), look(at(1), Active), look(rt(0), Active), got(0, 1, 2), page(1)}},
		{"a second redemption ends the grant", true, []Op{redeemed(0), redeem(0, false, Refused), look(at(1), Inactive), redeem(0, false, Refused)}},
		{"a second redemption ends nothing", false, []Op{redeemed(0), redeem(0, false, Refused), look(at(1), Active)}},
		{"a second redemption gives tokens", false, []Op{redeemed(0), redeemed(0)}},
		{"a good redemption is refused", false, []Op{redeem(0, false, Refused)}},
		{"a wrong verifier, or another client, ends nothing", true, []Op{redeem(0, true, Refused), redeem(1, false, Refused), redeemed(0), redeem(0, true, Refused), redeem(1, false, Refused), look(at(1), Active)}},
		{"a wrong verifier gives tokens", false, []Op{{Kind: Redeem, Wrong: true, Outcome: Done, NewAccess: 1}}},
		{"a redemption that nobody was told of may be told, once", true, []Op{redeem(0, false, Unknown), redeemed(0), look(at(1), Active)}},
		{"it is told twice", false, []Op{redeem(0, false, Unknown), redeemed(0), redeemed(0)}},
		{"or coming again ends it", true, []Op{redeem(0, false, Unknown), redeem(0, false, Refused), redeem(0, false, Refused)}},
		{"a code lives on after its app was cut", false, []Op{cut, redeemed(0)}},
		{"tokens live on after their app was cut", false, []Op{redeemed(0), cut, look(at(1), Active)}},
		{"after a cut all is refused, and the session lives", true, []Op{redeemed(0), cut, look(at(1), Inactive), use(0, Refused), redeem(0, false, Refused), page(0)}},
		{"a cut is remembered as a consent", false, []Op{cut, remembered(1)}},
		{"a form from before the cut is good after it", false, []Op{cut, form(Ask, 1, Active), cut, form(Allow, 1, Done)}},
		{"a form from before the cut is refused after it", true, []Op{cut, form(Ask, 1, Active), cut, form(Allow, 1, Refused), form(Ask, 2, Active)}},
		{"a good form is refused", false, []Op{cut, form(Ask, 1, Active), form(Allow, 1, Refused)}},
		{"a consent is remembered", true, []Op{remembered(1), redeemed(1), {Kind: Introspect, Grant: 1, Token: at(1), Outcome: Active}}},
		{"a consent is asked for again", false, []Op{form(Ask, 1, Active)}},
		{"a living app is not listed", false, []Op{page(0)}},
		{"the other session lives after all was cut", false, []Op{cutEverything(Nobody), in(1, page(0))}},
		{"tokens live after all was cut", false, []Op{redeemed(0), cutEverything(Nobody), look(at(1), Active)}},
		{"a code lives after all was cut", false, []Op{cutEverything(Nobody), redeemed(0)}},
		{"a cut of all without a session to go on with may have been none", true, []Op{in(1, browser(SignOut, Done)), in(1, browser(CutAll, Inactive)), page(1)}},
		{"it is sent away, and the session lives", false, []Op{browser(CutAll, Inactive), page(1)}},
		{"who signed out is signed out", true, []Op{browser(SignOut, Done), gone(), in(1, page(1)), redeemed(0)}},
		{"who signed out is signed in", false, []Op{browser(SignOut, Done), page(1)}},
		{"who signed out consents", false, []Op{browser(SignOut, Done), remembered(1)}},
		{"a living session is sent away", false, []Op{gone()}},
		{"a user who is off signs in", false, []Op{command(UserDisable, Done), try(0, Refused), try(0, Done)}},
		{"a user who is on may not", false, []Op{command(UserDisable, Done), command(UserEnable, Done), try(0, Done), try(0, Refused)}},
		{"what was before a user was off stays dead", true, []Op{redeemed(0), command(UserDisable, Done), command(UserEnable, Done), look(at(1), Inactive), gone()}},
		{"switching a user on revives a session", false, []Op{command(UserDisable, Done), command(UserEnable, Done), page(0)}},
		{"a new password ends all", true, []Op{redeemed(0), newPassword(1), look(at(1), Inactive), gone(), try(0, Refused), try(1, Done)}},
		{"the old password is good", false, []Op{newPassword(1), try(0, Done)}},
		{"a session outlives the password", false, []Op{newPassword(1), page(1)}},
		{"a code outlives its user", false, []Op{command(UserDelete, Done), redeemed(0)}},
		{"a deleted user is switched on", false, []Op{command(UserDelete, Done), command(UserEnable, Done), try(0, Done)}},
		{"a restore ends sessions", false, []Op{command(RaiseGeneration, Done), page(1)}},
		{"a restore ends codes", false, []Op{command(RaiseGeneration, Done), redeemed(0)}},
	} {
		town().then(form(Ask, 0, Active)).then(allowed(0, 0)).ends(t, tt.name, tt.good, tt.ops)
	}
}

// TestACommandAboutAUserHasTwoMoments: the row, and the epoch after it.
func TestACommandAboutAUserHasTwoMoments(t *testing.T) {
	off := command(UserDisable, Done)
	if !town().during(off, 100, 200).during(try(0, Refused), 110, 120).during(page(0), 130, 140).then(gone()).judge(t) {
		t.Error("between the two nobody may be refused and signed in: not explained")
	}
	late := func(end int64) *story {
		s := town()
		s.h.Sessions = append(s.h.Sessions, 0)
		return s.during(command(UserDisable, Done), 100, 200).during(enter(2), 90, 210).during(in(2, page(0)), 220, end)
	}
	if late(230).judge(t) {
		t.Error("a sign-in that began before the user was off, and outlives that, is explained")
	}
	if town().during(newPassword(1), 100, 200).during(try(1, Done), 110, 120).during(try(0, Done), 130, 140).judge(t) {
		t.Error("the new password is good, and then the old one")
	}
	if s := town().then(command(UserDisable, Unknown)).then(try(0, Refused)).then(page(0)); !s.judge(t) || s.then(try(0, Done)).judge(t) {
		t.Error("a row that was written and never followed by its epoch")
	}
}

// TestAConsentThatWasGivenBeforeTheCut is void, though its grant be made after.
func TestAConsentThatWasGivenBeforeTheCut(t *testing.T) {
	over := func() *story {
		return town().then(form(Ask, 0, Active)).during(browser(Cut, Done), 100, 110).during(allowed(0, 0), 90, 200)
	}
	if !over().then(redeem(0, false, Refused)).judge(t) {
		t.Error("a code whose app was cut while it was made is not explained")
	}
	if over().then(redeemed(0)).judge(t) {
		t.Error("it outlives the cut")
	}
	raced := func(revoked int64) *story {
		s := town().then(form(Ask, 1, Active)).then(form(Allow, 1, Done))
		return s.during(command(RevokeClient, Done), revoked, revoked+5).during(remembered(1), 200, 300)
	}
	if !raced(250).then(Op{Kind: Redeem, Grant: 1, Outcome: Refused}).judge(t) || raced(100).judge(t) {
		t.Error("a remembered consent and an epoch that was raised")
	}
}

// TestAConsentThatStoodForAWhile: an approval that was refused when it looked
// again may have been seen before the cut. One whose form was void, never.
func TestAConsentThatStoodForAWhile(t *testing.T) {
	story := func(late bool, seen int64) *story {
		refused := form(Allow, 1, Refused)
		refused.Late = late
		s := town().then(form(Ask, 1, Active)).during(refused, 100, 400)
		return s.during(browser(Cut, Done), 200, 210).during(remembered(1), seen, seen+20)
	}
	if !story(true, 150).judge(t) {
		t.Error("a consent that was cut before its approval was answered is not explained")
	}
	if story(false, 150).judge(t) || story(true, 250).judge(t) {
		t.Error("a consent that nobody gave, or that was cut")
	}
	if story(true, 150).then(browser(Remember, Done)).judge(t) {
		t.Error("it stands again")
	}
}

// TestThePromiseToPeople: after each of these nothing that was there before it
// is alive: no token, no code, and where it ends sessions no session.
func TestThePromiseToPeople(t *testing.T) {
	for _, tt := range []struct {
		ends     Op
		sessions bool
	}{
		{browser(Cut, Done), false}, {cutEverything(Nobody), true}, {command(UserDisable, Done), true}, {newPassword(1), true},
		{command(UserDelete, Done), true}, {command(RevokeSubject, Done), true}, {command(RaiseGeneration, Done), true},
	} {
		for _, x := range []Op{redeemed(0), got(0, 1, 2), look(at(1), Active)} {
			s := town().then(form(Ask, 0, Active)).then(allowed(0, 0)).then(tt.ends).then(x)
			if len(Promise(&s.h)) != 1 {
				t.Errorf("[%s] after [%s] is no breach", x, tt.ends)
			}
			if s.h.Ops[4].Outcome = Unknown; len(Promise(&s.h)) != 0 {
				t.Errorf("[%s] promised something", s.h.Ops[4])
			}
		}
		for _, x := range []Op{page(0), in(1, page(0)), form(Ask, 1, Active), remembered(1)} {
			if b := Promise(&town().then(tt.ends).then(x).h); len(b) > 0 != tt.sessions {
				t.Errorf("[%s] after [%s]: %v", x, tt.ends, b)
			}
		}
		s := town()
		s.then(form(Ask, 0, Active)).during(tt.ends, 100, 200).during(allowed(0, 0), 150, 190).then(redeemed(0))
		if b := Promise(&s.h); len(b) > 0 && !strings.Contains(b[0].String(), "allow") {
			t.Errorf("a code that was made meanwhile: %v", b)
		}
	}
	listed := func(outcome Outcome) []Breach {
		return Promise(&town().then(form(Ask, 0, Active)).then(allowed(0, 0)).then(browser(Cut, outcome)).then(page(1)).h)
	}
	if len(listed(Done)) != 1 || len(listed(Unknown)) != 0 {
		t.Error("an app that was cut is on the page")
	}
	if b := Promise(&town().then(browser(Cut, Done)).then(form(Allow, 3, Unknown)).then(page(1)).h); len(b) != 0 {
		t.Errorf("an app that was perhaps allowed again: %v", b)
	}
	out := town().then(browser(SignOut, Done))
	if len(Promise(&out.then(in(1, page(0))).h)) != 0 || len(Promise(&out.then(page(0)).h)) != 1 {
		t.Error("signing out ends its own session, and no other")
	}
}
