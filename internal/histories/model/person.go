package model

// takes tells whether what is judged depends on what a person, or the operator
// about a person, does.
func (sp spec) takes(o Op) bool {
	subject, app := o.Subject == sp.grant.Subject, o.Client == sp.grant.Client
	known := o.Outcome != Unknown
	switch o.Kind {
	case UserDisable, UserEnable, UserPassword, UserDelete:
		return subject
	case RevokeSubject:
		return subject && sp.what != anAccount
	case RaiseGeneration:
		return sp.what != anAccount
	case RevokeClient, Disable, Enable:
		return app && sp.what == anApp
	case CutAll:
		return subject && sp.what != anAccount
	case SignIn:
		return sp.what == anAccount && subject && known || sp.session != Nobody && o.NewSession == sp.session && o.Outcome == Done
	case SignOut:
		return o.Session == sp.session
	}
	if sp.what == aSession {
		return sp.uses(o)
	}
	switch o.Kind {
	case Cut:
		return subject && app && (o.Outcome == Done || !known)
	case Visit:
		return sp.what == aGrant && sp.grant.Code != nil && subject && o.Outcome == Active && !o.lists(sp.grant.Client)
	case Ask, Allow, Remember:
		return subject && app && sp.takesConsent(o)
	}
	return false
}

// uses tells whether an answer shows that a session is alive or dead.
func (sp spec) uses(o Op) bool {
	switch o.Kind {
	case Visit, Ask, Allow, Deny, Remember, Cut:
		return o.Session == sp.n && (o.Outcome == Done || o.Outcome == Active || o.Outcome == Inactive)
	}
	return false
}

// takesConsent: an app has all, a grant its own form or, where the consent was
// remembered, all that it may have been remembered from.
func (sp spec) takesConsent(o Op) bool {
	switch {
	case sp.what == anApp:
		return o.Outcome != Inactive && (o.Outcome != Unknown || o.Kind == Allow)
	case sp.what != aGrant || sp.grant.Code == nil:
		return false
	case o.Grant == sp.n:
		return o.Outcome == Done
	case o.Kind == Ask:
		return o.Outcome == Active && (sp.grant.Code.Form == Nobody || sp.grant.Code.Form == o.Form)
	}
	return o.Kind == Allow && sp.grant.Code.Form == Nobody && (o.Outcome == Done || o.Outcome == Unknown || o.Late)
}

// parts cuts a command about a user in two: it writes the account's row, and
// raises the subject's epoch then. In between nobody signs in, and what was
// there before is alive still. An approval that was refused when it looked again
// has two moments too: the store's answer to its write may have been lost, and
// others saw the consent before it was withdrawn.
func (sp spec) parts(o Op) []Op {
	switch does := o.Kind; does {
	case Allow:
		if !o.Late {
			break
		}
		while := o
		while.Kind = stood
		if sp.what == aGrant {
			return []Op{while}
		}
		return []Op{while, o}
	case UserDisable, UserEnable, UserPassword, UserDelete:
		o.Kind, o.does = row, does
		if sp.what == anAccount || does == UserEnable { // which raises the epoch before
			return []Op{o}
		}
		then := o
		then.Kind = raise
		return []Op{o, then}
	}
	return []Op{o}
}

// sessionStep is the step of a session.
func (sp spec) sessionStep(s state, o Op) []state {
	mine := o.Kind == CutAll && o.Session == sp.n
	switch in := s.signedIn(); {
	case sp.uses(o):
		return when((o.Outcome != Inactive) == in, s)
	case mine && o.Outcome == Done && !in:
		return nil
	case mine && o.Outcome == Inactive && in:
		return []state{cutAll(s)}
	}
	return sp.operate(s, o)
}

// account is the step of an account: who may sign in, does.
func (sp spec) account(s state, o Op) []state {
	if o.Kind == SignIn {
		return when((o.Outcome == Done) == (s.person.on && s.person.pass == o.Pass), s)
	}
	return sp.operate(s, o)
}

// app is the step of what one user has consented to for one client.
func (sp spec) app(s state, o Op) []state {
	switch o.Kind {
	case Ask:
		switch o.Outcome {
		case Unauthorized:
			return when(!s.on[o.Client], s)
		case Active:
			if s.covers(o.Client) {
				return nil
			}
			return sp.operatePerson(s, o)
		}
		return []state{s} // the consent was withdrawn meanwhile
	case Remember:
		return when(s.on[o.Client] && s.covers(o.Client), s)
	case Allow:
		return sp.allow(s, o)
	case stood:
		return sp.stood(s, o)
	}
	return sp.operate(s, o)
}

// allow: the form stands, unless the app was cut since it was shown, or an
// epoch that it was shown under was raised.
func (sp spec) allow(s state, o Op) []state {
	stands := s.on[o.Client] && s.person.forms>>o.Form&1 == 1
	if !stands || o.Outcome == Refused {
		return when(!stands && o.Outcome != Done, s)
	}
	s.person.consented = true
	s.person.consent = epochs{s.epoch[o.Client], s.subject, s.store}
	return []state{s}
}

// stood is the consent of an approval that was refused later, if it was written
// at all.
func (sp spec) stood(s state, o Op) []state {
	o.Outcome = Done
	return append([]state{s}, sp.allow(s, o)...)
}

// approve is a grant's birth in a browser, with the epochs of the session. Its
// code is all that there is of it.
func (sp spec) approve(s state, o Op) []state {
	if o.Kind == Allow {
		next := sp.allow(s, o)
		if o.Grant != sp.n || len(next) == 0 {
			return next
		}
		s = next[0]
	}
	c, session := sp.grant.Client, s.person.session
	if s.born || !session.born || !s.on[c] || o.Kind == Remember && !s.covers(c) {
		return nil
	}
	s.born, s.current, s.at = true, Nobody, epochs{s.epoch[c], session.subject, session.store}
	all := []state{s}
	if o.Kind == Remember && o.raced { // it may have been consented to under newer epochs than it has
		s.revoked = true
		all = append(all, s)
	}
	return all
}

// isRight tells whether a redemption is by the right client with the right verifier.
func (sp spec) isRight(o Op) bool { return o.Caller == sp.grant.Client && !o.Wrong }

// redeem: a code is redeemed once. The second time, where all else is right,
// the grant ends. But where the store's answer to the first was lost, its server
// may still have the tokens, for whoever sends the code again.
func (sp spec) redeem(s state, o Op) []state {
	if !sp.isRight(o) || !sp.alive(s) {
		return when(o.Outcome == Unknown || o.Outcome == Refused, s)
	}
	first := o.NewAccess == 1 && o.NewRefresh == 0
	switch {
	case !s.used && o.Outcome != Refused:
		s.used, s.current, s.untold = true, 0, o.Outcome == Unknown
		return when(first || o.Outcome == Unknown, s.fill(1))
	case !s.used:
		return nil
	case o.Outcome == Done:
		possible := s.untold && first && s.current == 0 && s.holds(1)
		s.untold = false
		return when(possible, s)
	}
	ended := s
	ended.revoked = true
	if o.Outcome == Unknown && s.untold { // or it was told, and that answer was lost too
		return []state{ended, s}
	}
	return []state{ended}
}

// operatePerson is what people do, and the operator to their accounts.
func (sp spec) operatePerson(s state, o Op) []state {
	p := &s.person
	switch o.Kind {
	case SignIn:
		if !p.on || p.pass != o.Pass {
			return nil
		}
		p.session = signedIn{born: true, subject: s.subject, store: s.store}
	case SignOut:
		p.session.ended = true
	case Ask:
		p.forms |= 1 << o.Form
	case Cut:
		s.revoked = s.revoked || s.born
		p.forms, p.consented = 0, false
	case CutAll:
		if o.Outcome == Inactive { // its own session was dead; or the store's answer was lost, and nobody stays signed in
			return []state{s, cutAll(s)}
		}
		s = cutAll(s)
		p = &s.person
		if o.Outcome == Done && sp.session != Nobody && o.NewSession == sp.session {
			p.session = signedIn{born: true, subject: s.subject, store: s.store}
		}
	case row:
		return sp.writeRow(s, o)
	case raise:
		if p.rows>>o.turn&1 == 0 {
			return when(o.Outcome == Unknown, s) // it comes after the row, or never
		}
		s.subject++
		p.forms = 0
	}
	return []state{s}
}

func cutAll(s state) state {
	s.subject++
	s.person.forms = 0
	return s
}

func (sp spec) writeRow(s state, o Op) []state {
	p := &s.person
	p.rows |= 1 << o.turn
	switch o.does {
	case UserDisable:
		p.on = false
	case UserDelete:
		p.on, p.deleted = false, true
	case UserPassword:
		p.pass = o.Pass
	case UserEnable:
		if !p.on && !p.deleted {
			p.on = true
			s.subject++
			p.forms = 0
		}
	}
	return []state{s}
}
