package grant

import (
	"sync"
	"time"

	"rescind/shared/secret"
)

// How long the answer to an unsettled redemption is kept, and how many: that
// bounds what an outage can make a process keep.
const (
	unsettledFor = time.Minute
	maxUnsettled = 256
)

// Unsettled remembers, in one process and for a minute, the answers to
// redemptions that reached nobody. Either nobody could tell whether they had
// landed: the write's answer was lost, and so was that of the read which should
// have settled it, and the caller heard 503. Or the caller had given up waiting
// by then. Whoever sends the code again gets the tokens that were made for it,
// once, and does not end its grant by coming back. Another process knows nothing
// of it and ends the grant, which is the safe side to err on. The zero Unsettled
// is ready.
type Unsettled struct {
	mu   sync.Mutex
	held map[secret.Op]untold // by the op of the write that may have landed
}

type untold struct {
	tokens Tokens
	until  time.Time
}

// keep remembers what the write with this op was to answer.
func (u *Unsettled) keep(op secret.Op, t Tokens, now time.Time) {
	if u == nil {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for other, h := range u.held {
		if !now.Before(h.until) {
			delete(u.held, other)
		}
	}
	if u.held == nil {
		u.held = map[secret.Op]untold{}
	}
	if len(u.held) < maxUnsettled {
		u.held[op] = untold{t, now.Add(unsettledFor)}
	}
}

// take gives what the write with this op was to answer, and forgets it.
func (u *Unsettled) take(op secret.Op, now time.Time) (Tokens, bool) {
	if u == nil {
		return Tokens{}, false
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	h, ok := u.held[op]
	delete(u.held, op)
	return h.tokens, ok && now.Before(h.until)
}
