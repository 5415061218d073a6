package processes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"rescind/internal/bench/seed"
)

// Storms is what Weather did.
type Storms struct {
	Storms  int              `json:"storms"`
	Grants  int              `json:"grants"`
	Right   int64            `json:"right_answers"`
	Judged  int64            `json:"right_answers_of_the_authorizer"` // among Right
	Outages int64            `json:"answers_503"`
	Retries int64            `json:"retries_that_succeeded_after_a_503"`
	Late    int64            `json:"retries_past_the_grace"` // of a refresh; they prove nothing
	Faults  map[string]int64 `json:"faults"`
	Seconds float64          `json:"seconds"`
}

const (
	// outageTime is how long nothing arrives at the end of each storm.
	outageTime = 300 * time.Millisecond
	// grace is within which a refresh token that was used may be sent again;
	// the product's is 30 s (RFC 6749 has none).
	grace = 25 * time.Second
)

// Weather makes storms on the network that lies between the world's processes
// and its engine, workers grants in each. In the storm every answer must be
// right or 503; after it, when the network is whole again, whatever had a 503
// must succeed once repeated.
func (w *World) Weather(ctx context.Context, n *Network, storms, workers int, progress io.Writer) (Storms, error) {
	began := time.Now()
	grants, err := seed.Fill(ctx, w.store, seed.Plan{Client: w.caller.ID, Grants: storms * workers})
	if err != nil {
		return Storms{}, err
	}
	done := Storms{Storms: storms, Grants: storms * workers}
	defer n.set(calm)
	for s := range storms {
		lives := make([]life, workers)
		for i := range lives {
			at := s*workers + i
			lives[i] = life{World: w, done: &done, access: grants.Access[at], refresh: grants.Refresh[at], end: i%2 == 0}
		}
		err = done.storm(ctx, n, lives)
		_, _ = fmt.Fprintf(progress, "\rstorms: %d of %d", s+1, storms)
		if err != nil {
			err = fmt.Errorf("storm %d: %w", s, err)
			break
		}
	}
	_, _ = fmt.Fprintln(progress)
	done.Faults, done.Seconds = n.Counts(), time.Since(began).Seconds()
	return done, err
}

func (s *Storms) storm(ctx context.Context, n *Network, lives []life) error {
	all := func(do func(*life, context.Context) error) error {
		return each(ctx, len(lives), len(lives), "", io.Discard, func(ctx context.Context, i int) error { return do(&lives[i], ctx) })
	}
	n.set(storm)
	if err := all((*life).inStorm); err != nil {
		return fmt.Errorf("in the storm: %w", err)
	}
	n.set(severed)
	if err := all((*life).inOutage); err != nil {
		return fmt.Errorf("while nothing arrived: %w", err)
	}
	time.Sleep(outageTime)
	n.set(calm)
	if err := all((*life).healed); err != nil {
		return fmt.Errorf("after it healed: %w", err)
	}
	return nil
}

// life is one grant's in one storm: those with end are revoked, the others
// refreshed.
type life struct {
	*World
	done            *Storms
	access, refresh string
	end             bool

	revoked  bool      // the revocation has had its 200
	unsure   bool      // it was asked for and had none
	dead     bool      // it was seen dead
	asked    time.Time // when the first refresh was sent
	answered bool      // the refresh has had its 200
}

// look asks the introspection about the access token, and the authorizer where
// there is one, and judges both answers. answered is how many of those asked had
// no outage.
func (l *life) look(ctx context.Context) (answered, asked int, err error) {
	active, ok, err := l.active(ctx, l.access)
	if err == nil {
		err = l.judge(active, ok, "introspection")
	}
	if ok {
		answered++
	}
	if err != nil || l.Authorizer == nil {
		return answered, 1, err
	}
	active, err = l.authorized(ctx, l.access)
	ok = !errors.Is(err, errUnchecked)
	if err == nil || !ok {
		err = l.judge(active, ok, "authorizer")
	}
	if ok {
		answered++
		atomic.AddInt64(&l.done.Judged, 1)
	}
	return answered, 2, err
}

// judge holds one answer against what is known, and learns from it. ok is false
// at an outage.
func (l *life) judge(active, ok bool, who string) error {
	switch {
	case !ok:
		atomic.AddInt64(&l.done.Outages, 1)
		return nil
	case active && l.revoked:
		return wrong("%s: active after the revocation's 200", who)
	case active && l.dead:
		return wrong("%s: active after it was seen dead", who)
	case !active && !l.revoked && !l.unsure:
		return wrong("%s: dead, though nobody revoked it", who)
	}
	l.dead = l.dead || !active
	atomic.AddInt64(&l.done.Right, 1)
	return nil
}

func (l *life) tryRevoke(ctx context.Context) error {
	l.unsure = true
	ok, err := l.revoke(ctx, l.access)
	if err != nil {
		return err
	}
	l.revoked = l.revoked || ok
	l.count(ok)
	return nil
}

func (l *life) tryRefresh(ctx context.Context) error {
	if l.asked.IsZero() {
		l.asked = time.Now()
	}
	a, err := l.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {l.refresh}})
	if err != nil {
		return err
	}
	ok := a.StatusCode == http.StatusOK && a.member("access_token") != ""
	if !ok && !a.outage() {
		return wrong("a refresh's status is %d, its body %s", a.StatusCode, redact(a.Body))
	}
	l.answered = l.answered || ok
	l.count(ok)
	return nil
}

func (l *life) count(ok bool) {
	if ok {
		atomic.AddInt64(&l.done.Right, 1)
	} else {
		atomic.AddInt64(&l.done.Outages, 1)
	}
}

func (l *life) inStorm(ctx context.Context) error {
	for range 2 {
		if _, _, err := l.look(ctx); err != nil {
			return err
		}
	}
	if !l.end {
		return l.tryRefresh(ctx)
	}
	if err := l.tryRevoke(ctx); err != nil {
		return err
	}
	for range 3 {
		if _, _, err := l.look(ctx); err != nil {
			return err
		}
	}
	return nil
}

// inOutage asks once: nobody can know, so only an outage is right.
func (l *life) inOutage(ctx context.Context) error {
	answered, _, err := l.look(ctx)
	if err == nil && answered > 0 {
		err = wrong("%d answers, though nobody could ask", answered)
	}
	return err
}

// healed repeats what had a 503, which must succeed at once.
func (l *life) healed(ctx context.Context) error {
	switch {
	case l.end && !l.revoked:
		if err := l.tryRevoke(ctx); err != nil {
			return err
		}
		if !l.revoked {
			return errors.New("the repeated revocation answers 503")
		}
		atomic.AddInt64(&l.done.Retries, 1)
	case !l.end && !l.answered && time.Since(l.asked) > grace:
		atomic.AddInt64(&l.done.Late, 1)
		return nil
	case !l.end && !l.answered:
		if err := l.tryRefresh(ctx); err != nil {
			return err
		}
		if !l.answered {
			return errors.New("the repeated refresh answers 503")
		}
		atomic.AddInt64(&l.done.Retries, 1)
	}
	answered, asked, err := l.look(ctx)
	if err == nil && answered < asked {
		err = errors.New("the introspection or the authorizer still has an outage")
	}
	if err == nil && l.end != l.dead {
		err = wrong("revoked is %t and dead is %t", l.end, l.dead)
	}
	return err
}
