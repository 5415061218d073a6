package interleave_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rescind/internal/testkit/broken"
)

// operations are those that make sense in each setting.
func operations() map[string][]op {
	all := map[string][]op{}
	seen := map[string]bool{}
	for _, p := range pairs() {
		for _, o := range []op{p.a, p.b} {
			if key := p.in.name + o.name; !seen[key] {
				seen[key] = true
				all[p.in.name] = append(all[p.in.name], o)
			}
		}
	}
	return all
}

// learn finds what orders come to under every fault of one operation.
func learn(in setting, ops []op, f *fault) byOrders {
	fresh := inMemory(sins{})(in)
	known := byOrders{nil: endsOf(fresh, ops, nil)}
	if f == nil {
		return known
	}
	for call := 1; call <= 6; call++ {
		for _, mode := range append([]fault{{mode: broken.Fails}}, modes...) {
			other := &fault{on: f.on, call: call, mode: mode.mode, blind: mode.blind}
			known[other] = endsOf(fresh, ops, other)
		}
	}
	return known
}

// TestThreeOperationsAtRandom has three meet, in a random schedule and under a
// random fault; what fails is made as small as it gets. Three are too many to
// try everything.
func TestThreeOperationsAtRandom(t *testing.T) {
	checks := "600"
	if os.Getenv(fullRun) != "" {
		checks = "100000"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	in := operations()
	names := sortedNames(in)
	rapid.Check(t, func(rt *rapid.T) {
		set := settings[rapid.SampledFrom(names).Draw(rt, "setting")]
		var ops []op
		for i := range 3 {
			ops = append(ops, in[set.name][rapid.IntRange(0, len(in[set.name])-1).Draw(rt, fmt.Sprintf("operation %d", i))])
		}
		var f *fault
		if rapid.Bool().Draw(rt, "something breaks") {
			mode := rapid.SampledFrom(append([]fault{{mode: broken.Fails}}, modes...)).Draw(rt, "mode")
			f = &fault{on: rapid.IntRange(0, 2).Draw(rt, "on"), call: rapid.IntRange(1, 5).Draw(rt, "call"), mode: mode.mode, blind: mode.blind}
		}
		m := meet(inMemory(sins{})(set)(), ops, f)
		for can := m.options(); len(can) > 0; can = m.options() {
			m.step(can[rapid.IntRange(0, len(can)-1).Draw(rt, "next")])
		}
		got := m.outcome()
		found := m.settled()
		known := byOrders{nil: endsOf(inMemory(sins{})(set), ops, nil)}
		ok := known.explain(m, got, same, false)
		if !ok {
			known = learn(set, ops, f)
			ok = known.explain(m, got, same, false) || allowed(m, got, known) != ""
		}
		if len(found) > 0 || !ok {
			rt.Fatalf("%s: %s, %s, %s\n%s\n%s\n%s\n%s\n%s", set.name, ops[0].name, ops[1].name, ops[2].name, f, m.schedule(), strings.Join(found, "\n"), got, known)
		}
	})
}
