package model

import "fmt"

// Breach is an answer that breaks the promise, read off the record without any
// model: After began once Revocation had been answered, and is alive all the same.
type Breach struct{ Revocation, After Op }

func (b Breach) String() string {
	return fmt.Sprintf("after [%s], answered at %d ns, came [%s], begun at %d ns", b.Revocation, b.Revocation.Return, b.After, b.After.Call)
}

// Promise gives every breach of "after a 200 to a revocation no answer says
// active or gives tokens", at every radius.
func Promise(h *History) []Breach {
	var all []Breach
	born := make([]Op, len(h.Grants))
	for _, o := range h.Ops {
		if o.Kind == Create && o.Outcome == Done {
			born[o.Grant] = o
		}
	}
	for _, v := range h.Ops {
		if v.Outcome != Done {
			continue
		}
		for _, x := range h.Ops {
			living := x.Outcome == Active || x.Kind == Refresh && x.Outcome == Done
			if living && x.Call > v.Return && h.covers(v, x, born[x.Grant]) {
				all = append(all, Breach{v, x})
			}
		}
	}
	return all
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
	case RevokeSubject:
		return before && v.Subject == grant.Subject
	case RevokeClient, Disable:
		return before && v.Client == grant.Client
	case RaiseGeneration:
		return before
	}
	return false
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
		if o.Kind == Refresh && o.Grant == v.Grant && o.Call < v.Return {
			issued++
		}
	}
	return issued <= slots
}
