package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
)

// crowd runs n at once, every second one in the other process, and gives
// what they answer.
func crowd[A any](w *world, n int, run func(i int, s Store) A) []A {
	answers := make([]A, n)
	var all sync.WaitGroup
	for i := range n {
		s := w.store
		if i%2 == 1 {
			s = w.other
		}
		all.Go(func() { answers[i] = run(i, s) })
	}
	all.Wait()
	return answers
}

// patiently tries again what lost every race, as its caller would.
func patiently[A any](run func() (A, error)) (a A, err error) {
	for range 200 {
		if a, err = run(); !errors.Is(err, grant.ErrContended) && !errors.Is(err, client.ErrContended) {
			break
		}
	}
	return a, err
}

func crowdChecks() []Check {
	return group("many at once",
		check("of 200 that refresh within the grace all get the same two tokens", func(w *world) {
			app := w.app()
			first := w.issue(app, unique("subject-"), true)
			answers := crowd(w, 200, func(_ int, s Store) answer { return issued(w.refresh(s, app, first.Refresh)) })
			fresh := 0
			for _, a := range answers {
				if a.err != nil {
					w.Fatalf("a refresh within the grace answers %v", a.err)
				}
				if !sameTokens(*a.tokens, *answers[0].tokens) {
					w.Errorf("two refreshes within the grace got different tokens")
				}
				if !a.tokens.Replayed {
					fresh++
				}
			}
			if g := w.grant(first.Grant); fresh != 1 || g.Rotation != 1 || g.Issued != 2 {
				w.Errorf("%d rotated; the grant counts %d rotations and %d access tokens", fresh, g.Rotation, g.Issued)
			}
			w.alive(app, answers[0].tokens.Access, "the access token")
		}),
		check("with no grace exactly one refresh wins and the grant ends", func(w *world) {
			w.rules.Grace = 0
			app, server := w.app(), w.server()
			first := w.issue(app, unique("subject-"), true)
			w.oneWins(server, crowd(w, 50, func(_ int, s Store) answer { return issued(w.refresh(s, app, first.Refresh)) }))
		}),
		check("of 50 redemptions exactly one wins and the grant ends", func(w *world) {
			sc := w.waiting(w.server())
			w.oneWins(sc.server, crowd(w, 50, func(_ int, s Store) answer { return issued(w.redeem(s, sc.app, sc.code)) }))
		}),
		check("once a revocation is answered nothing sees the token again, whatever runs beside it", revokedOnce),
		check("no change of a client is lost", func(w *world) {
			app := w.app(func(p *client.Policy) { p.Audience = nil })
			const n = 24
			for _, err := range crowd(w, n, func(i int, s Store) error {
				_, err := patiently(func() (*client.Client, error) {
					return w.manager(s).Update(w.ctx, app.id, func(p *client.Policy) error {
						p.Audience = append(p.Audience, fmt.Sprintf("https://%d.example", i))
						return nil
					})
				})
				return err
			}) {
				w.must(err, "changing the client")
			}
			if c := w.client(app.id); len(c.Policy.Audience) != n || c.Version != n+1 {
				w.Errorf("%d of %d changes are there, at version %d", len(c.Policy.Audience), n, c.Version)
			}
		}),
		check("seven that keep their refresh token get seven access tokens, all alive", func(w *world) {
			app := w.app(func(p *client.Policy) { p.RefreshRotation = client.RotateNever })
			first := w.issue(app, unique("subject-"), true)
			for _, a := range crowd(w, grant.Slots-1, func(_ int, s Store) answer {
				return issued(patiently(func() (grant.Tokens, error) { return w.refresh(s, app, first.Refresh) }))
			}) {
				w.must(a.err, "refreshing")
				w.alive(app, a.tokens.Access, "one of the access tokens")
			}
			w.alive(app, first.Access, "the first access token")
		}),
		check("all that revoke one subject succeed, and its epoch rose for each that says so", func(w *world) {
			app, subject := w.app(), unique("subject-")
			older := w.issue(app, subject, false)
			type raised struct {
				epoch int64
				err   error
			}
			for _, r := range crowd(w, 20, func(_ int, s Store) raised {
				epoch, err := w.rules.RevokeSubject(w.ctx, s, subject)
				return raised{epoch, err}
			}) {
				w.must(r.err, "revoking the subject")
				if r.epoch > w.subject(subject) {
					w.Errorf("the epoch that was told, %d, is not kept", r.epoch)
				}
			}
			w.dead(app, older.Access, "an older grant")
			w.alive(app, w.issue(app, subject, false).Access, "a newer grant")
		}),
		check("of those that register one id exactly one wins, with its own secret", func(w *world) {
			id := unique("client-")
			won := 0
			type made struct {
				actor
				err error
			}
			for _, m := range crowd(w, 20, func(_ int, s Store) made {
				_, text, err := w.manager(s).Create(w.ctx, id, appPolicy())
				return made{actor{id, text}, err}
			}) {
				if m.err == nil {
					won++
					w.authenticates(m.actor, true, "the winner's secret")
				} else if !errors.Is(m.err, client.ErrExists) {
					w.Errorf("a loser is answered %v", m.err)
				}
			}
			if won != 1 {
				w.Errorf("%d won", won)
			}
		}),
	)
}

// oneWins: one got tokens, all others were refused, and the grant is ended.
func (w *world) oneWins(server actor, answers []answer) {
	w.Helper()
	var won *grant.Tokens
	for _, a := range answers {
		switch {
		case a.err == nil && won != nil:
			w.Errorf("a second one won")
		case a.err == nil:
			won = a.tokens
		case !a.definite():
			w.Errorf("a loser is answered %v", a.err)
		}
	}
	if won == nil {
		w.Fatalf("nobody won")
	}
	w.dead(server, won.Access, "the winner's access token")
	if w.grant(won.Grant).Revoked.At.IsZero() {
		w.Errorf("the grant was not ended")
	}
}

// revokedOnce refreshes and introspects in both processes until some time
// after the revocation was answered.
func revokedOnce(w *world) {
	sc := w.line(w.server())
	var answered atomic.Bool
	stop := time.Now().Add(10 * time.Second)
	type round struct {
		tokens []grant.Tokens
		err    error
	}
	rounds := crowd(w, 7, func(i int, s Store) (r round) {
		last := sc.latest
		for beyond := 0; beyond < 3 && time.Now().Before(stop); {
			after := answered.Load() // before anything is read
			if after {
				beyond++
			}
			switch {
			case i == 0 && !after:
				time.Sleep(20 * time.Millisecond)
				if _, r.err = w.revoke(s, sc.app, sc.latest.Refresh); r.err != nil {
					return r
				}
				answered.Store(true)
			case i == 2: // one line only: a straggler's old token would end the grant too soon
				t, err := w.refresh(s, sc.app, last.Refresh)
				if err == nil && after {
					r.err = errors.New("a refresh succeeded after the revocation was answered")
					return r
				}
				if err == nil {
					last = t
					r.tokens = append(r.tokens, t)
				}
			default:
				got, err := w.introspect(s, sc.server, sc.latest.Access)
				if err != nil || got.Active && after {
					r.err = fmt.Errorf("an introspection answers active=%t, %v; revoked: %t", got.Active, err, after)
					return r
				}
			}
		}
		return r
	})
	var answers []answer
	for _, r := range rounds {
		w.must(r.err, "refreshing, introspecting and revoking at once")
		for _, t := range r.tokens {
			answers = append(answers, answer{tokens: &t})
		}
	}
	if len(answers) > 60 {
		answers = answers[len(answers)-60:] // the newest tell most
	}
	sc.allDead(answers)
}
