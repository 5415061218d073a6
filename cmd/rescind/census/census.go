package census

import (
	"context"
	"iter"
	"time"

	"rescind/shared/grant"
)

// Store is what a census of the whole table reads.
type Store interface {
	grant.Finder
	WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error)
}

// Census is what was counted. Grants that came or went meanwhile may be in it
// or not.
type Census struct {
	Alive    int
	ByClient map[string]int // the alive ones
	Dead     map[string]int // the others, by grant.Dead's reason
	Read     int            // grants looked at, counted or not
	Capped   bool           // it stopped at the limit: there are at least as many
}

// Total is how many were counted, alive and dead.
func (c Census) Total() int {
	n := c.Alive
	for _, dead := range c.Dead {
		n += dead
	}
	return n
}

// Take counts every grant of the store, which reads the whole table: the cost
// rises with what it holds. progress, unless nil, is called after each page
// with the number of grants read so far.
func Take(ctx context.Context, store Store, now time.Time, progress func(n int)) (Census, error) {
	return Count(ctx, store, Walk(ctx, store, progress), now, Query{})
}

// Query says what is counted. The zero Query counts all.
type Query struct {
	Only func(*grant.Grant) bool // counts those it is true of
	Most int                     // stops there, in grants alive; 0: nowhere
}

// Count counts the grants of all pages that the query asks for. An error of a
// page or of the store is given as it is: a partial count is none.
func Count(ctx context.Context, store grant.Finder, pages Pages, now time.Time, q Query) (Census, error) {
	c := Census{ByClient: map[string]int{}, Dead: map[string]int{}}
	for page, err := range pages {
		if err != nil {
			return Census{}, err
		}
		c.Read += len(page)
		page = only(page, q.Only)
		dead, err := Judge(ctx, store, page, now)
		if err != nil {
			return Census{}, err
		}
		for i, g := range page {
			if dead[i] != "" {
				c.Dead[dead[i]]++
				continue
			}
			if q.Most > 0 && c.Alive == q.Most {
				c.Capped = true // one more than that is alive
				return c, nil
			}
			c.Alive++
			c.ByClient[g.ClientID]++
		}
	}
	return c, nil
}

func only(page []*grant.Grant, is func(*grant.Grant) bool) []*grant.Grant {
	if is == nil {
		return page
	}
	var some []*grant.Grant
	for _, g := range page {
		if is(g) {
			some = append(some, g)
		}
	}
	return some
}

// Pages are grants as a store gives them, some at a time. An error is the last.
type Pages = iter.Seq2[[]*grant.Grant, error]
