package processes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"rescind/internal/bench/seed"
)

// Rounds is what NoStaleAnswer did.
type Rounds struct {
	Rounds     int     `json:"rounds"`
	Answers    int64   `json:"answers_after_a_200"` // introspections and refreshes
	Authorized int64   `json:"authorizer_answers_after_a_200"`
	Seconds    float64 `json:"seconds"`
}

// NoStaleAnswer does n rounds, workers at a time: a token is shown to be alive,
// revoked through the revocation function's process, and must be dead in every
// other process from its 200 on. It ends at the first that is not, or at any
// other answer that is not expected where nothing is broken. The rounds take
// turns: a token from the token endpoint; a grant ended by its refresh token; a
// grant refreshed, and ended by its new access token.
func (w *World) NoStaleAnswer(ctx context.Context, n, workers int, progress io.Writer) (Rounds, error) {
	began := time.Now()
	grants, err := seed.Fill(ctx, w.store, seed.Plan{Client: w.caller.ID, Grants: n, Progress: progress})
	if err != nil {
		return Rounds{}, err
	}
	var done Rounds
	err = each(ctx, n, workers, "rounds", progress, func(ctx context.Context, i int) error {
		r := round{World: w, done: &done}
		if err := r.run(ctx, i%3, grants.Access[i], grants.Refresh[i]); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
		return nil
	})
	done.Rounds, done.Seconds = n, time.Since(began).Seconds()
	return done, err
}

// round is one token's life.
type round struct {
	*World
	done *Rounds
}

func (r round) run(ctx context.Context, kind int, access, refresh string) error {
	revoked, also := access, refresh
	switch kind {
	case 0:
		a, err := r.grant(ctx, url.Values{"grant_type": {"client_credentials"}, "scope": {"read"}})
		if err != nil {
			return err
		}
		if revoked, also = a.member("access_token"), ""; revoked == "" {
			return wrong("an issue's status is %d, its body %s", a.StatusCode, redact(a.Body))
		}
	case 1:
		revoked, also = refresh, access
	case 2:
		a, err := r.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
		if err != nil {
			return err
		}
		if revoked, also = a.member("access_token"), a.member("refresh_token"); revoked == "" || also == "" {
			return wrong("a refresh's status is %d, its body %s", a.StatusCode, redact(a.Body))
		}
	}
	if err := r.expect(ctx, true, revoked, also); err != nil {
		return fmt.Errorf("before the revocation: %w", err)
	}
	if ok, err := r.revoke(ctx, revoked); err != nil || !ok {
		return errors.Join(err, errors.New("the revocation did not answer 200"))
	}
	if err := r.expect(ctx, false, revoked, also); err != nil {
		return fmt.Errorf("after the revocation's 200: %w", err)
	}
	if kind > 0 {
		return r.refused(ctx, refresh)
	}
	return nil
}

// expect asks the introspection for each token, and the authorizer for those
// that are access tokens.
func (r round) expect(ctx context.Context, alive bool, tokens ...string) error {
	for _, token := range tokens {
		if token == "" {
			continue
		}
		active, ok, err := r.active(ctx, token)
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("the introspection answers 503")
		}
		if active != alive {
			return wrong("the introspection says active: %t", active)
		}
		if !alive {
			atomic.AddInt64(&r.done.Answers, 1)
		}
		if err := r.expectAuthorizer(ctx, alive, token); err != nil {
			return err
		}
	}
	return nil
}

func (r round) expectAuthorizer(ctx context.Context, alive bool, token string) error {
	if r.Authorizer == nil || !isAccess(token) {
		return nil
	}
	authorized, err := r.authorized(ctx, token)
	if err != nil {
		return err
	}
	if authorized != alive {
		return wrong("the authorizer says isAuthorized: %t", authorized)
	}
	if !alive {
		atomic.AddInt64(&r.done.Authorized, 1)
	}
	return nil
}

func isAccess(token string) bool { return len(token) > 7 && token[:7] == "rsc_at_" }

// refused asks for new tokens with a dead grant's refresh token.
func (r round) refused(ctx context.Context, refresh string) error {
	a, err := r.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	if err == nil && (a.StatusCode != http.StatusBadRequest || a.member("error") != "invalid_grant") {
		err = wrong("a refresh after the revocation's 200 has the status %d", a.StatusCode)
	}
	atomic.AddInt64(&r.done.Answers, 1)
	return err
}

// each calls do for 0 to n-1, workers at a time, until one fails, and tells
// progress every second.
func each(ctx context.Context, n, workers int, what string, progress io.Writer, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next, done atomic.Int64
	var all sync.WaitGroup
	for range min(workers, n) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
				done.Add(1)
			}
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			_, _ = fmt.Fprintf(progress, "\r%s: %d of %d\n", what, done.Load(), n)
			return context.Cause(ctx)
		case <-tick.C:
			_, _ = fmt.Fprintf(progress, "\r%s: %d of %d", what, done.Load(), n)
		}
	}
}
