package verify

import (
	"container/list"
	"crypto/sha256"
	"slices"
	"sync"
	"time"
)

type digest [sha256.Size]byte

// cache keeps active tokens by their SHA-256, the least recently kept leaving
// first. What was refused or could not be found out is never in it.
type cache struct {
	ttl  time.Duration
	size int

	mu    sync.Mutex
	kept  map[digest]*list.Element
	order *list.List // of *entry, oldest first
}

type entry struct {
	key   digest
	token Token
	asked time.Time
}

func newCache(ttl time.Duration, size int) *cache {
	return &cache{ttl: ttl, size: size, kept: map[digest]*list.Element{}, order: list.New()}
}

// fresh counts from before the question: the answer is no older than that, so
// that a revocation is at most ttl late. Both clocks must agree: the monotonic
// one stands still while a machine is suspended, the other can be set back.
func (e *entry) fresh(now time.Time, ttl time.Duration) bool {
	wall := now.Round(0).Sub(e.asked.Round(0))
	return now.Sub(e.asked) < ttl && wall >= 0 && wall < ttl && !e.token.ended(now)
}

func (c *cache) get(key digest, now time.Time) (Token, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok := c.kept[key]
	if !ok {
		return Token{}, false
	}
	e := at.Value.(*entry)
	if !e.fresh(now, c.ttl) {
		c.drop(at)
		return Token{}, false
	}
	t := e.token
	t.Scope = slices.Clone(t.Scope) // a handler may change its own
	return t, true
}

// put keeps an answer unless one that was asked for later is there already.
func (c *cache) put(key digest, t Token, asked time.Time) {
	t.Scope = slices.Clone(t.Scope)
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.kept[key]; ok {
		if at.Value.(*entry).asked.After(asked) {
			return
		}
		c.drop(at)
	}
	for c.order.Len() >= c.size {
		c.drop(c.order.Front())
	}
	c.kept[key] = c.order.PushBack(&entry{key, t, asked})
}

// forget is for a token that the server has since refused.
func (c *cache) forget(key digest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.kept[key]; ok {
		c.drop(at)
	}
}

func (c *cache) drop(at *list.Element) {
	delete(c.kept, at.Value.(*entry).key)
	c.order.Remove(at)
}
