package storetest

import (
	"context"
	"errors"
	"fmt"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/grant"
)

// faultChecks break each operation at each of its calls to the store, in each
// way that a call can break.
func faultChecks() []Check {
	var checks []Check
	add := func(ops []op, set func(*world, actor) *scene) {
		for _, o := range ops {
			for _, how := range []struct {
				name string
				run  func(f *faulty)
			}{
				{"is an outage when any one of its calls fails, and succeeds when tried again", (*faulty).fails},
				{"succeeds when its write landed and the answer was lost", (*faulty).lost},
				{"is an outage when nobody can tell whether its write landed, and succeeds when tried again", (*faulty).blind},
				{"does no harm when its write arrives after the retry", (*faulty).late},
				{"does no harm when its write arrives between the outage and the retry", (*faulty).between},
				{"succeeds when its write is delivered twice", (*faulty).twice},
				{"changes nothing more when its write is delivered again later", (*faulty).again},
			} {
				checks = append(checks, Check{Group: "however the store breaks under " + o.name, Name: "it " + how.name, Run: func(t T, env Env) {
					w := newWorld(t, env)
					how.run(&faulty{world: w, op: o, set: set, server: w.server()})
				}})
			}
		}
	}
	add(lineOps(), (*world).line)
	add(codeOps()[:1], (*world).waiting)
	return append(checks, birthFaultChecks()...)
}

// faulty runs one operation on a fresh scene for each call that can break.
type faulty struct {
	*world
	op     op
	set    func(*world, actor) *scene
	server actor
}

// each calls try for each call that the operation makes, or for each write.
// What was written before that call, in the same operation, is counted.
func (f *faulty) each(onlyWrites bool, try func(sc *scene, s *broken.Store, at, written int)) {
	f.Helper()
	calls := f.calls()
	written := 0
	for i, verb := range calls {
		if verb.Writes() || !onlyWrites {
			sc := f.set(f.world, f.server)
			try(sc, broken.Wrap(f.store), i+1, written)
		}
		if verb.Writes() {
			written++
		}
	}
}

// calls are those that the operation makes when nothing breaks.
func (f *faulty) calls() []broken.Verb {
	f.Helper()
	s := broken.Wrap(f.store)
	sc := f.set(f.world, f.server)
	sc.explained([]op{f.op}, f.op.run(sc, s))
	return s.Calls()
}

// outage checks that an answer is one, and where nothing was written that both
// rows are as they were.
func (f *faulty) outage(sc *scene, a answer, at, written int) {
	f.Helper()
	if a.definite() {
		f.Errorf("broken at call %d, %s answers %v, not an outage", at, f.op.name, a.err)
	}
	if written == 0 {
		f.sameGrant(f.grant(sc.id), sc.before, fmt.Sprintf("after an outage at call %d", at))
		f.sameClient(f.client(sc.app.id), sc.beforeClient, fmt.Sprintf("after an outage at call %d", at))
	}
}

// retry tries once more, as a caller would, and checks the end.
func (f *faulty) retry(sc *scene, s grant.Store) {
	f.Helper()
	sc.retried = true
	a := f.op.run(sc, s)
	sc.explained([]op{f.op}, a)
}

func (f *faulty) fails() {
	f.each(false, func(sc *scene, s *broken.Store, at, written int) {
		s.FailCall(at)
		f.outage(sc, f.op.run(sc, s), at, written)
		s.Heal()
		f.retry(sc, s)
	})
}

func (f *faulty) lost() {
	f.each(true, func(sc *scene, s *broken.Store, at, _ int) {
		s.Inject(broken.Fault{N: at, Mode: broken.Lost})
		sc.explained([]op{f.op}, f.op.run(sc, s))
	})
}

func (f *faulty) blind() {
	f.each(true, func(sc *scene, s *broken.Store, at, _ int) {
		s.Inject(broken.Fault{N: at, Mode: broken.Lost})
		s.Hook(func(c broken.Call) {
			if c.N == at && c.After {
				s.FailAll()
			}
		})
		f.outage(sc, f.op.run(sc, s), at, 1)
		s.Heal()
		f.retry(sc, s)
	})
}

func (f *faulty) late() {
	f.each(true, func(sc *scene, s *broken.Store, at, written int) {
		s.Inject(broken.Fault{N: at, Mode: broken.Late})
		f.outage(sc, f.op.run(sc, s), at, written)
		s.Heal()
		sc.retried = true
		a := f.op.run(sc, s) // it arrives within
		s.Deliver(f.ctx)     // or else now
		sc.explained([]op{f.op}, a)
	})
}

func (f *faulty) between() {
	f.each(true, func(sc *scene, s *broken.Store, at, written int) {
		s.Inject(broken.Fault{N: at, Mode: broken.Late})
		f.outage(sc, f.op.run(sc, s), at, written)
		s.Heal()
		s.Deliver(f.ctx)
		f.retry(sc, s)
	})
}

func (f *faulty) twice() {
	f.each(true, func(sc *scene, s *broken.Store, at, _ int) {
		s.Inject(broken.Fault{N: at, Mode: broken.Twice})
		sc.explained([]op{f.op}, f.op.run(sc, s))
	})
}

func (f *faulty) again() {
	f.each(true, func(sc *scene, s *broken.Store, at, _ int) {
		s.Inject(broken.Fault{N: at, Mode: broken.Again})
		a := f.op.run(sc, s)
		g, c, epoch := f.grant(sc.id), f.client(sc.app.id), f.subject(sc.subject)
		s.Deliver(f.ctx)
		f.sameGrant(f.grant(sc.id), g, "after a late second delivery")
		f.sameClient(f.client(sc.app.id), c, "after a late second delivery")
		if f.subject(sc.subject) != epoch {
			f.Errorf("a late second delivery changed the subject's epoch")
		}
		sc.explained([]op{f.op}, a)
	})
}

// birthFaultChecks are for what makes rows.
func birthFaultChecks() []Check {
	const births = "however the store breaks under what makes rows"
	checks := group(births,
		check("a grant whose answer was lost or that was delivered twice is issued", func(w *world) {
			app := w.app()
			for _, mode := range []broken.Mode{broken.Lost, broken.Twice, broken.Again} {
				s := broken.Wrap(w.store)
				s.Inject(broken.Fault{Verb: broken.Create, N: 1, Mode: mode})
				t, err := w.birth(s, app, unique("subject-"), true)
				w.must(err, "issuing what "+mode.String())
				w.alive(app, t.Access, "a grant that "+mode.String())
				_, err = w.rules.RevokeGrant(w.ctx, w.store, t.Grant, "test")
				w.must(err, "revoking")
				s.Deliver(w.ctx)
				w.dead(app, t.Access, "a revoked grant that "+mode.String())
			}
		}),
		check("a grant that nobody can tell of is an outage, for a code too", func(w *world) {
			app := w.app()
			for _, mode := range []broken.Mode{broken.Fails, broken.Late} {
				s := broken.Wrap(w.store)
				s.Inject(broken.Fault{Verb: broken.Create, N: 1, Mode: mode})
				if _, err := w.birth(s, app, unique("subject-"), true); !errors.Is(err, broken.ErrInjected) {
					w.Errorf("issuing what %s answers %v", mode, err)
				}
				s.Inject(broken.Fault{Verb: broken.Create, N: 1, Mode: mode})
				if _, err := w.issueCode(s, app, unique("subject-")); !errors.Is(err, broken.ErrInjected) {
					w.Errorf("issuing a code that %s answers %v", mode, err)
				}
			}
		}),
		check("a client whose answer was lost or that was delivered twice is registered", func(w *world) {
			for _, mode := range []broken.Mode{broken.Lost, broken.Twice} {
				s := broken.Wrap(w.store)
				s.Inject(broken.Fault{Verb: broken.CreateClient, N: 1, Mode: mode})
				c, text, err := w.manager(s).Create(w.ctx, unique("client-"), appPolicy())
				w.must(err, "registering what "+mode.String())
				w.authenticates(actor{c.ID, text}, true, "the secret of a client that "+mode.String())
			}
		}),
		check("a client that arrives late takes no id back, neither from a retry nor from a tombstone", func(w *world) {
			id := unique("client-")
			s := broken.Wrap(w.store)
			s.Inject(broken.Fault{Verb: broken.CreateClient, N: 1, Mode: broken.Late})
			if _, _, err := w.manager(s).Create(w.ctx, id, appPolicy()); err == nil || errors.Is(err, client.ErrExists) {
				w.Fatalf("registering answers %v", err)
			}
			s.Inject(broken.Fault{Verb: broken.CreateClient, N: 1, Mode: broken.Again}) // keeps both back
			_, text, err := w.manager(s).Create(w.ctx, id, appPolicy())
			w.must(err, "registering again")
			if n := s.Deliver(w.ctx); n != 2 {
				w.Fatalf("%d calls were delivered late", n)
			}
			w.authenticates(actor{id, text}, true, "the secret that the retry was told")
			s.Inject(broken.Fault{Verb: broken.CreateClient, N: 1, Mode: broken.Late})
			_, _, _ = w.manager(s).Create(w.ctx, id, appPolicy())
			_, err = w.manager(w.other).Delete(w.ctx, id)
			w.must(err, "deleting")
			s.Deliver(w.ctx)
			w.authenticates(actor{id, text}, false, "the secret of a deleted client")
		}),
		check("switching on works out whether it landed, and revives nothing", func(w *world) {
			for _, mode := range []broken.Mode{broken.Lost, broken.Twice, broken.Again} {
				for _, verb := range []broken.Verb{broken.RaiseClientEpoch, broken.UpdateClient} {
					app := w.app()
					older := w.issue(app, "", false)
					_, err := w.manager(w.store).Disable(w.ctx, app.id)
					w.must(err, "disabling")
					s := broken.Wrap(w.store)
					s.Inject(broken.Fault{Verb: verb, N: 1, Mode: mode})
					_, err = w.manager(s).Enable(w.ctx, app.id)
					w.must(err, "enabling")
					newer := w.issue(app, "", false)
					s.Deliver(w.ctx)
					w.alive(app, newer.Access, "a newer token")
					w.dead(app, older.Access, "an older token")
				}
			}
		}),
	)
	for _, o := range append(lineOps()[:6], codeOps()[0]) {
		checks = append(checks, Check{Group: "however the caller goes away", Name: o.name + " runs on once its write began",
			Run: func(t T, env Env) { callerGone(newWorld(t, env), o) }})
	}
	return checks
}

// callerGone cancels the request as its write begins.
func callerGone(w *world, o op) {
	set := (*world).line
	if o.name == codeOps()[0].name {
		set = (*world).waiting
	}
	sc := set(w, w.server())
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	s := broken.Wrap(w.store)
	s.Hook(func(c broken.Call) {
		if c.Verb.Writes() && !c.After {
			cancel()
		}
	})
	gone, there := *sc, *sc.world
	there.ctx, gone.world = ctx, &there
	a := o.run(&gone, s)
	sc.explained([]op{o}, a)
}
