package model

import "fmt"

// Breach is an answer that breaks the promise, read off the record without any
// model: After began once Revocation had been answered, and is alive all the same.
type Breach struct{ Revocation, After Op }

func (b Breach) String() string {
	return fmt.Sprintf("after [%s], answered at %d ns, came [%s], begun at %d ns", b.Revocation, b.Revocation.Return, b.After, b.After.Call)
}

// Promise gives every breach of "after a 200 or 303 to what ends something no
// answer says that it lives", at every radius: tokens and codes are dead, and
// sessions are signed out.
func Promise(h *History) []Breach {
	var all []Breach
	born, begun := make([]Op, len(h.Grants)), make([]Op, len(h.Sessions))
	for _, o := range h.Ops {
		switch {
		case o.Outcome != Done:
		case o.Kind == Create || o.Kind == Allow || o.Kind == Remember:
			born[o.Grant] = o
		case (o.Kind == SignIn || o.Kind == CutAll) && o.NewSession != Nobody:
			begun[o.NewSession] = o
		}
	}
	for _, v := range h.Ops {
		if v.Outcome != Done {
			continue
		}
		for _, x := range h.Ops {
			if x.Call <= v.Return {
				continue
			}
			switch {
			case x.hasTokens() && h.covers(v, x, born[x.Grant]),
				x.isSignedIn() && coversSession(v, x, begun[x.Session]),
				x.Kind == Visit && x.Outcome == Active && h.coversApp(v, x):
				all = append(all, Breach{v, x})
			}
		}
	}
	return all
}

// hasTokens tells whether an answer shows that a grant is alive.
func (o Op) hasTokens() bool {
	switch o.Kind {
	case Introspect:
		return o.Outcome == Active
	case Refresh, Redeem:
		return o.Outcome == Done
	}
	return false
}

// isSignedIn tells whether an answer shows that a session is alive.
func (o Op) isSignedIn() bool {
	switch o.Kind {
	case Visit, Ask:
		return o.Outcome == Active
	case Allow, Remember, Cut, CutAll:
		return o.Outcome == Done
	}
	return false
}

// covers tells whether v ended what x calls alive. Of a grant that was being
// born meanwhile nobody promised anything.
func (h *History) covers(v, x, born Op) bool {
	grant, before := h.Grants[x.Grant], born.Return < v.Call
	switch v.Kind {
	case Revoke:
		return v.Grant == x.Grant && v.Caller == grant.Client && h.coversToken(v, x)
	case RevokeGrant:
		return v.Grant == x.Grant
	case RevokeSubject, CutAll, UserDisable, UserPassword, UserDelete:
		return before && v.Subject == grant.Subject
	case RevokeClient, Disable:
		return before && v.Client == grant.Client
	case Cut:
		return before && v.Subject == grant.Subject && v.Client == grant.Client
	case RaiseGeneration:
		return before
	}
	return false
}

// coversSession tells whether v ended the session that x bears.
func coversSession(v, x, begun Op) bool {
	switch v.Kind {
	case SignOut:
		return v.Session == x.Session
	case RevokeSubject, CutAll, UserDisable, UserPassword, UserDelete:
		return begun.Return < v.Call && v.Subject == x.Subject
	case RaiseGeneration:
		return begun.Return < v.Call
	}
	return false
}

// coversApp tells whether the page of x names an app that v cut, and that
// nobody can have given access since.
func (h *History) coversApp(v, x Op) bool {
	if (v.Kind != Cut || !x.lists(v.Client)) && v.Kind != CutAll || x.Listed == 0 || v.Subject != x.Subject {
		return false
	}
	for _, o := range h.Ops {
		gives := o.Kind == Create || o.Kind == Issue || o.Kind == Allow || o.Kind == Remember || o.Kind == Ask
		if gives && o.Subject == v.Subject && (v.Kind == CutAll || o.Client == v.Client) && (o.Outcome == Unknown || o.Outcome == Done && o.Return > v.Call) {
			return false
		}
	}
	return true
}

// coversToken: a refresh token ends its grant. An access token ends itself, and
// its grant unless the client is set otherwise, or the token may have lost its
// slot to a ninth: then it was known no more.
func (h *History) coversToken(v, x Op) bool {
	if v.Token.Refresh {
		return true
	}
	if x.Kind == Introspect && x.Token == v.Token || x.Kind == Refresh && x.NewAccess == v.Token.N {
		return true
	}
	if h.Clients[v.Caller].RevokesToken {
		return false
	}
	issued := 1
	for _, o := range h.Ops {
		if o.Kind == Refresh && o.Grant == v.Grant && o.Call < v.Return { // a code's first is the one
			issued++
		}
	}
	return issued <= slots
}
