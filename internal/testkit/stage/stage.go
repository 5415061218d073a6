// Package stage is what the scenes of tests share: a clock that the test moves,
// and the audit's events as they were recorded. Both may be used by many
// goroutines. It must not know what is played on it.
package stage

import (
	"context"
	"slices"
	"sync"
	"time"

	"rescind/shared/audit"
)

// Clock is time as a test has it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock stands at that time until the test moves it.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now is the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves it on, or back where d is negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Trail keeps what was audited. It implements audit.Log.
type Trail struct {
	mu     sync.Mutex
	events []audit.Event
}

// Record keeps e.
func (t *Trail) Record(_ context.Context, e audit.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.events = append(t.events, e)
}

// Take gives the events since it was last called.
func (t *Trail) Take() []audit.Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := t.events
	t.events = nil
	return all
}

// Has tells whether one of the events that were not taken is such a one.
func (t *Trail) Has(such func(audit.Event) bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.ContainsFunc(t.events, such)
}
