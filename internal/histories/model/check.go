package model

import (
	"errors"
	"fmt"
	"hash/maphash"
	"time"

	"github.com/anishathalye/porcupine"
)

// ErrUndecided is the verdict where the checker ran out of its time.
var ErrUndecided = errors.New("the checker did not come to an end in its time; nothing is shown either way")

// Undecided is an ErrUndecided with what it is about.
type Undecided struct {
	What string
	Ops  []Op
}

// Error says what it is about, without the operations.
func (u *Undecided) Error() string {
	return fmt.Sprintf("%s of %s and its %d operations", ErrUndecided, u.What, len(u.Ops))
}

// Unwrap makes it an ErrUndecided.
func (*Undecided) Unwrap() error { return ErrUndecided }

// Failure is a grant, a session, an app or an account whose history no order of
// the operations explains.
type Failure struct {
	What string
	Ops  []Op // what it depends on, in the order of their calls
	spec spec
}

// Check holds the history of every grant, session, app and account against the
// model; limit is for each. It gives the first that fails, nil where there is
// none. Errors: an incomplete record, or ErrUndecided.
func Check(h *History, limit time.Duration) (*Failure, error) {
	if err := h.Complete(); err != nil {
		return nil, err
	}
	h.prepare()
	undecided := error(nil)
	for _, sp := range h.things() {
		ops := sp.reduce(h.of(sp))
		switch porcupine.CheckOperationsTimeout(sp.porcupine(), recorded(ops), limit) {
		case porcupine.Illegal:
			return &Failure{sp.String(), ops, sp}, nil
		case porcupine.Unknown:
			undecided = &Undecided{sp.String(), ops}
		}
	}
	return nil, undecided
}

// things are all that a history is judged for.
func (h *History) things() []spec {
	var all []spec
	for g, grant := range h.Grants {
		session := Nobody
		if grant.Code != nil {
			session = grant.Code.Session
		}
		all = append(all, spec{aGrant, g, grant, session, h.Clients})
	}
	for n, user := range h.Sessions {
		all = append(all, spec{aSession, n, Grant{Client: Nobody, Subject: user}, n, h.Clients})
	}
	for user := range h.Accounts {
		for c := range h.Clients {
			all = append(all, spec{anApp, c, Grant{Client: c, Subject: user}, Nobody, h.Clients})
		}
		all = append(all, spec{anAccount, user, Grant{Client: Nobody, Subject: user}, Nobody, h.Clients})
	}
	return all
}

// of gives what one thing depends on: its own operations, and a copy of every
// operation on its clients, its subject and the store. If the whole history has
// an explaining order, so has each such part: a part that has none is a fault.
func (h *History) of(sp spec) []Op {
	var ops []Op
	for _, o := range h.Ops {
		if sp.what == aGrant {
			ops = append(ops, h.ofGrant(sp, o)...)
		} else if sp.takes(o) {
			ops = append(ops, sp.parts(o)...)
		}
	}
	return ops
}

// ofGrant gives what a grant has of one operation.
func (h *History) ofGrant(sp spec, o Op) []Op {
	g, grant := sp.n, sp.grant
	takes := false
	switch o.Kind {
	case RevokeSubject:
		takes = o.Subject == grant.Subject
	case RevokeClient:
		takes = o.Client == grant.Client
	case Issue:
		takes = o.Outcome == Unauthorized // else nobody has anything of it
	case Disable, Enable, RaiseGeneration:
		takes = true
	case Introspect:
		takes = o.Grant == g && o.Outcome != Unknown // it changes nothing
	case Create, Refresh, Revoke, RevokeGrant, Redeem:
		takes = o.Grant == g
	default:
		if sp.takes(o) {
			return h.born(sp, o)
		}
	}
	if !takes {
		return nil
	}
	// A refresh that lost a race reads again, its client too. One that was
	// switched off since it authenticated is refused by then like any whose
	// grant is dead. So a refusal is two moments: at one the client was on, at
	// the other the grant was dead. And a store's answer may be lost between
	// it and the server: the rotation landed, others saw it, and went on from
	// it before the server looked again. The token is an earlier one by then,
	// and refused as such. So there may be a third moment, of the rotation.
	ops := []Op{o}
	if o.Outcome == Refused && (o.Kind == Refresh || o.Kind == Redeem) {
		seen := o
		seen.Kind = authenticate
		ops = append(ops, seen)
		if o.Kind == Refresh {
			o.Kind = landed
			ops = append(ops, o)
		}
	}
	return ops
}

// born gives the parts of what people do. A grant's birth has two moments: at
// one the person was signed in, at the other the consent stood. Where an epoch
// was raised meanwhile, the grant may have the epochs of before.
func (h *History) born(sp spec, o Op) []Op {
	if (o.Kind != Allow && o.Kind != Remember) || o.Grant != sp.n || o.Outcome != Done {
		return sp.parts(o)
	}
	for _, r := range h.Ops {
		switch r.Kind {
		case RevokeSubject, CutAll, RevokeClient, Disable, Enable, RaiseGeneration, UserDisable, UserEnable, UserPassword, UserDelete:
			o.raced = o.raced || r.Call < o.Return && (r.Outcome == Unknown || r.Return > o.Call)
		}
	}
	seen := o
	seen.Kind = authenticate
	return []Op{o, seen}
}

// recorded puts the returns that nobody knows after all others.
func recorded(ops []Op) []porcupine.Operation {
	last := int64(0)
	for _, o := range ops {
		last = max(last, o.Call, o.Return)
	}
	all := make([]porcupine.Operation, 0, len(ops))
	for _, o := range ops {
		end := o.Return
		if o.Outcome == Unknown {
			end = last + 1
		}
		all = append(all, porcupine.Operation{ClientId: o.Lane, Input: o, Call: o.Call, Output: o, Return: end})
	}
	return all
}

var seed = maphash.MakeSeed()

func (sp spec) porcupine() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{initial()} },
		Step: func(s, input, _ any) []any {
			next := sp.step(s.(state), input.(Op))
			all := make([]any, len(next))
			for i := range next {
				all[i] = next[i]
			}
			return all
		},
		Hash:              func(s any) uint64 { return maphash.Comparable(seed, s.(state)) },
		DescribeOperation: func(input, _ any) string { return input.(Op).String() },
		DescribeState:     func(s any) string { return s.(state).String() },
	}
	return m.ToModel()
}

// Draw writes a page that shows the failure, with the longest orders found.
func (f *Failure) Draw(path string) error {
	m := f.spec.porcupine()
	_, info := porcupine.CheckOperationsVerbose(m, laned(recorded(f.Ops)), 20*time.Second)
	return porcupine.VisualizePath(m, info, path)
}

// laned gives each operation of unknown outcome a row of its own in the
// picture: its lane goes on to the next one.
func laned(all []porcupine.Operation) []porcupine.Operation {
	next := 0
	for _, o := range all {
		next = max(next, o.ClientId+1)
	}
	for i := range all {
		if all[i].Input.(Op).Outcome == Unknown {
			all[i].ClientId = next
			next++
		}
	}
	return all
}
