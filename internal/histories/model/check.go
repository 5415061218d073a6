package model

import (
	"errors"
	"hash/maphash"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// ErrUndecided is the verdict where the checker ran out of its time.
var ErrUndecided = errors.New("the checker did not come to an end in its time; nothing is shown either way")

// Failure is a grant whose history no order of the operations explains.
type Failure struct {
	Grant int
	Ops   []Op // what the grant depends on, in the order of their calls
	spec  spec
}

// Check holds the history of every grant against the model; limit is for each.
// It gives the first grant that fails, nil where there is none. Errors: an
// incomplete record, or ErrUndecided.
func Check(h *History, limit time.Duration) (*Failure, error) {
	if err := h.Complete(); err != nil {
		return nil, err
	}
	h.prepare()
	undecided := error(nil)
	for g := range h.Grants {
		sp := spec{h.Grants[g], h.Clients}
		ops := h.of(g)
		switch porcupine.CheckOperationsTimeout(sp.porcupine(), recorded(ops), limit) {
		case porcupine.Illegal:
			return &Failure{g, ops, sp}, nil
		case porcupine.Unknown:
			undecided = ErrUndecided
		}
	}
	return nil, undecided
}

// of gives what one grant depends on: its own operations, and a copy of every
// operation on its clients, its subject and the store. If the whole history has
// an explaining order, so has each such part: a part that has none is a fault.
func (h *History) of(g int) []Op {
	grant := h.Grants[g]
	var ops []Op
	for _, o := range h.Ops {
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
		default:
			takes = o.Grant == g
		}
		if takes {
			ops = append(ops, o)
		}
		// A refresh that lost a race reads again, its client too. One that was
		// switched off since it authenticated is refused by then like any whose
		// grant is dead. So a refusal is two moments: at one the client was on, at
		// the other the grant was dead. And a store's answer may be lost between
		// it and the server: the rotation landed, others saw it, and went on from
		// it before the server looked again. The token is an earlier one by then,
		// and refused as such. So there may be a third moment, of the rotation.
		if takes && o.Kind == Refresh && o.Outcome == Refused {
			for _, o.Kind = range []Kind{authenticate, landed} {
				ops = append(ops, o)
			}
		}
	}
	return slices.DeleteFunc(ops, superfluous(ops))
}

// superfluous tells of operations that end a grant whatever its state, and of
// which nobody knows whether they did: whatever a later one explains, the first
// one explains too, so it alone is kept. Each would double the work.
func superfluous(ops []Op) func(Op) bool {
	ends := func(o Op) bool {
		switch o.Kind {
		case RevokeGrant, RevokeSubject, RevokeClient, RaiseGeneration:
			return o.Outcome == Unknown
		}
		return false
	}
	// Only one that began after the birth's answer ends the grant for certain.
	born := int64(0)
	for _, o := range ops {
		if o.Kind == Create {
			born = o.Return
		}
	}
	first, kept := int64(0), -1
	for _, o := range ops {
		if ends(o) && o.Call > born && (kept < 0 || o.Call < first) {
			first, kept = o.Call, o.ID
		}
	}
	return func(o Op) bool { return ends(o) && kept >= 0 && o.Call >= first && o.ID != kept }
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
