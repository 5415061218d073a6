package interleave_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"rescind/internal/testkit/broken"
)

// tally is what a set of pairs came to.
type tally struct {
	mu      sync.Mutex
	tried   int            // schedules
	explain int            // of them, explained by an order
	allowed map[string]int // by rule
	wrong   map[string]string
}

func newTally() *tally { return &tally{allowed: map[string]int{}, wrong: map[string]string{}} }

// stages gives fresh stages of one setting.
type stages func(setting) func() *stage

// inMemory clones one scene, so that a stage costs nothing.
func inMemory(s sins) stages {
	return func(in setting) func() *stage {
		first := in.make()
		return func() *stage {
			sc := *first
			sc.named = maps.Clone(first.named)
			store := first.rows.clone(s)
			return &stage{&sc, store, func() snapshot {
				store.mu.Lock()
				defer store.mu.Unlock()
				return snapshot{store.grants[sc.id], store.clients[sc.app.id], store.subjects[sc.subject]}
			}}
		}
	}
}

// modes are the ways in which a write breaks; every call can fail.
var modes = []fault{{mode: broken.Lost}, {mode: broken.Lost, blind: true}, {mode: broken.Late}, {mode: broken.Twice}, {mode: broken.Again}}

// faults are all that can happen to a pair, whose calls were these.
func faults(p pair, calls [2][]bool, choose func(n int) bool) []*fault {
	var all []*fault
	n := 0
	add := func(f fault) {
		if n++; choose(n) {
			all = append(all, &f)
		}
	}
	for on := range 2 {
		if on == 1 && p.a.name == p.b.name { // the same as on the other
			break
		}
		for i, writes := range calls[on] {
			add(fault{on: on, call: i + 1, mode: broken.Fails})
			for _, f := range modes {
				if writes {
					add(fault{on: on, call: i + 1, mode: f.mode, blind: f.blind})
				}
			}
		}
	}
	return all
}

// try tries one pair under every schedule, first with nothing broken and then
// with each fault that choose takes. What orders explain is found in memory,
// so that two stores differ in nothing either.
func (t *tally) try(p pair, with stages, choose func(n int) bool) {
	ops := []op{p.a, p.b}
	fresh, sober := with(p.in), inMemory(sins{})(p.in)
	var calls [2][]bool // whether one is ever a write
	known := byOrders{nil: endsOf(sober, ops, nil)}
	explore(fresh, ops, nil, func(m *meeting) {
		for i, th := range m.threads {
			for n, verb := range th.calls {
				if n == len(calls[i]) {
					calls[i] = append(calls[i], false)
				}
				calls[i][n] = calls[i][n] || verb.Writes()
			}
		}
		t.judge(p, m, known)
	})
	chosen := faults(p, calls, choose)
	if len(chosen) > 0 {
		for _, f := range faults(p, calls, everyFault) {
			known[f] = endsOf(sober, ops, f)
		}
	}
	for _, f := range chosen {
		explore(fresh, ops, f, func(m *meeting) {
			if m.fired {
				t.judge(p, m, known)
			}
		})
	}
}

// judge compares one end with what orders explain.
func (t *tally) judge(p pair, m *meeting, known byOrders) {
	got := m.outcome()
	explained := known.explain(m, got, same, false)
	what := ""
	if !explained {
		what = allowed(m, got, known)
	}
	finds := m.settled()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tried++
	switch {
	case len(finds) > 0:
		t.wrong[finds[0]+" in "+p.name()] = fmt.Sprintf("%s\n%s\n%s\n%s", m.f, m.schedule(), strings.Join(finds, "\n"), got)
	case explained:
		t.explain++
	case what != "":
		t.allowed[what]++
	default:
		t.wrong["no order explains "+p.name()] = fmt.Sprintf("%s\n%s\n%s\n%s", m.f, m.schedule(), got, known)
	}
}

// all tries pairs in parallel.
func (t *tally) all(some []pair, with stages, workers int, choose func(n int) bool) {
	next := make(chan pair)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for p := range next {
				t.try(p, with, choose)
			}
		})
	}
	for _, p := range some {
		next <- p
	}
	close(next)
	wg.Wait()
}

// report fails for what was wrong, the first in full.
func (t *tally) report(tt *testing.T, over string) {
	tt.Helper()
	tt.Logf("%d schedules over %s: %d explained by an order, %d allowed", t.tried, over, t.explain, sum(t.allowed))
	for _, rule := range slices.Sorted(maps.Keys(t.allowed)) {
		tt.Logf("%7d allowed: %s", t.allowed[rule], rule)
	}
	for i, name := range slices.Sorted(maps.Keys(t.wrong)) {
		if i == 0 {
			name += ":\n" + t.wrong[name]
		}
		tt.Error(name)
	}
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

func everyFault(int) bool { return true }
func noFault(int) bool    { return false }

// everyNth takes each n-th fault, another part of them for each pair.
func everyNth(n int) func(int) bool {
	var seen atomic.Int64
	return func(int) bool { return seen.Add(1)%int64(n) == 0 }
}

func TestEveryPairUnderEveryScheduleAndFault(t *testing.T) {
	all := newTally()
	all.all(pairs(), inMemory(sins{}), runtime.GOMAXPROCS(0), everyFault)
	all.report(t, "memory")
	if all.tried < 40_000 || all.explain < all.tried*9/10 {
		t.Errorf("only %d schedules were tried, and an order explains only %d", all.tried, all.explain)
	}
	for _, r := range allowList {
		if all.allowed[r.name] == 0 && !r.three {
			t.Errorf("nothing needs to be allowed for %s; take it from the list", r.name)
		}
	}
}
