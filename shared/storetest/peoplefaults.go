package storetest

import (
	"errors"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/session"
)

// peopleFaultChecks break the writes of people's rows, as faultChecks do those
// of grants: their callers too tell by the op whether an attempt landed.
func peopleFaultChecks() (all []Check) {
	for _, k := range []kept{accounts, consents} {
		all = append(all, group("however the store breaks under writing "+k.what,
			check("a write whose answer was lost, or that came twice, shows its op", func(w *world) {
				for _, mode := range []broken.Mode{broken.Lost, broken.Twice} {
					name, s := unique("name-"), broken.Wrap(w.store)
					for ver := range int64(3) {
						r := next(w, ver)
						s.Inject(broken.Fault{N: 1, Mode: mode})
						err := k.put(w, s, name, r, ver)
						s.Heal()
						if mode == broken.Twice {
							k.conflicts(w, err, &r, "a write that "+mode.String())
						} else if !errors.Is(err, broken.ErrInjected) {
							w.Errorf("a write that %s answers %v", mode, err)
						}
						k.stands(w, name, &r, "after a write that "+mode.String())
					}
				}
			}),
			check("a write that failed changed nothing and can be made again", func(w *world) {
				name, s := unique("name-"), broken.Wrap(w.store)
				var stored *keptRow
				for ver := range int64(3) {
					r := next(w, ver)
					s.FailCall(1)
					if err := k.put(w, s, name, r, ver); !errors.Is(err, broken.ErrInjected) {
						w.Errorf("the answer is %v", err)
					}
					k.stands(w, name, stored, "after a write that failed")
					s.Heal()
					w.must(k.put(w, s, name, r, ver), "writing again")
					stored = &r
					k.stands(w, name, stored, "after the second try")
				}
			}),
			check("a write that arrives after another on its version changes nothing", func(w *world) {
				for _, ver := range []int64{0, 1, 2} {
					name, s := unique("name-"), broken.Wrap(w.store)
					for before := range ver {
						k.written(w, name, before)
					}
					s.Inject(broken.Fault{N: 1, Mode: broken.Late})
					if err := k.put(w, s, name, next(w, ver), ver); !errors.Is(err, broken.ErrInjected) {
						w.Errorf("the answer is %v", err)
					}
					s.Heal()
					stored := k.written(w, name, ver)
					if n := s.Deliver(w.ctx); n != 1 {
						w.Fatalf("%d calls were delivered late", n)
					}
					k.stands(w, name, stored, "after a late write")
				}
			}),
			check("a write that is delivered again later takes nothing back", func(w *world) {
				for ver := range int64(3) {
					name, s := unique("name-"), broken.Wrap(w.store)
					for before := range ver {
						k.written(w, name, before)
					}
					s.Inject(broken.Fault{N: 1, Mode: broken.Again})
					w.must(k.put(w, s, name, next(w, ver), ver), "writing")
					stored := k.written(w, name, ver+1)
					if n := s.Deliver(w.ctx); n != 1 {
						w.Fatalf("%d calls were delivered again", n)
					}
					k.stands(w, name, stored, "after a write was delivered again")
				}
			}),
		)...)
	}
	return append(all, sessionFaultChecks()...)
}

func sessionFaultChecks() []Check {
	return group("however the store breaks under keeping sessions",
		check("a creation whose answer was lost, or that came twice, shows its op", func(w *world) {
			n, s := w.newSession(), broken.Wrap(w.store)
			s.Inject(broken.Fault{Verb: broken.CreateSession, N: 1, Mode: broken.Lost})
			if err := s.CreateSession(w.ctx, n); !errors.Is(err, broken.ErrInjected) {
				w.Errorf("the answer is %v", err)
			}
			w.sameSession(w.session(n.ID), n, "after a lost answer")
			twice := w.newSession()
			s.Reset()
			s.Inject(broken.Fault{Verb: broken.CreateSession, N: 1, Mode: broken.Twice})
			w.meets(s.CreateSession(w.ctx, twice), twice, "a creation that came twice")
		}),
		check("a creation that is delivered again after the end revives nothing", func(w *world) {
			n, s := w.newSession(), broken.Wrap(w.store)
			s.Inject(broken.Fault{Verb: broken.CreateSession, N: 1, Mode: broken.Again})
			w.must(s.CreateSession(w.ctx, n), "creating")
			n.Ended = w.clock.Now()
			w.must(w.other.EndSession(w.ctx, n.ID, n.Ended), "ending")
			if s.Deliver(w.ctx) != 1 {
				w.Fatalf("nothing was delivered again")
			}
			w.sameSession(w.session(n.ID), n, "after its creation was delivered again")
		}),
		check("use that arrives late revives nothing and moves nothing back", func(w *world) {
			for _, mode := range []broken.Mode{broken.Late, broken.Again} {
				n, s := w.signedIn(), broken.Wrap(w.store)
				s.Inject(broken.Fault{Verb: broken.TouchSession, N: 1, Mode: mode})
				_ = s.TouchSession(w.ctx, n.ID, n.IdleEnd.Add(time.Minute))
				n.IdleEnd = n.IdleEnd.Add(2 * time.Minute)
				w.must(w.other.TouchSession(w.ctx, n.ID, n.IdleEnd), "using")
				s.Deliver(w.ctx)
				w.sameSession(w.session(n.ID), n, "after use that "+mode.String())
				s.Inject(broken.Fault{Verb: broken.TouchSession, N: 1, Mode: broken.Late})
				if err := s.TouchSession(w.ctx, n.ID, n.AbsoluteEnd); !errors.Is(err, broken.ErrInjected) {
					w.Errorf("use that arrives late answers %v", err)
				}
				n.Ended = w.clock.Now()
				w.must(w.other.EndSession(w.ctx, n.ID, n.Ended), "ending")
				s.Deliver(w.ctx)
				w.sameSession(w.session(n.ID), n, "after use that arrived after the end")
			}
		}),
		check("an end whose answer was lost stands, and another does not move it", func(w *world) {
			for _, mode := range []broken.Mode{broken.Lost, broken.Twice, broken.Again} {
				n, s := w.signedIn(), broken.Wrap(w.store)
				n.Ended = w.clock.Now()
				s.Inject(broken.Fault{Verb: broken.EndSession, N: 1, Mode: mode})
				if err := s.EndSession(w.ctx, n.ID, n.Ended); (err != nil) != (mode == broken.Lost) {
					w.Errorf("an end that %s answers %v", mode, err)
				}
				w.must(s.EndSession(w.ctx, n.ID, n.Ended.Add(time.Minute)), "ending again")
				s.Deliver(w.ctx)
				w.sameSession(w.session(n.ID), n, "after an end that "+mode.String())
			}
		}),
		check("an end that failed is an outage, and has not ended it", func(w *world) {
			n, s := w.signedIn(), broken.Wrap(w.store)
			s.FailAll()
			var conflict *session.Conflict
			for _, err := range []error{s.EndSession(w.ctx, n.ID, w.clock.Now()), s.TouchSession(w.ctx, n.ID, n.AbsoluteEnd), s.CreateSession(w.ctx, n)} {
				if err == nil || errors.As(err, &conflict) {
					w.Errorf("with every call failing it answers %v", err)
				}
			}
			w.sameSession(w.session(n.ID), n, "after the outage")
		}),
	)
}
