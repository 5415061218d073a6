package interleave_test

import (
	"maps"
	"slices"
	"strings"

	"rescind/internal/testkit/broken"
)

// ends are what some operations come to, one after the other: each end with
// the orders that lead to it.
type ends map[string][][]int

// byOrders are the ends under each fault; nil is none.
type byOrders map[*fault]ends

var ordersOf = map[int][][]int{
	2: {{0, 1}, {1, 0}},
	3: {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}},
}

// endsOf tries all orders, and where a write is late all places between the
// operations where it can arrive.
func endsOf(fresh func() *stage, ops []op, f *fault) ends {
	all := ends{}
	for _, order := range ordersOf[len(ops)] {
		for arrives := range ops {
			m := inOrder(fresh(), ops, f, order, arrives)
			if got := m.outcome(); !m.pointless() {
				all[got] = append(all[got], order)
			}
			if f == nil || f.mode != broken.Late && f.mode != broken.Again {
				break
			}
		}
	}
	return all
}

// explain tells whether some order explains an end, after something was left
// out of both. Where the fault came about, the order may have met it at
// another call, where only a lost race leads to this one; with anyFate it may
// have met another fault of the same operation.
func (known byOrders) explain(m *meeting, got string, leave func(string) string, anyFate bool) bool {
	got = leave(got)
	for f, all := range known {
		switch {
		case f == nil:
		case m.f == nil || !m.fired || f.on != m.f.on:
			continue
		case !anyFate && (f.mode != m.f.mode || f.blind != m.f.blind):
			continue
		}
		for text, orders := range all {
			if leave(text) == got && slices.ContainsFunc(orders, m.explains) {
				return true
			}
		}
	}
	return false
}

// String is what explains all that is sound.
func (known byOrders) String() string {
	return "what orders explain, where nothing breaks:\n" + strings.Join(slices.Sorted(maps.Keys(known[nil])), "\n")
}
