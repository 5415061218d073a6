package main

import (
	"math/rand/v2"
	"sync"
	"time"

	"rescind/internal/bench/seed"
	"rescind/shared/grant"
)

// leeway is how far from an access token's end an answer may go either way.
const leeway = time.Second

type state int

const (
	live   state = iota
	ending       // a revocation is on its way
	ended        // a revocation was answered with 200
)

// entry is what the model knows of one grant. Access tokens are numbered from
// 0 at the birth; the grant's slots hold the last grant.Slots of them.
type entry struct {
	caller  *seed.Caller
	subject string

	mu      sync.Mutex
	state   state
	access  [grant.Slots]string // by number modulo grant.Slots
	gone    string              // the last that gave up its slot
	refresh string
	got     int // access tokens that were answered
	begun   int // refreshes that were begun
	busy    bool
	// The access token ends between these; zero: after the run.
	endsFrom, endsBy time.Time
}

func newEntry(c *seed.Caller, access, refresh string) *entry {
	e := &entry{caller: c, refresh: refresh, got: 1}
	e.access[0] = access
	return e
}

// what is a kind of token to introspect.
type what int

const (
	accessToken what = iota
	displacedToken
	refreshToken
)

// glimpse is what was known of a token when a question about it was sent.
type glimpse struct {
	kind  what
	n     int // of an access token
	text  string
	state state
	at    time.Time
	begun int
	busy  bool // a refresh was under way
}

// look chooses one of the grant's tokens.
func (e *entry) look(now time.Time) glimpse {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := glimpse{kind: accessToken, state: e.state, at: now, begun: e.begun, busy: e.busy}
	switch n := rand.IntN(10); {
	case n == 0 && e.refresh != "":
		g.kind, g.text = refreshToken, e.refresh
	case n == 1 && e.gone != "":
		g.kind, g.text = displacedToken, e.gone
	default:
		g.n = e.got - 1 - rand.IntN(min(e.got, grant.Slots))
		g.text = e.access[g.n%grant.Slots]
	}
	return g
}

// want is what an introspection must say.
type want int

const (
	either want = iota
	active
	inactive
)

// expect tells what the answer must be that has come now, for a token as it
// was seen when the question was sent.
func (e *entry) expect(g glimpse, now time.Time) want {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case g.state == ended || g.kind == displacedToken:
		return inactive
	case !e.endsBy.IsZero() && g.kind == accessToken && g.at.After(e.endsBy.Add(leeway)):
		return inactive
	case e.state != live:
		return either // a revocation was begun meanwhile
	case g.kind == refreshToken && (g.busy || e.begun > g.begun):
		return either // a refresh is replacing it
	case g.kind == accessToken && e.begun >= g.n+grant.Slots:
		return either // the ninth takes its slot
	case !e.endsFrom.IsZero() && g.kind == accessToken && now.After(e.endsFrom.Add(-leeway)):
		return either
	}
	return active
}

// beginRefresh takes the refresh token for one refresh at a time; ok is false
// where there is none to take. dead tells that it must be refused.
func (e *entry) beginRefresh() (text string, dead, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy || e.refresh == "" || e.state == ending {
		return "", false, false
	}
	if e.state == live {
		e.busy = true
		e.begun++
	}
	return e.refresh, e.state == ended, true
}

// endRefresh takes the answer of a refresh that was not dead when it was sent;
// ok is whether it gave tokens. It returns what is wrong with that, if anything.
func (e *entry) endRefresh(ok bool, access, refresh string) (wrong string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy = false
	if !ok {
		if e.state == live {
			return "a live grant's refresh was refused"
		}
		return ""
	}
	if access == e.access[(e.got-1)%grant.Slots] || refresh == e.refresh {
		return "a refresh gave a token that was there before"
	}
	slot := e.got % grant.Slots
	e.gone = e.access[slot]
	e.access[slot], e.refresh = access, refresh
	e.got++
	return ""
}

// beginRevoke marks a live grant as ending and gives one of its tokens.
func (e *entry) beginRevoke() (text string, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state != live {
		return "", false
	}
	e.state = ending
	if e.refresh != "" && !e.busy && rand.IntN(2) == 0 {
		return e.refresh, true
	}
	return e.access[(e.got-1)%grant.Slots], true
}

func (e *entry) endRevoke() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.state = ended
}

// settled is every token of a grant of which the answer is certain once no
// request is under way: what must be active and what must not.
func (e *entry) settled(now time.Time) (alive, dead []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var access []string
	for n := max(0, e.got-grant.Slots); n < e.got; n++ {
		access = append(access, e.access[n%grant.Slots])
	}
	if e.gone != "" {
		dead = append(dead, e.gone)
	}
	switch {
	case e.state == ending || e.busy:
		return nil, nil // its last answer never came
	case e.state == ended || !e.endsBy.IsZero() && now.After(e.endsBy.Add(leeway)):
		dead = append(dead, access...)
	case e.endsFrom.IsZero():
		alive = access
	}
	if e.refresh != "" && e.state == live {
		alive = append(alive, e.refresh)
	} else if e.refresh != "" {
		dead = append(dead, e.refresh)
	}
	return alive, dead
}
