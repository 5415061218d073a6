package model

import (
	"slices"
	"time"

	"github.com/anishathalye/porcupine"
)

// shrinkLimit is for each attempt to do with less.
const shrinkLimit = 5 * time.Second

// Shrink leaves out what the failure does not need: first all that came after
// the moment at which it shows, then introspections. Both are sound: the
// beginning of an explainable history is explainable, and so is one without
// some operation that changes nothing. What changes something stays, though it
// may have nothing to do with it.
func (f *Failure) Shrink() {
	var ends []int64
	for _, o := range f.Ops {
		if o.Outcome != Unknown {
			ends = append(ends, o.Return)
		}
	}
	slices.Sort(ends)
	at, _ := slices.BinarySearchFunc(ends, true, func(end int64, _ bool) int {
		if f.fails(f.until(end)) {
			return 0
		}
		return -1
	})
	if at < len(ends) {
		f.Ops = f.until(ends[at])
	}
	for i := len(f.Ops) - 1; i >= 0; i-- {
		switch kind := f.Ops[i].Kind; {
		case kind == Introspect, kind == Visit, kind == Remember && f.spec.what != aGrant, f.Ops[i].Outcome == Unauthorized:
		default:
			continue
		}
		if less := slices.Delete(slices.Clone(f.Ops), i, i+1); f.fails(less) {
			f.Ops = less
		}
	}
}

// Beside gives what people did about the same user and client that the failure
// does not depend on, in the order of the record: a reader who looks for the
// cause may find it in an answer that the model holds to change nothing.
func (f *Failure) Beside(h *History) []Op {
	in := map[int]bool{}
	for _, o := range f.Ops {
		in[o.ID] = true
	}
	var ops []Op
	for _, o := range h.Ops {
		switch o.Kind {
		case Ask, Allow, Deny, Remember, Cut, CutAll, SignIn, SignOut:
			if !in[o.ID] && o.Subject == f.spec.grant.Subject && (o.Client == f.spec.grant.Client || o.Client == Nobody || f.spec.grant.Client == Nobody) {
				ops = append(ops, o)
			}
		}
	}
	return ops
}

// until is the history up to a moment: what had not been answered then was of
// unknown outcome.
func (f *Failure) until(end int64) []Op {
	var ops []Op
	for _, o := range f.Ops {
		if o.Call > end {
			continue
		}
		if o.Outcome != Unknown && o.Return > end {
			switch o.Kind {
			case Introspect, Visit, Ask, Remember, SignIn, authenticate:
				continue // nobody has anything of it
			case Allow:
				o.Grant = Nobody
			}
			o.Outcome = Unknown
		}
		ops = append(ops, o)
	}
	return ops
}

func (f *Failure) fails(ops []Op) bool {
	return porcupine.CheckOperationsTimeout(f.spec.porcupine(), recorded(ops), shrinkLimit) == porcupine.Illegal
}
