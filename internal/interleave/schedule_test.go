package interleave_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
)

// fault breaks one call of one operation.
type fault struct {
	on, call int // which operation, and which of its calls from 1
	mode     broken.Mode
	blind    bool // the call after it, by which it would find out, fails too
}

func (f *fault) String() string {
	if f == nil {
		return "nothing breaks"
	}
	blind := ""
	if f.blind {
		blind = " and so is the next call"
	}
	return fmt.Sprintf("call %d of %s %s%s", f.call, names[f.on], f.mode, blind)
}

// names are the operations' in what they leave and what is printed.
var names = []string{"a", "b", "c"}

// thread is one operation on its way. It waits before each of its calls.
type thread struct {
	op      op
	store   *broken.Store
	calls   []broken.Verb // begun
	waits   broken.Verb   // the next one
	done    bool
	first   int // its first and last step
	last    int
	answer  answer
	waiting chan bool // true before a call, false at the end
	resume  chan struct{}
}

// meeting is one run of some operations under one schedule.
type meeting struct {
	*stage
	f       *fault
	threads []*thread
	fired   bool        // the fault
	late    broken.Verb // of the write that is to arrive; Any where there is none
	taken   []int       // the schedule so far: an operation, or len(threads) for the arrival
	finds   []string    // what must never be and was
	last    snapshot
}

// meet brings the operations to their first calls.
func meet(st *stage, ops []op, f *fault) *meeting {
	m := &meeting{stage: st, f: f, last: st.look()}
	for i, o := range ops {
		t := &thread{op: o, store: broken.Wrap(st.store), waiting: make(chan bool), resume: make(chan struct{})}
		if f != nil && f.on == i {
			t.store.Inject(broken.Fault{N: f.call, Mode: f.mode})
			if f.blind {
				t.store.Inject(broken.Fault{N: f.call + 1, Mode: broken.Fails})
			}
		}
		t.store.Hook(func(c broken.Call) {
			if !c.After {
				t.waits = c.Verb
				t.waiting <- true
				<-t.resume
			}
		})
		m.threads = append(m.threads, t)
		go func() {
			t.answer = t.op.run(st.scene, t.store, names[i])
			t.waiting <- false
		}()
		t.done = !<-t.waiting
	}
	return m
}

// options are who can go on.
func (m *meeting) options() []int {
	var can []int
	for i, t := range m.threads {
		if !t.done {
			can = append(can, i)
		}
	}
	if m.late != broken.Any {
		can = append(can, len(m.threads))
	}
	return can
}

// verb is what a choice would do.
func (m *meeting) verb(choice int) broken.Verb {
	if choice == len(m.threads) {
		return m.late
	}
	return m.threads[choice].waits
}

// step makes one call, or lets the late write arrive.
func (m *meeting) step(choice int) {
	m.taken = append(m.taken, choice)
	if choice == len(m.threads) {
		m.threads[m.f.on].store.Deliver(context.Background())
		m.late = broken.Any
		m.watch()
		return
	}
	t := m.threads[choice]
	verb := t.waits
	if t.last = len(m.taken); len(t.calls) == 0 {
		t.first = t.last
	}
	t.calls = append(t.calls, verb)
	t.resume <- struct{}{}
	t.done = !<-t.waiting
	if m.f != nil && m.f.on == choice {
		switch {
		case len(t.calls) == m.f.call:
			m.fired = true
			if verb.Writes() && (m.f.mode == broken.Late || m.f.mode == broken.Again) {
				m.late = verb
			}
		case verb == m.late: // by which it arrived
			m.late = broken.Any
		}
	}
	m.watch()
}

// explains tells whether an order keeps what happened one wholly after the
// other. What was answered by an outage may take effect later, or never.
func (m *meeting) explains(order []int) bool {
	for i, later := range order {
		for _, sooner := range order[:i] {
			if l, s := m.threads[later], m.threads[sooner]; l.last < s.first && !l.answer.outage() {
				return false
			}
		}
	}
	return true
}

// pointless tells whether the fault broke a read in a way that reads do not break.
func (m *meeting) pointless() bool {
	return m.f != nil && m.fired && m.f.mode != broken.Fails && !m.threads[m.f.on].calls[m.f.call-1].Writes()
}

func (m *meeting) schedule() string {
	var b strings.Builder
	calls := make([]int, len(m.threads))
	for _, c := range m.taken {
		if c == len(m.threads) {
			b.WriteString(" (it arrives)")
			continue
		}
		fmt.Fprintf(&b, " %s.%s", names[c], m.threads[c].calls[calls[c]])
		calls[c]++
	}
	return strings.TrimSpace(b.String())
}

// The rows that a call touches.
const (
	rowGrant = 1 << iota
	rowClient
	rowSubject
	everything = rowGrant | rowClient | rowSubject
)

func touches(v broken.Verb) int {
	switch v {
	case broken.Replace, broken.Revoke, broken.RemoveAccess:
		return rowGrant
	case broken.UpdateClient, broken.RaiseClientEpoch, broken.FindClient:
		return rowClient
	case broken.RaiseSubjectEpoch:
		return rowSubject
	case broken.Create: // of a grant that nobody knows yet
		return 0
	}
	return everything
}

// commute tells whether two calls can change places and nobody sees it.
func commute(a, b broken.Verb) bool {
	return !a.Writes() && !b.Writes() || touches(a)&touches(b) == 0
}

// explore tries every schedule. Of those that differ only in the order of
// neighbouring calls which commute it tries at least one: the first in the
// order of the choices, which has no two neighbours that are the wrong way round.
func explore(newStage func() *stage, ops []op, f *fault, visit func(*meeting)) {
	var prefix []int
	for {
		m := meet(newStage(), ops, f)
		var choices [][]int
		pruned := false
		var before broken.Verb
		for can := m.options(); len(can) > 0; can = m.options() {
			if n := len(m.taken); n > 0 && !pruned {
				last := m.taken[n-1]
				less := slices.DeleteFunc(slices.Clone(can), func(c int) bool { return c < last && commute(before, m.verb(c)) })
				if pruned = len(less) == 0; !pruned {
					can = less
				}
			}
			choice := can[0]
			if n := len(m.taken); n < len(prefix) {
				choice = prefix[n]
			}
			if !pruned {
				choices = append(choices, can)
			}
			before = m.verb(choice)
			m.step(choice)
		}
		if !pruned && !m.pointless() {
			visit(m)
		}
		i := len(choices) - 1
		for ; i >= 0; i-- {
			if at := slices.Index(choices[i], m.taken[i]); at+1 < len(choices[i]) {
				prefix = append(slices.Clone(m.taken[:i]), choices[i][at+1])
				break
			}
		}
		if i < 0 {
			return
		}
	}
}

// inOrder runs the operations one after the other in a given order; a late
// write arrives after the n-th of them, or at the end.
func inOrder(st *stage, ops []op, f *fault, order []int, n int) *meeting {
	m := meet(st, ops, f)
	for i, which := range order {
		for !m.threads[which].done {
			m.step(which)
		}
		if m.late != broken.Any && i >= n {
			m.step(len(ops))
		}
	}
	return m
}

// stage is a scene in a store, and a way to look at its rows past the store.
type stage struct {
	*scene
	store grant.Store
	look  func() snapshot
}
