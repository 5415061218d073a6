package storetest

import (
	"errors"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/client"
	"rescind/shared/grant"
)

func epochChecks() []Check {
	return group("raising an epoch",
		check("a subject's ends all grants of that subject, and no other's", func(w *world) {
			app, server, subject, neighbour := w.app(), w.server(), unique("subject-"), unique("subject-")
			first, second, other := w.issue(app, subject, true), w.issue(app, subject, false), w.issue(app, neighbour, true)
			epoch, err := w.rules.RevokeSubject(w.ctx, w.store, subject)
			w.must(err, "revoking the subject")
			w.dead(server, first.Access, "the subject's first grant")
			w.dead(app, first.Refresh, "the subject's refresh token")
			w.dead(server, second.Access, "the subject's second grant")
			w.alive(server, other.Access, "another subject's grant")
			w.alive(server, w.issue(app, subject, true).Access, "a grant of the subject that is newer")
			if epoch < w.clock.Now().UnixMilli() || w.subject(subject) != epoch || w.subject(neighbour) != 0 {
				w.Errorf("the epoch that was told is not the one that is kept")
			}
		}),
		check("a client's ends all grants of that client, and no other's", func(w *world) {
			app, another, server, subject := w.app(), w.app(), w.server(), unique("subject-")
			first, own, other := w.issue(app, subject, true), w.issue(app, "", false), w.issue(another, subject, true)
			before := w.client(app.id)
			c, err := w.manager(w.store).RaiseEpoch(w.ctx, app.id)
			w.must(err, "revoking the client")
			w.dead(server, first.Access, "the client's grant of a subject")
			w.dead(server, own.Access, "the client's own grant")
			w.alive(server, other.Access, "another client's grant")
			w.alive(server, w.issue(app, subject, true).Access, "a grant of the client that is newer")
			before.Epoch = c.Epoch
			w.sameClient(w.client(app.id), before, "beside its epoch")
		}),
		check("it rises also while a clock stands still or runs back", func(w *world) {
			subject, app := unique("subject-"), w.app()
			last, lastClient := int64(0), w.client(app.id).Epoch
			for range 3 {
				w.clock.Advance(-time.Hour)
				epoch, err := w.rules.RevokeSubject(w.ctx, w.store, subject)
				w.must(err, "revoking the subject")
				c, err := w.manager(w.store).RaiseEpoch(w.ctx, app.id)
				w.must(err, "revoking the client")
				if epoch <= last || c.Epoch <= lastClient || w.subject(subject) != epoch || w.client(app.id).Epoch != c.Epoch {
					w.Errorf("an epoch did not rise: %d then %d, %d then %d", last, epoch, lastClient, c.Epoch)
				}
				last, lastClient = epoch, c.Epoch
			}
		}),
		check("it is never lowered, whoever asks", func(w *world) {
			subject, app := unique("subject-"), w.app()
			epoch, err := w.rules.RevokeSubject(w.ctx, w.store, subject)
			w.must(err, "revoking the subject")
			start := w.client(app.id).Epoch
			w.must(w.store.RaiseClientEpoch(w.ctx, app.id, start, start+10), "raising")
			for _, from := range []int64{0, epoch - 1, epoch + 1} {
				if raised, err := w.store.RaiseSubjectEpoch(w.ctx, subject, from, from+1); err != nil || raised {
					w.Errorf("a raise from %d of %d answers %t, %v", from, epoch, raised, err)
				}
			}
			for _, from := range []int64{0, start, start + 9, start + 11} {
				var conflict *client.Conflict
				if err := w.store.RaiseClientEpoch(w.ctx, app.id, from, from+1); !errors.As(err, &conflict) || conflict.Stored == nil {
					w.Errorf("a raise from another epoch answers %v, not a conflict with what is stored", err)
				}
			}
			if w.subject(subject) != epoch || w.client(app.id).Epoch != start+10 {
				w.Errorf("an epoch was changed by a raise from another")
			}
		}),
		check("a subject's that arrives a second time does not end what was born between", func(w *world) {
			late(w, broken.RaiseSubjectEpoch, func(sc *scene, s grant.Store) error {
				_, err := sc.rules.RevokeSubject(sc.ctx, s, sc.subject)
				return err
			})
		}),
		check("a client's that arrives a second time does not end what was born between", func(w *world) {
			late(w, broken.RaiseClientEpoch, func(sc *scene, s grant.Store) error {
				_, err := sc.manager(s).RaiseEpoch(sc.ctx, sc.app.id)
				return err
			})
		}),
		check("naming no subject is an error, for a client's own grants have none", func(w *world) {
			if _, err := w.rules.RevokeSubject(w.ctx, w.store, ""); err == nil {
				w.Errorf("revoking no subject succeeded")
			}
		}),
	)
}

// late raises an epoch, once with the answer lost below the rules and once so
// that it is delivered again after the next birth.
func late(w *world, verb broken.Verb, raise func(*scene, grant.Store) error) {
	server := w.server()
	for _, mode := range []broken.Mode{broken.Again, broken.Twice, broken.Lost} {
		sc := w.waiting(server)
		older := w.issue(sc.app, sc.subject, true)
		s := broken.Wrap(w.store)
		s.Inject(broken.Fault{Verb: verb, N: 1, Mode: mode})
		w.must(raise(sc, s), "raising an epoch that "+mode.String())
		w.clock.Advance(time.Minute)
		newer := w.issue(sc.app, sc.subject, true)
		if n := s.Deliver(w.ctx); (n == 1) != (mode == broken.Again) {
			w.Fatalf("%d calls were delivered late", n)
		}
		w.dead(server, older.Access, "what was born before an epoch that "+mode.String())
		w.alive(server, newer.Access, "what was born after an epoch that "+mode.String())
		w.alive(sc.app, newer.Refresh, "what was born after an epoch that "+mode.String())
	}
}

func (w *world) subject(subject string) int64 {
	w.Helper()
	rows, err := w.other.Find(w.ctx, grant.Keys{Subjects: []string{subject}})
	w.must(err, "reading the subject")
	return rows.Subjects[0]
}

func generationChecks() []Check {
	checks := group("raising the store's generation",
		check("it ends every grant that was born before, and none after, in every process", func(w *world) {
			app, server := w.app(), w.server()
			older := w.issue(app, unique("subject-"), true)
			now, err := w.store.Generation(w.ctx)
			w.must(err, "reading the generation")
			w.must(w.store.RaiseGeneration(w.ctx, now+1), "raising the generation")
			w.dead(server, older.Access, "a grant from before")
			_, err = w.refresh(w.other, app, older.Refresh)
			w.refusedAs(err, grant.DeadRestored)
			newer := w.issue(app, unique("subject-"), true)
			w.alive(server, newer.Access, "a grant from after")
			w.must(w.other.RaiseGeneration(w.ctx, now+1), "raising it again")
			w.alive(server, newer.Access, "a grant from after, once it was raised again,")
			w.must(w.other.RaiseGeneration(w.ctx, now), "lowering it")
			if kept, err := w.store.Generation(w.ctx); err != nil || kept != now+1 {
				w.Errorf("the generation is %d, %v, not %d", kept, err, now+1)
			}
			rows, err := w.store.Find(w.ctx, grant.Keys{Clients: []string{app.id}})
			if err != nil || rows.Generation != now+1 {
				w.Errorf("Find tells generation %d, %v, not %d", rows.Generation, err, now+1)
			}
			w.dead(server, older.Access, "a grant from before, after all that,")
		}))
	for i := range checks {
		checks[i].Alone = true
	}
	return checks
}
