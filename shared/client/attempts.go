package client

import (
	"math"
	"sync"
	"time"
)

// Attempts throttles guesses at client secrets: a token bucket for each pair
// of client id and source, in this process only. Failures empty it, time
// refills it. Another source is never locked out, and nothing is written.
type Attempts struct {
	burst  float64       // failures at once
	refill time.Duration // one more attempt each
	most   int           // buckets kept

	mu      sync.Mutex
	buckets map[attempt]bucket
}

type attempt struct{ clientID, source string }

type bucket struct {
	left float64
	at   time.Time
}

// NewAttempts allows burst failures at once and one more each refill.
func NewAttempts(burst int, refill time.Duration) *Attempts {
	return &Attempts{burst: float64(burst), refill: refill, most: 10_000, buckets: map[attempt]bucket{}}
}

// Wait is how long this source must wait before it may try this client again;
// 0 where it may try now.
func (a *Attempts) Wait(clientID, source string, now time.Time) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	left := a.level(attempt{clientID, source}, now)
	if left >= 1 {
		return 0
	}
	return time.Duration(math.Ceil((1 - left) * float64(a.refill)))
}

// Failed notes one failed attempt.
func (a *Attempts) Failed(clientID, source string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := attempt{clientID, source}
	left := a.level(key, now)
	if len(a.buckets) >= a.most {
		a.evict(now)
	}
	a.buckets[key] = bucket{max(0, left-1), now}
}

func (a *Attempts) level(key attempt, now time.Time) float64 {
	b, ok := a.buckets[key]
	if !ok {
		return a.burst
	}
	return min(a.burst, b.left+float64(max(0, now.Sub(b.at)))/float64(a.refill))
}

// evict forgets full buckets, and where there are none a part of the others:
// a bounded memory is worth more than an attacker's exact count.
func (a *Attempts) evict(now time.Time) {
	for key := range a.buckets {
		if a.level(key, now) >= a.burst {
			delete(a.buckets, key)
		}
	}
	for key := range a.buckets {
		if len(a.buckets) < a.most*9/10 {
			return
		}
		delete(a.buckets, key)
	}
}
