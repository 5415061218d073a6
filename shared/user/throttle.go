package user

import (
	"math"
	"net/netip"
	"sync"
	"time"
)

// What guessing is slowed down to. A failure takes one try of the pair and one
// of the source; time gives them back.
const (
	pairBurst     = 5 // of one source at one account
	pairRefill    = time.Minute
	sourceBurst   = 50 // of one source at all accounts
	sourceRefill  = 10 * time.Second
	accountBurst  = 20 // of all sources at one account; beyond, it is under attack
	accountRefill = 5 * time.Minute
	attackedPause = 5 * time.Minute // then, for a source that failed, since its last failure
	mostBuckets   = 10_000          // of each kind
)

// guesses throttles guessing, in this process only. The rules are:
//
//   - The pair of account and source decides. A source that has not failed at an
//     account gets its try, however many others have: nobody can lock the owner out.
//   - An account at which many failed is under attack. Then a source that failed
//     there waits longer, counted from its own last try and from nothing of others'.
//   - A source that fails at account after account has to wait, but at an account
//     where it signed in only the pair counts.
//   - A try is taken before the password is looked at, and given back where it was
//     right or nobody looked, so that many at once get no more than one after another.
//   - Whether there is such an account changes nothing.
type guesses struct {
	mu       sync.Mutex
	pairs    buckets[pair]
	sources  buckets[string]
	accounts buckets[Key]
	known    map[pair]bool // signed in here
}

type pair struct {
	account Key
	source  string
}

func newGuesses() *guesses {
	return &guesses{
		pairs:    buckets[pair]{burst: pairBurst, refill: pairRefill, all: map[pair]bucket{}},
		sources:  buckets[string]{burst: sourceBurst, refill: sourceRefill, all: map[string]bucket{}},
		accounts: buckets[Key]{burst: accountBurst, refill: accountRefill, all: map[Key]bucket{}},
		known:    map[pair]bool{},
	}
}

// take takes one try, or says how long to wait for one; then nothing is taken.
func (g *guesses) take(account Key, source string, now time.Time) (wait time.Duration) {
	p := pair{account, network(source)}
	g.mu.Lock()
	defer g.mu.Unlock()
	wait = g.pairs.wait(p, now)
	if !g.known[p] {
		wait = max(wait, g.sources.wait(p.source, now))
		if failed := g.pairs.all[p].failed; !failed.IsZero() && g.accounts.wait(account, now) > 0 {
			wait = max(wait, attackedPause-max(0, now.Sub(failed)))
		}
	}
	if wait > 0 {
		return wait
	}
	g.pairs.take(p, now)
	g.sources.take(p.source, now)
	g.accounts.take(account, now)
	return 0
}

// failed is for a try that was looked at and was wrong.
func (g *guesses) failed(account Key, source string, now time.Time) {
	p := pair{account, network(source)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if one, there := g.pairs.all[p]; there { // or it was evicted meanwhile
		one.failed = now
		g.pairs.all[p] = one
	}
}

// giveBack is for a try at which nobody looked.
func (g *guesses) giveBack(account Key, source string, now time.Time) {
	p := pair{account, network(source)}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pairs.give(p, now)
	g.sources.give(p.source, now)
	g.accounts.give(account, now)
}

// succeeded is for the right password: the pair begins anew. The source does
// not: whoever has an account could else wash off what it did to others'.
func (g *guesses) succeeded(account Key, source string, now time.Time) {
	g.giveBack(account, source, now)
	p := pair{account, network(source)}
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.pairs.all, p)
	if len(g.known) >= mostBuckets {
		for other := range g.known { // any: the map has no order
			delete(g.known, other)
			break
		}
	}
	g.known[p] = true
}

// network is what one caller has for itself: an IPv4 address, or 64 bits of
// IPv6 (RFC 6177 section 2), where the other 64 are its to choose.
func network(source string) string {
	addr, err := netip.ParseAddr(source)
	if err != nil {
		if len(source) > 64 { // nothing unbounded is kept
			return source[:64]
		}
		return source
	}
	addr = addr.Unmap().WithZone("")
	if addr.Is4() {
		return addr.String()
	}
	p, _ := addr.Prefix(64) // 64 bits are within an IPv6 address: cannot fail
	return p.String()
}

// buckets are token buckets by their keys. One that is not there is full.
type buckets[K comparable] struct {
	burst  float64
	refill time.Duration // one more each
	all    map[K]bucket
}

type bucket struct {
	left   float64
	at     time.Time // when that was left
	failed time.Time // when a try was wrong last
}

func (b *buckets[K]) level(key K, now time.Time) float64 {
	one, ok := b.all[key]
	if !ok {
		return b.burst
	}
	return min(b.burst, one.left+float64(max(0, now.Sub(one.at)))/float64(b.refill))
}

// wait is 0 where there is a whole one to take.
func (b *buckets[K]) wait(key K, now time.Time) time.Duration {
	left := b.level(key, now)
	if left >= 1 {
		return 0
	}
	return time.Duration(math.Ceil((1 - left) * float64(b.refill)))
}

func (b *buckets[K]) take(key K, now time.Time) { b.set(key, max(0, b.level(key, now)-1), now) }

func (b *buckets[K]) give(key K, now time.Time) { b.set(key, min(b.burst, b.level(key, now)+1), now) }

func (b *buckets[K]) set(key K, left float64, now time.Time) {
	one, there := b.all[key]
	if !there && len(b.all) >= mostBuckets {
		b.evict(now)
	}
	one.left, one.at = left, now
	b.all[key] = one
}

// evict forgets full buckets whose failures no longer count, and where there are
// none a part of the others: a bounded memory is worth more than an attacker's
// exact count.
func (b *buckets[K]) evict(now time.Time) {
	for key, one := range b.all {
		if b.level(key, now) >= b.burst && now.Sub(one.failed) > attackedPause {
			delete(b.all, key)
		}
	}
	for key := range b.all {
		if len(b.all) < mostBuckets*9/10 {
			return
		}
		delete(b.all, key)
	}
}
