package storetest

import (
	"fmt"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
)

// raceChecks hold each operation at each of its calls to the store while each
// other runs wholly in another process.
func raceChecks() []Check {
	var checks []Check
	pair := func(held, whole op, set func(*world, actor) *scene) {
		checks = append(checks, Check{
			Group: "whatever overtakes " + held.name,
			Name:  "the answers and the state agree after " + whole.name,
			Run:   func(t T, env Env) { race(newWorld(t, env), held, whole, set) },
		})
	}
	for _, held := range lineOps() {
		for _, whole := range lineOps() {
			pair(held, whole, (*world).line)
		}
	}
	for i, held := range codeOps() {
		for j, whole := range codeOps() {
			if i == 0 || j == 0 { // the others met above
				pair(held, whole, (*world).waiting)
			}
		}
	}
	return checks
}

// race runs one pair, once for each place where the first can be held: before
// each of its calls, and after the last.
func race(w *world, held, whole op, set func(*world, actor) *scene) {
	server := w.server()
	for at, more := 1, true; more; at++ {
		sc := set(w, server)
		s := broken.Wrap(w.store)
		var second answer
		ran := false
		s.Hook(func(c broken.Call) {
			if !ran && !c.After && c.N == at {
				ran = true
				second = whole.run(sc, w.other)
			}
		})
		first := held.run(sc, s)
		if !ran { // at is past the last call: after it
			second = whole.run(sc, w.other)
			more = false
		}
		sc.explained([]op{held, whole}, first, second)
	}
}

// bornChecks hold an issue while a mass revocation runs, and the reverse.
func bornChecks() []Check {
	var checks []Check
	for _, end := range sharedOps()[1:5] {
		checks = append(checks,
			Check{"epochs end what was born before, and nothing newer", "a grant that is born while " + end.name + " runs wholly is dead",
				false, func(t T, env Env) { bornAround(newWorld(t, env), end) }},
			Check{"epochs end what was born before, and nothing newer", "a grant that is born wholly within " + end.name + " is dead, since the epoch is raised last",
				false, func(t T, env Env) { bornWithin(newWorld(t, env), end) }})
	}
	return checks
}

// bornAround: a birth whose client and epochs were read before the revocation
// is dead; one that read after it is as alive as its client.
func bornAround(w *world, end op) {
	server := w.server()
	for at := 1; at <= 3; at++ { // before the read, before the write, after the write
		sc := w.waiting(server)
		s := broken.Wrap(w.store)
		var ended answer
		run := func() { ended = end.run(sc, w.other) }
		s.Hook(func(c broken.Call) {
			if !c.After && c.N == at {
				run()
			}
		})
		t, err := w.birth(s, sc.app, sc.subject, false)
		if at == 3 {
			run()
		}
		w.must(ended.err, end.name)
		switch off := ended.changed || end.name == "deleting the client"; {
		case at == 1 && off && err == nil:
			w.Errorf("a client that is off authenticated")
		case at == 1 && !off:
			w.must(err, "issuing after "+end.name)
			w.alive(server, t.Access, "a grant that was born after "+end.name)
		case at > 1:
			w.must(err, "issuing beside "+end.name)
			w.dead(server, t.Access, fmt.Sprintf("a grant whose epochs were read before %s (held at %d)", end.name, at))
		}
	}
}

// bornWithin: wherever the revocation is held, a birth that runs wholly then
// is dead in the end: raising the epoch comes last.
func bornWithin(w *world, end op) {
	server := w.server()
	for at, more := 1, true; more; at++ {
		sc := w.waiting(server)
		s := broken.Wrap(w.store)
		var born []grant.Tokens
		more = false
		s.Hook(func(c broken.Call) {
			if !c.After && c.N == at {
				more = true
				if t, err := w.birth(w.other, sc.app, sc.subject, false); err == nil {
					born = append(born, t)
				}
			}
		})
		w.must(end.run(sc, s).err, end.name)
		for _, t := range born {
			w.dead(server, t.Access, fmt.Sprintf("a grant that was born before %s raised the epoch (held at %d)", end.name, at))
		}
	}
}
