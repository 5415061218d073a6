package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"rescind/internal/bench/load"
	"rescind/internal/bench/seed"
)

// operation is one of the four kinds of request; the mix is out of 100.
type operation int

const (
	issue operation = iota
	introspect
	refresh
	revoke
	operations
)

var names = [operations]string{"issue", "introspect", "refresh", "revoke"}

var mix = [operations]int{20, 60, 15, 5}

// refusedShare is how many of 100 refreshes present a revoked grant's token.
const refusedShare = 5

// driver makes the load and judges each answer.
type driver struct {
	addr   string
	book   *book
	steady *seed.Caller // its tokens outlive the run
	brief  *seed.Caller // its tokens end within it
	life   time.Duration

	wrong    mistakes
	trouble  mistakes // answers that are no answer: 5xx and what was not expected
	answered [operations]atomic.Int64
}

// turn is what one connection is doing.
type turn struct {
	d     *driver
	op    operation
	judge func(status int, body []byte) (right bool)
}

// maker is the mix for one connection.
func (d *driver) maker(int) load.Maker {
	t := &turn{d: d}
	return load.Maker{Next: func() ([]byte, bool) { return t.next(), true }, Answered: t.answered}
}

func choose() operation {
	n := rand.IntN(100)
	for op, share := range mix {
		if n -= share; n < 0 {
			return operation(op)
		}
	}
	return introspect
}

// next makes a request. Where the model has nothing left to refresh or revoke
// just now, it introspects.
func (t *turn) next() []byte {
	t.op = choose()
	switch t.op {
	case issue:
		return t.issue()
	case refresh:
		if r := t.refresh(); r != nil {
			return r
		}
	case revoke:
		if r := t.revoke(); r != nil {
			return r
		}
	}
	t.op = introspect
	return t.introspect()
}

func (t *turn) answered(status int, body []byte) error {
	t.d.answered[t.op].Add(1)
	if !t.judge(status, body) {
		t.d.trouble.add("%s was answered %d", names[t.op], status)
	}
	return nil // the run goes on: all that is wrong is to be counted
}

func (t *turn) issue() []byte {
	c, life := t.d.steady, time.Duration(0)
	if rand.IntN(5) == 0 {
		c, life = t.d.brief, t.d.life
	}
	sent := time.Now()
	t.judge = func(status int, body []byte) bool {
		if status != http.StatusOK {
			return false
		}
		p, ok := parsePair(body)
		if !ok || p.Access == "" {
			t.d.wrong.add("an issue gave no access token")
			return true
		}
		e := newEntry(c, p.Access, "")
		if life > 0 {
			e.endsFrom, e.endsBy = sent.Add(life), time.Now().Add(life)
		}
		t.d.book.add(e)
		return true
	}
	return t.d.post("/o/token/", c, "grant_type=client_credentials")
}

func (t *turn) introspect() []byte {
	e := t.d.book.any()
	g := e.look(time.Now())
	t.judge = func(status int, body []byte) bool {
		if status != http.StatusOK {
			return false
		}
		t.d.introspected(e, g, body)
		return true
	}
	return t.d.post("/o/introspect/", e.caller, "token="+g.text)
}

var kinds = map[what]string{accessToken: "access token", displacedToken: "access token that gave up its slot", refreshToken: "refresh token"}

func (d *driver) introspected(e *entry, g glimpse, body []byte) {
	says, ok := activity(body)
	switch want := e.expect(g, time.Now()); {
	case !ok:
		d.wrong.add("an introspection was no answer of RFC 7662")
	case says && want == inactive && g.state == ended:
		d.wrong.add("active after a revocation was answered 200: %s", kinds[g.kind])
	case says && want == inactive:
		d.wrong.add("active past its end: %s", kinds[g.kind])
	case !says && want == active:
		d.wrong.add("inactive while its grant lives: %s", kinds[g.kind])
	case says && !bytes.Contains(body, []byte(`"client_id":"`+e.caller.ID+`"`)):
		d.wrong.add("active, and says another client's name")
	}
}

func (t *turn) refresh() []byte {
	var e *entry
	var text string
	var dead bool
	refused := rand.IntN(100) < refusedShare
	for range 16 {
		c := t.d.book.line()
		c.mu.Lock()
		fits := (c.state == ended) == refused
		c.mu.Unlock()
		if !fits {
			continue
		}
		if got, isDead, ok := c.beginRefresh(); ok {
			e, text, dead = c, got, isDead
			break
		}
	}
	if e == nil {
		return nil
	}
	t.judge = func(status int, body []byte) bool { return t.d.refreshed(e, dead, status, body) }
	return t.d.post("/o/token/", e.caller, "grant_type=refresh_token&refresh_token="+url.QueryEscape(text))
}

func (d *driver) refreshed(e *entry, dead bool, status int, body []byte) bool {
	p, ok := parsePair(body)
	refused := status == http.StatusBadRequest && ok && p.Error == "invalid_grant"
	given := status == http.StatusOK && ok && p.Access != "" && p.Refresh != ""
	switch {
	case dead && given:
		d.wrong.add("a refresh after a revocation was answered 200 gave tokens")
	case !dead && (given || refused): // else nobody knows, and it is not asked about again
		if wrong := e.endRefresh(given, p.Access, p.Refresh); wrong != "" {
			d.wrong.add("%s (status %d)", wrong, status)
		}
	}
	return refused || given
}

func (t *turn) revoke() []byte {
	for range 16 {
		e := t.d.book.own()
		if rand.IntN(20) == 0 {
			e = t.d.book.line()
		}
		e.mu.Lock()
		alive, ours := e.state == live && e.endsBy.IsZero(), e.refresh == ""
		e.mu.Unlock()
		if !alive || !ours && !t.d.book.mayEndLine(1) {
			continue
		}
		text, ok := e.beginRevoke()
		if !ok {
			continue
		}
		t.judge = func(status int, _ []byte) bool {
			if status == http.StatusOK {
				e.endRevoke()
			}
			return status == http.StatusOK
		}
		return t.d.post("/o/revoke_token/", e.caller, "token="+url.QueryEscape(text))
	}
	return nil
}

func (d *driver) post(path string, c *seed.Caller, form string) []byte {
	return load.Post(path, d.addr, c.Basic, form)
}

// pair is what the token endpoint answers (RFC 6749 sections 5.1 and 5.2).
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Error   string `json:"error"`
}

func parsePair(body []byte) (p pair, ok bool) { return p, json.Unmarshal(body, &p) == nil }

// activity is the member that RFC 7662 section 2.2 requires; without it ok is
// false. Most answers are read by their first bytes.
func activity(body []byte) (says, ok bool) {
	if bytes.HasPrefix(body, []byte(`{"active":true,`)) {
		return true, true
	}
	var a struct {
		Active *bool `json:"active"`
	}
	if json.Unmarshal(body, &a) != nil || a.Active == nil {
		return false, false
	}
	return *a.Active, true
}
