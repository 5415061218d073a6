package model

import (
	"cmp"
	"math"
	"slices"
)

// reduce leaves out operations that change no verdict: a history has an order that
// explains it with them if and only if it has one without them.
func (sp spec) reduce(ops []Op) []Op {
	ops = slices.DeleteFunc(ops, spareRedemptions(sp, ops))
	ops = slices.DeleteFunc(ops, superfluous(sp, ops))
	ops = slices.DeleteFunc(ops, idle(sp, ops))
	return sp.withoutImplied(ops)
}

// spareRedemptions tells of redemptions that the others explain; of 50 at once
// they leave a handful. Who is refused though all is right with the request has
// met a dead grant or ended it, and the grant is dead from then on: so the first
// of these answers explains the later ones. Of those whose answer nobody knows
// the first three can do all that more of them could: redeem, be told, and end.
// What is wrong changes nothing.
func spareRedemptions(sp spec, ops []Op) func(Op) bool {
	var refused, unknown []Op
	for _, o := range ops {
		switch {
		case o.Kind != Redeem || !sp.isRight(o):
		case o.Outcome == Refused:
			refused = append(refused, o)
		case o.Outcome == Unknown:
			unknown = append(unknown, o)
		}
	}
	slices.SortFunc(refused, func(a, b Op) int { return cmp.Compare(a.Return, b.Return) })
	slices.SortFunc(unknown, func(a, b Op) int { return cmp.Compare(a.Call, b.Call) })
	keep := map[int]bool{}
	for _, o := range slices.Concat(refused[:min(1, len(refused))], unknown[:min(3, len(unknown))]) {
		keep[o.ID] = true
	}
	return func(o Op) bool {
		return o.Kind == Redeem && o.Outcome != Done && o.Outcome != Unauthorized && !keep[o.ID]
	}
}

// superfluous tells of operations that end a grant whatever its state, and of
// which nobody knows whether they did: whatever a later one explains, the first
// one explains too, so it alone is kept. Each would double the work.
func superfluous(sp spec, ops []Op) func(Op) bool {
	ends := func(o Op) bool {
		switch o.Kind {
		case RevokeSubject, RaiseGeneration, CutAll:
			return o.Outcome == Unknown
		case RevokeGrant, RevokeClient, Cut:
			return o.Outcome == Unknown && sp.what == aGrant
		case SignOut:
			return o.Outcome == Unknown && sp.what == aSession
		}
		return false
	}
	if sp.what != aGrant && sp.what != aSession {
		return func(Op) bool { return false } // who is asked for consent may give it again
	}
	// Only one that began after the birth's answer ends the grant for certain.
	born, _ := sp.birth(ops)
	first, kept := int64(0), -1
	for _, o := range ops {
		if ends(o) && o.Call > born && (kept < 0 || o.Call < first) {
			first, kept = o.Call, o.ID
		}
	}
	return func(o Op) bool { return ends(o) && kept >= 0 && o.Call >= first && o.ID != kept }
}

// birth is when the answer came that what is judged begins with.
func (sp spec) birth(ops []Op) (answered int64, ok bool) {
	for _, o := range ops {
		if sp.bears(o) {
			answered, ok = o.Return, true
		}
	}
	return answered, ok
}

// deadFrom is when a grant is dead for certain, by one operation that ended it
// whatever else happened: nothing brings it back.
func (sp spec) deadFrom(ops []Op) int64 {
	const never = math.MaxInt64
	born, ok := sp.birth(ops)
	if !ok {
		return never
	}
	told := map[int]int64{} // when each refresh token was told first
	tell := func(n int, at int64) {
		if was, ok := told[n]; !ok || at < was {
			told[n] = at
		}
	}
	for _, o := range ops {
		switch {
		case o.Outcome != Done:
		case o.Kind == Create:
			tell(0, o.Return)
		case o.Kind == Refresh || o.Kind == Redeem:
			tell(o.NewRefresh, o.Return)
		}
	}
	dead := int64(never)
	for _, o := range ops {
		at, ok := told[o.Token.N]
		switch {
		case o.Outcome != Done:
		case o.Kind == RevokeGrant && born < o.Call,
			o.Kind == Revoke && o.Caller == sp.grant.Client && o.Token.Refresh && ok && at < o.Call:
			dead = min(dead, o.Return)
		}
	}
	return dead
}

// idle tells of operations that a grant's history explains at any moment and that
// never change it: what others ask for with its tokens and are refused or not
// answered, that a client was on which nobody switched off, and all that shows a
// grant dead once it is.
func idle(sp spec, ops []Op) func(Op) bool {
	dead := sp.deadFrom(ops)
	var switched [MaxClients]bool
	for _, o := range ops {
		if o.Kind == Disable {
			switched[o.Client] = true
		}
	}
	return func(o Op) bool {
		if sp.what != aGrant || o.Caller == Nobody {
			return false
		}
		foreign, over := o.Caller != sp.grant.Client, o.Call > dead
		switch o.Kind {
		case authenticate:
			return !switched[o.Caller]
		case landed:
			return foreign || over
		case Refresh, Redeem:
			return (foreign || over) && (o.Outcome == Refused || o.Outcome == Unknown)
		case Introspect:
			return over && o.Outcome == Inactive && !switched[o.Caller]
		case Revoke:
			return foreign && o.Outcome == Unknown
		}
		return false
	}
}

// claim is what an operation that changes nothing says of the state.
type claim struct {
	kind    Kind
	caller  int
	token   Token
	pass    int
	outcome Outcome
}

// claims gives it, where the operation changes nothing and its answer is known.
// newest is the last token of the line that its client refreshed with.
func (sp spec) claims(o Op, newest int) (claim, bool) {
	switch {
	case o.Outcome == Unknown:
		return claim{}, false
	case sp.what == aSession:
		c := claim{kind: Visit, outcome: Active}
		if o.Outcome == Inactive {
			c.outcome = Inactive
		}
		return c, sp.uses(o)
	case sp.what == anAccount:
		return claim{kind: SignIn, pass: o.Pass, outcome: o.Outcome}, o.Kind == SignIn
	case sp.what == anApp:
		return claim{kind: Remember}, o.Kind == Remember
	case o.Outcome == Unauthorized:
		return claim{kind: authenticate, caller: o.Caller, outcome: Unauthorized}, o.Caller != Nobody
	}
	switch o.Kind {
	case authenticate:
		return claim{kind: authenticate, caller: o.Caller}, o.Caller != Nobody
	case Introspect, Visit:
		return claim{kind: o.Kind, caller: o.Caller, token: o.Token, outcome: o.Outcome}, true
	case landed: // a token rotates once, if it does
		return claim{kind: landed, caller: o.Caller, token: o.Token}, true
	case Refresh: // what ends the grant is a token that three newer ones came after
		return claim{kind: Refresh, token: o.Token, outcome: Refused},
			o.Caller == sp.grant.Client && o.Outcome == Refused && newest < o.Token.N+2
	}
	return claim{}, false
}

// withoutImplied leaves out what another operation implies: one that says the
// same, and that began and was answered while this one lasted. Whatever explains
// that one explains this one. Of fifty at once that are all told the same, a few
// are left. With landed, which says what may have happened, it is the longer one
// that explains all.
func (sp spec) withoutImplied(ops []Op) []Op {
	newest := 0
	for _, o := range ops {
		if o.Kind == Refresh && o.Caller == sp.grant.Client {
			newest = max(newest, o.Token.N)
		}
	}
	said := map[claim][]int{}
	for i, o := range ops {
		if c, ok := sp.claims(o, newest); ok {
			said[c] = append(said[c], i)
		}
	}
	drop := map[int]bool{}
	for c, same := range said {
		for _, x := range same {
			drop[x] = slices.ContainsFunc(same, func(y int) bool {
				outer, inner := ops[x], ops[y]
				if c.kind == landed {
					outer, inner = inner, outer
				}
				inside := outer.Call <= inner.Call && inner.Return <= outer.Return
				return x != y && inside && (outer.Call != inner.Call || outer.Return != inner.Return || y < x)
			})
		}
	}
	kept := make([]Op, 0, len(ops))
	for i, o := range ops {
		if !drop[i] {
			kept = append(kept, o)
		}
	}
	return kept
}
