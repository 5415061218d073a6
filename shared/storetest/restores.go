package storetest

import (
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/grant"
)

func restoreChecks() []Check {
	return group("restoring a subject's epoch",
		check("it makes the row where there is none, and ends what was born before", func(w *world) {
			app, server, subject, neighbour := w.app(), w.server(), unique("subject-"), unique("subject-")
			older, other := w.issue(app, subject, true), w.issue(app, neighbour, true)
			to := w.clock.Now().UnixMilli()
			w.must(w.store.RestoreSubjectEpoch(w.ctx, grant.KeyOf(subject), to), "restoring")
			if w.subject(subject) != to || w.subject(neighbour) != 0 {
				w.Errorf("the epochs are %d and %d, not %d and 0", w.subject(subject), w.subject(neighbour), to)
			}
			w.dead(server, older.Access, "the subject's grant")
			w.dead(app, older.Refresh, "the subject's refresh token")
			w.alive(server, other.Access, "another subject's grant")
			w.alive(server, w.issue(app, subject, true).Access, "a grant of the subject that is newer")
		}),
		check("it raises what is less, and never lowers", func(w *world) {
			subject := unique("subject-")
			epoch, err := w.rules.RevokeSubject(w.ctx, w.store, subject)
			w.must(err, "revoking the subject")
			for _, r := range []struct{ to, want int64 }{{0, epoch}, {1, epoch}, {epoch - 1, epoch}, {epoch, epoch}, {epoch + 9, epoch + 9}, {epoch + 1, epoch + 9}} {
				w.must(w.store.RestoreSubjectEpoch(w.ctx, grant.KeyOf(subject), r.to), "restoring")
				if got := w.subject(subject); got != r.want {
					w.Errorf("restored to %d, the epoch is %d, not %d", r.to, got, r.want)
				}
			}
			if next, err := w.rules.RevokeSubject(w.ctx, w.other, subject); err != nil || next <= epoch+9 || w.subject(subject) != next {
				w.Errorf("the next revocation raises it to %d, %v", next, err)
			}
		}),
		check("an epoch that could not be raised any more is refused", func(w *world) {
			subject := unique("subject-")
			for _, to := range []int64{-1, math.MinInt64, math.MaxInt64} {
				if err := w.store.RestoreSubjectEpoch(w.ctx, grant.KeyOf(subject), to); err == nil {
					w.Errorf("restoring to %d succeeded", to)
				}
			}
			if w.subject(subject) != 0 {
				w.Errorf("what was refused was written")
			}
		}),
		check("one that arrives a second time does not end what was born between", func(w *world) {
			late(w, broken.RestoreSubjectEpoch, func(sc *scene, s grant.Store) error {
				err := s.RestoreSubjectEpoch(sc.ctx, grant.KeyOf(sc.subject), sc.clock.Now().UnixMilli())
				if err != nil { // as a journal's replay does that is run again
					err = s.RestoreSubjectEpoch(sc.ctx, grant.KeyOf(sc.subject), sc.clock.Now().UnixMilli())
				}
				return err
			})
		}),
		check("among many that restore and raise at once it only ever rises", restoredAmongMany),
	)
}

// restoredAmongMany has each that succeeded read at least what it was told.
func restoredAmongMany(w *world) {
	app, subject := w.app(), unique("subject-")
	older := w.issue(app, subject, false)
	var most atomic.Int64
	now := w.clock.Now().UnixMilli()
	for _, err := range crowd(w, 60, func(i int, s Store) error {
		told := now + rand.Int64N(1000) - 500
		var err error
		if i%3 == 0 {
			told, err = w.rules.RevokeSubject(w.ctx, s, subject)
		} else {
			err = s.RestoreSubjectEpoch(w.ctx, grant.KeyOf(subject), told)
		}
		if err != nil {
			return err
		}
		for old := most.Load(); old < told && !most.CompareAndSwap(old, told); old = most.Load() {
			continue
		}
		least := most.Load() // of all that were answered by now
		if rows, err := s.Find(w.ctx, grant.Keys{Subjects: []string{subject}}); err != nil || rows.Subjects[0] < least {
			w.Errorf("after an answer of %d the epoch is less: %v", least, err)
		}
		return nil
	}) {
		w.must(err, "raising and restoring")
	}
	if got := w.subject(subject); got != most.Load() {
		w.Errorf("the epoch is %d in the end, and the greatest told was %d", got, most.Load())
	}
	w.dead(app, older.Access, "an older grant")
	w.clock.Advance(time.Minute)
	w.alive(app, w.issue(app, subject, false).Access, "a newer grant")
}
