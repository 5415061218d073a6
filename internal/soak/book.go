package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
)

// book holds all grants that are asked about, of bounded number: in an hour
// there are born more than this process should hold.
type book struct {
	lines []*entry // grants with refresh tokens; never replaced

	mu       sync.RWMutex
	pool     []*entry  // the clients' own grants; a birth takes the place of another
	kept     reservoir // of what was alive when it lost its place in the pool
	keptDead reservoir // of what was revoked then
	revoked  int       // lines
}

func newBook(pool, lines []*entry, kept int) *book {
	return &book{lines: lines, pool: pool, kept: reservoir{most: kept}, keptDead: reservoir{most: kept}}
}

// any gives a grant at random, one in four with refresh tokens.
func (b *book) any() *entry {
	if len(b.lines) > 0 && rand.IntN(4) == 0 {
		return b.line()
	}
	return b.own()
}

func (b *book) line() *entry { return b.lines[rand.IntN(len(b.lines))] }

func (b *book) own() *entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.pool[rand.IntN(len(b.pool))]
}

// add puts a new grant in the place of one at random, which goes to those kept
// for the end, or is forgotten.
func (b *book) add(e *entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := rand.IntN(len(b.pool))
	old := b.pool[n]
	b.pool[n] = e
	old.mu.Lock()
	defer old.mu.Unlock()
	switch old.state {
	case live:
		if old.endsBy.IsZero() {
			b.kept.offer(old)
		}
	case ended:
		b.keptDead.offer(old)
	}
}

// mayEndLine counts n lines as revoked, unless fewer than half would be left.
func (b *book) mayEndLine(n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.revoked+n > len(b.lines)/2 {
		return false
	}
	b.revoked += n
	return true
}

// all is every grant that is held.
func (b *book) all() []*entry {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Concat(b.lines, b.pool, b.kept.held, b.keptDead.held)
}

// reservoir keeps a fair sample of all that it was offered.
type reservoir struct {
	most, seen int
	held       []*entry
}

func (r *reservoir) offer(e *entry) {
	r.seen++
	if len(r.held) < r.most {
		r.held = append(r.held, e)
	} else if n := rand.IntN(r.seen); n < r.most {
		r.held[n] = e
	}
}

// mistakes counts what was wrong, by a sentence that names no token.
type mistakes struct {
	mu     sync.Mutex
	counts map[string]int
}

func (m *mistakes) add(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.counts == nil {
		m.counts = map[string]int{}
	}
	m.counts[fmt.Sprintf(format, args...)]++
}

func (m *mistakes) total() (n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.counts {
		n += c
	}
	return n
}

// lines lists each sentence with its count.
func (m *mistakes) lines() (out []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, text := range slices.Sorted(maps.Keys(m.counts)) {
		out = append(out, fmt.Sprintf("%d times: %s", m.counts[text], text))
	}
	return out
}
