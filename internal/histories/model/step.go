package model

// step gives the states in which the grant can be after an operation with the
// answer that is recorded: none where the answer is impossible.
func (sp spec) step(s state, o Op) []state {
	switch sp.what {
	case aSession:
		return sp.sessionStep(s, o)
	case anApp:
		return sp.app(s, o)
	case anAccount:
		return sp.account(s, o)
	}
	return sp.grantStep(s, o)
}

func (sp spec) grantStep(s state, o Op) []state {
	if o.Caller != Nobody && o.Outcome == Unauthorized {
		return when(!s.on[o.Caller], s)
	}
	refused := (o.Kind == Refresh || o.Kind == Redeem || o.Kind == landed) && o.Outcome == Refused // whose authentication is an operation of its own
	if o.Caller != Nobody && !s.on[o.Caller] && !refused {
		return when(o.Outcome == Unknown, s) // it was refused, and nobody knows
	}
	switch o.Kind {
	case authenticate: // a client, or a person who approved
		return when(o.Caller != Nobody || s.signedIn(), s)
	case Allow, Remember:
		return sp.approve(s, o)
	case stood:
		return sp.stood(s, o)
	case Redeem:
		return sp.redeem(s, o)
	case Visit: // of a page without the app
		return when(!sp.alive(s), s)
	case landed:
		return sp.landed(s, o)
	case Create:
		return sp.create(s, o)
	case Introspect:
		return when(o.Outcome == Unknown || (o.Outcome == Active) == sp.sees(s, o), s)
	case Refresh:
		return sp.refresh(s, o)
	case Revoke:
		return sp.revoke(s, o)
	default:
		return sp.operate(s, o)
	}
}

// bears tells whether what is judged begins with the operation.
func (sp spec) bears(o Op) bool {
	switch o.Kind {
	case Create, Allow, Remember:
		return sp.what == aGrant && o.Grant == sp.n && o.Outcome == Done
	case SignIn, CutAll:
		return sp.what == aSession && o.NewSession == sp.n && o.Outcome == Done
	}
	return false
}

func when(possible bool, s state) []state {
	if !possible {
		return nil
	}
	return []state{s}
}

// create is a birth: the epochs of that moment are recorded. The client must
// be on, also where the operator makes the grant.
func (sp spec) create(s state, o Op) []state {
	c := sp.grant.Client
	if s.born || !s.on[c] {
		return when(o.Outcome == Unknown, s)
	}
	s.born, s.at = true, epochs{s.epoch[c], s.subject, s.store}
	return []state{s.fill(o.NewAccess)}
}

// sees: an access token is active to its client and to resource servers while
// it is in its slot, a refresh token to its client while it is the current one.
func (sp spec) sees(s state, o Op) bool {
	owner := o.Caller == sp.grant.Client
	if !sp.alive(s) {
		return false
	}
	if o.Token.Refresh {
		return owner && o.Token.N == s.current
	}
	return s.holds(o.Token.N) && (owner || sp.clients[o.Caller].ResourceServer)
}

// refresh: the current token rotates; the one before it gets the same answer
// again; the one before that is refused; an older one ends the grant. The grace
// of 30 s never ends here.
func (sp spec) refresh(s state, o Op) []state {
	if o.Caller != sp.grant.Client || !sp.alive(s) {
		return when(o.Outcome == Unknown || o.Outcome == Refused, s)
	}
	if sp.clients[o.Caller].KeepsRefresh {
		return sp.issued(s, o, o.NewAccess, s.current, o.Token.N == s.current)
	}
	switch o.Token.N {
	case s.current:
		s.current++
		return sp.issued(s, o, o.derived, s.current, true)
	case s.current - 1:
		if o.derived == 0 || s.holds(o.derived) { // identical, and nothing is written
			return when(o.Outcome == Unknown || o.Outcome == Done && o.NewRefresh == s.current && o.NewAccess == o.derived, s)
		}
		return sp.issued(s, o, o.NewAccess, s.current, o.NewAccess != o.derived)
	case s.current - 2:
		return when(o.Outcome == Unknown || o.Outcome == Refused, s)
	}
	if o.Token.N > s.current { // nobody can have it yet
		return nil
	}
	s.revoked = true
	return when(o.Outcome == Unknown || o.Outcome == Refused, s)
}

// landed is the rotation of a refresh that was refused when it looked again. It
// need not have been: a refused request may have written nothing, as most have.
// What is not the current token of a living grant never rotates.
func (sp spec) landed(s state, o Op) []state {
	if o.Caller != sp.grant.Client || !s.on[o.Caller] || !sp.alive(s) || o.Token.N != s.current {
		return []state{s}
	}
	o.Outcome = Unknown
	return append([]state{s}, sp.refresh(s, o)...)
}

// issued is a refresh that puts an access token into a slot; the answer, if
// there is one, must hold it, and the refresh token that is current then.
func (sp spec) issued(s state, o Op, access, refresh int, possible bool) []state {
	if o.Outcome == Unknown {
		if access == 0 {
			access = unseen
		}
		return when(possible, s.fill(access))
	}
	return when(possible && o.Outcome == Done && o.NewAccess == access && o.NewRefresh == refresh && !s.holds(access), s.fill(access))
}

// revoke: a token that the grant still knows ends it, or itself alone where the
// client is set so. Another client is told that it may not, or 200 for a token
// that is known no more, and changes nothing either way.
func (sp spec) revoke(s state, o Op) []state {
	known := s.born && (o.Token.Refresh && o.Token.N <= s.current || !o.Token.Refresh && s.holds(o.Token.N))
	if o.Caller != sp.grant.Client {
		want := Done
		if known {
			want = Refused
		}
		return when(o.Outcome == Unknown || o.Outcome == want, s)
	}
	if o.Outcome != Unknown && o.Outcome != Done {
		return nil
	}
	alone := !o.Token.Refresh && sp.clients[o.Caller].RevokesToken
	switch {
	case alone && s.revoked:
		// There is nothing to end. But one that was found in a living grant is
		// taken out of its slot also where the grant was ended in between.
		return []state{s, s.drop(o.Token.N)}
	case alone:
		return []state{s.drop(o.Token.N)}
	case known:
		s.revoked = true
		return []state{s}
	}
	// It is known no more: nine were issued. But between the moment when the token
	// was found in its slot and the one write that ends the grant, a refresh may
	// have taken the slot. Then the grant is as dead as was asked.
	ended := s
	ended.revoked = true
	return []state{s, ended}
}

// operate is what the operator does. Each raises something that only rises.
func (sp spec) operate(s state, o Op) []state {
	if o.Outcome != Unknown && o.Outcome != Done && o.Kind != Ask && o.Kind != CutAll {
		return nil
	}
	switch o.Kind {
	case Ask, SignIn, SignOut, Cut, CutAll, row, raise:
		return sp.operatePerson(s, o)
	case RevokeGrant:
		s.revoked = s.revoked || s.born
	case RevokeSubject:
		s.subject++
		s.person.forms = 0
	case RevokeClient:
		s = sp.raiseClient(s, o.Client)
	case Disable:
		s.on[o.Client] = false
		s = sp.raiseClient(s, o.Client)
	case Enable:
		if !s.on[o.Client] { // raised again first: what was alive before it was off stays dead
			s = sp.raiseClient(s, o.Client)
			s.on[o.Client] = true
		}
	case RaiseGeneration:
		s.store++
		s.person.forms = 0
	default:
		return nil
	}
	return []state{s}
}

// raiseClient makes the consent forms of the client void too.
func (sp spec) raiseClient(s state, c int) state {
	s.epoch[c]++
	if c == sp.grant.Client {
		s.person.forms = 0
	}
	return s
}
