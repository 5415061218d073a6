package storetest

import (
	"errors"
	"time"

	"rescind/shared/secret"
	"rescind/shared/session"
)

// signedIn makes a session of an hour, of which five minutes without use.
func (w *world) signedIn() *session.Session {
	w.Helper()
	n := w.newSession()
	w.must(w.store.CreateSession(w.ctx, n), "creating a session")
	return n
}

func (w *world) newSession() *session.Session {
	w.Helper()
	now, op := w.clock.Now(), newOp(w)
	return &session.Session{ID: secret.NewText(unique("cookie-")).Digest(), Account: keyOf(unique("account-")), Subject: unique("subject-"), Label: "ana@example.com",
		Epochs: session.Epochs{Subject: 3, Store: 7}, AuthTime: now, Born: now, IdleEnd: now.Add(5 * time.Minute), AbsoluteEnd: now.Add(time.Hour),
		ExpiresAt: now.Add(2 * time.Hour).Truncate(time.Second), Op: op}
}

// session reads through the other process.
func (w *world) session(id secret.Digest) *session.Session {
	w.Helper()
	n, err := w.other.FindSession(w.ctx, id)
	w.must(err, "reading a session")
	return n
}

func (w *world) sameSession(got, want *session.Session, what string) {
	w.Helper()
	w.same("session", got, want, what)
}

// meets checks that an error is a conflict with this session.
func (w *world) meets(err error, stored *session.Session, what string) {
	w.Helper()
	conflict := (*session.Conflict)(nil)
	if !errors.As(err, &conflict) {
		w.Errorf("%s answers %v, not a conflict", what, err)
		return
	}
	w.sameSession(conflict.Stored, stored, "in the conflict of "+what)
}

func sessionChecks() []Check {
	return group("keeping sessions",
		check("a session is there for every process, and one that nobody made is not", func(w *world) {
			n := w.signedIn()
			w.sameSession(w.session(n.ID), n, "as it was made")
			if w.session(secret.NewText(unique("cookie-")).Digest()) != nil || w.session(secret.Digest{}) != nil {
				w.Errorf("there is a session that nobody made")
			}
		}),
		check("a second one with its id is a conflict with the first, an ended one too", func(w *world) {
			n := w.signedIn()
			second := *n
			second.Subject, second.Op = unique("subject-"), newOp(w)
			w.meets(w.other.CreateSession(w.ctx, &second), n, "a second creation")
			w.must(w.store.EndSession(w.ctx, n.ID, w.clock.Now()), "ending")
			n.Ended = w.clock.Now()
			w.meets(w.other.CreateSession(w.ctx, &second), n, "a creation after the end")
			w.sameSession(w.session(n.ID), n, "after others with its id")
		}),
		check("use moves the idle end on and nothing else, and never back", func(w *world) {
			n := w.signedIn()
			n.IdleEnd = n.IdleEnd.Add(time.Minute)
			w.must(w.store.TouchSession(w.ctx, n.ID, n.IdleEnd), "touching")
			w.sameSession(w.session(n.ID), n, "after its use")
			for _, earlier := range []time.Duration{0, time.Millisecond, time.Minute, 24 * time.Hour} {
				w.meets(w.other.TouchSession(w.ctx, n.ID, n.IdleEnd.Add(-earlier)), n, "an idle end that is no later")
			}
			w.sameSession(w.session(n.ID), n, "after what moves it back")
		}),
		check("an end stands, the first with its time, and use revives nothing", func(w *world) {
			n := w.signedIn()
			n.Ended = w.clock.Now()
			w.must(w.store.EndSession(w.ctx, n.ID, n.Ended), "ending")
			w.sameSession(w.session(n.ID), n, "after its end")
			for _, at := range []time.Duration{-time.Hour, time.Hour} {
				w.must(w.other.EndSession(w.ctx, n.ID, n.Ended.Add(at)), "ending it again")
			}
			w.meets(w.other.TouchSession(w.ctx, n.ID, n.IdleEnd.Add(time.Hour)), n, "use after the end")
			w.sameSession(w.session(n.ID), n, "after another end and use")
		}),
		check("using or ending one that is not there makes none", func(w *world) {
			id := secret.NewText(unique("cookie-")).Digest()
			w.must(w.store.EndSession(w.ctx, id, w.clock.Now()), "ending what is not there")
			w.meets(w.store.TouchSession(w.ctx, id, w.clock.Now()), nil, "using what is not there")
			if w.session(id) != nil {
				w.Errorf("there is a session that nobody made")
			}
		}),
		check("an end without its time is refused and no conflict", func(w *world) {
			n := w.signedIn()
			for what, err := range map[string]error{"ending": w.store.EndSession(w.ctx, n.ID, time.Time{}), "using": w.store.TouchSession(w.ctx, n.ID, time.Time{})} {
				if conflict := (*session.Conflict)(nil); err == nil || errors.As(err, &conflict) {
					w.Errorf("%s at no time answers %v", what, err)
				}
			}
			w.sameSession(w.session(n.ID), n, "after ends without a time")
		}),
		check("one without an idle end is given none by its use", func(w *world) {
			n := w.newSession()
			n.IdleEnd = time.Time{}
			w.must(w.store.CreateSession(w.ctx, n), "creating a session")
			w.meets(w.store.TouchSession(w.ctx, n.ID, w.clock.Now()), n, "use")
			w.sameSession(w.session(n.ID), n, "after its use")
		}),
		check("of those that make one id exactly one wins", func(w *world) {
			n := w.newSession()
			made := make([]session.Session, 20)
			for i := range made {
				made[i] = *n
				made[i].Op = newOp(w)
			}
			var winner *session.Session
			for i, err := range crowd(w, len(made), func(i int, s Store) error { return s.CreateSession(w.ctx, &made[i]) }) {
				switch conflict := (*session.Conflict)(nil); {
				case err == nil && winner == nil:
					winner = &made[i]
				case err == nil:
					w.Errorf("two won")
				case !errors.As(err, &conflict):
					w.Errorf("a loser is answered %v", err)
				}
			}
			w.sameSession(w.session(n.ID), winner, "after the race")
		}),
		check("among many that use it the latest idle end stands", func(w *world) {
			n := w.signedIn()
			for _, err := range crowd(w, 20, func(i int, s Store) error {
				return s.TouchSession(w.ctx, n.ID, n.IdleEnd.Add(time.Duration(1+(i*7)%20)*time.Second))
			}) {
				if conflict := (*session.Conflict)(nil); err != nil && !errors.As(err, &conflict) {
					w.Errorf("a loser is answered %v", err)
				}
			}
			n.IdleEnd = n.IdleEnd.Add(20 * time.Second)
			w.sameSession(w.session(n.ID), n, "after much use")
		}),
		check("whoever ends it beside many that use it has ended it", func(w *world) {
			n := w.signedIn()
			for _, err := range crowd(w, 20, func(i int, s Store) error {
				if i%4 == 0 {
					return s.EndSession(w.ctx, n.ID, w.clock.Now().Add(time.Duration(i)*time.Second))
				}
				err := s.TouchSession(w.ctx, n.ID, n.IdleEnd.Add(time.Duration(i)*time.Second))
				if conflict := (*session.Conflict)(nil); errors.As(err, &conflict) {
					return nil
				}
				return err
			}) {
				w.must(err, "using or ending")
			}
			if got := w.session(n.ID); got == nil || got.Ended.IsZero() {
				w.Errorf("the session has not ended")
			}
			if err := w.other.TouchSession(w.ctx, n.ID, n.AbsoluteEnd); err == nil {
				w.Errorf("it can be used after its end")
			}
		}),
	)
}
