package broken

import (
	"context"
	"sync"

	"rescind/shared/authorization"
	"rescind/shared/grant"
	"rescind/shared/session"
	"rescind/shared/user"
)

// People is what a store keeps of people, beside grant.Store.
type People interface {
	user.Store
	session.Store
	authorization.ConsentStore
}

// Store is a store that breaks as it is told. Only Close goes to the wrapped
// store unseen.
type Store struct {
	grant.Store
	People // nil where the wrapped store keeps none

	mu     sync.Mutex
	calls  []Verb
	faults []*armed
	late   []pending
	hook   func(Call)
}

// Wrap gives a Store that breaks nothing yet.
func Wrap(s grant.Store) *Store {
	people, _ := s.(People)
	return &Store{Store: s, People: people}
}

// Inject adds a fault. The first that matches a call breaks it.
func (s *Store) Inject(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{Fault: f})
}

// FailCall makes the n-th call from now on fail, whatever its verb.
func (s *Store) FailCall(n int) { s.Inject(Fault{N: n}) }

// FailAll makes every call fail until Heal.
func (s *Store) FailAll() { s.Inject(Fault{}) }

// Heal takes all faults away. What is still to arrive stays so.
func (s *Store) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Hook has f called before and after every call, outside of any lock; nil for
// no more. Where f calls the store itself, it is called for those calls too.
func (s *Store) Hook(f func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

// Calls are the verbs called since Wrap or Reset, in order.
func (s *Store) Calls() []Verb {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Verb(nil), s.calls...)
}

// Count tells how often a verb was called since Wrap or Reset; Any counts all.
func (s *Store) Count(v Verb) int {
	n := 0
	for _, called := range s.Calls() {
		if v == Any || called == v {
			n++
		}
	}
	return n
}

// Reset forgets faults, hook, counts and what is still to arrive.
func (s *Store) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.faults, s.late, s.hook = nil, nil, nil, nil
}

// Deliver lets everything arrive that is still to arrive, and tells how many
// calls that were. What they answer nobody hears.
func (s *Store) Deliver(ctx context.Context) int { return s.deliver(ctx, Any) }

func (s *Store) deliver(ctx context.Context, v Verb) int {
	s.mu.Lock()
	var now, still []pending
	for _, p := range s.late {
		if v == Any || p.verb == v {
			now = append(now, p)
		} else {
			still = append(still, p)
		}
	}
	s.late = still
	s.mu.Unlock()
	for _, p := range now {
		p.perform(context.WithoutCancel(ctx))
	}
	return len(now)
}

func (s *Store) postpone(v Verb, perform func(context.Context)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = append(s.late, pending{v, perform})
}

// enter counts a call and finds the fault that breaks it, if any.
func (s *Store) enter(v Verb) (n int, f *Fault, hook func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, v)
	for _, a := range s.faults {
		if a.Verb != Any && a.Verb != v {
			continue
		}
		if a.seen++; f == nil && (a.N == 0 || a.N == a.seen) {
			f = &a.Fault
		}
	}
	return len(s.calls), f, s.hook
}

// do runs one call as the faults have it.
func do[T any](ctx context.Context, s *Store, v Verb, perform func(context.Context) (T, error)) (T, error) {
	n, f, hook := s.enter(v)
	if hook == nil {
		hook = func(Call) {}
	}
	hook(Call{Verb: v, N: n})
	got, err := breaks(ctx, s, v, f, perform)
	// What was postponed by an earlier call of this verb arrives now.
	if f == nil || f.Mode != Late && f.Mode != Again {
		s.deliver(ctx, v)
	}
	hook(Call{Verb: v, N: n, After: true})
	return got, err
}

func breaks[T any](ctx context.Context, s *Store, v Verb, f *Fault, perform func(context.Context) (T, error)) (T, error) {
	if f == nil {
		return perform(ctx)
	}
	var none T
	again := func(ctx context.Context) { _, _ = perform(ctx) }
	switch f.Mode {
	case Lost:
		again(ctx)
		return none, f.err()
	case Late:
		if v.Writes() {
			s.postpone(v, again)
		}
		return none, f.err()
	case Twice:
		again(ctx)
		return perform(ctx)
	case Again:
		got, err := perform(ctx)
		s.postpone(v, again)
		return got, err
	case Slow:
		if err := slow(ctx, f.Delay); err != nil {
			return none, err
		}
		return perform(ctx)
	}
	return none, f.err()
}
