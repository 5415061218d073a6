package trail

import (
	"strings"
	"time"

	"rescind/shared/audit"
)

// Counts are how often what happened.
type Counts struct {
	Issues       int `json:"issues"`
	Refreshes    int `json:"refreshes"`
	Replays      int `json:"replays"`
	Reuse        int `json:"reuse"`
	Revocations  int `json:"revocations"`   // that ended something
	NothingEnded int `json:"nothing_ended"` // revocations of what was unknown or had ended
	Refusals     int `json:"refusals"`
	Outages      int `json:"outages"`
	Changes      int `json:"changes"` // of clients and the store, by an operator
}

// Events is how many there were in all.
func (c Counts) Events() int {
	return c.Issues + c.Refreshes + c.Replays + c.Reuse + c.Revocations + c.NothingEnded + c.Refusals + c.Outages + c.Changes
}

func (c *Counts) add(o Counts) {
	c.Issues += o.Issues
	c.Refreshes += o.Refreshes
	c.Replays += o.Replays
	c.Reuse += o.Reuse
	c.Revocations += o.Revocations
	c.NothingEnded += o.NothingEnded
	c.Refusals += o.Refusals
	c.Outages += o.Outages
	c.Changes += o.Changes
}

// Hour is what happened in the hour that began then.
type Hour struct {
	Start time.Time `json:"start"`
	Counts
}

// Summary is what a trail says of a time.
type Summary struct {
	From     time.Time         `json:"from"` // the beginning of the first hour
	To       time.Time         `json:"to"`
	First    time.Time         `json:"first"` // the earliest event there, counted or not; zero: none
	Hours    []Hour            `json:"hours"` // each hour from From to To, the last one not over
	Total    Counts            `json:"total"`
	ByClient map[string]Counts `json:"by_client"` // "" is no client, or one that did not authenticate
	Refusals map[string]int    `json:"refusals"`  // by reason
	Other    int               `json:"other_lines"`
	Torn     int               `json:"torn_lines"` // that should be events and cannot be read
}

// mostNames is how many clients, and how many reasons, an hour tells apart.
// What passes it is counted under others.
const (
	mostNames = 10_000
	others    = "(others)"
)

// Collector counts the events of lines, hour by hour, in UTC. It is for one
// goroutine.
type Collector struct {
	hours       map[int64]*bucket // by the Unix time at which the hour began
	first       time.Time
	other, torn int
	since       time.Time
}

type bucket struct {
	counts   Counts
	clients  map[string]*Counts
	refusals map[string]int
}

// NewCollector counts what happened at or after since's hour began.
func NewCollector(since time.Time) *Collector {
	return &Collector{hours: map[int64]*bucket{}, since: since.UTC().Truncate(time.Hour)}
}

// Add counts a line, if it is an event.
func (c *Collector) Add(line []byte) {
	e, isEvent, ok := Parse(line)
	switch {
	case !isEvent:
		c.other++
	case !ok:
		c.torn++
	default:
		c.count(e)
	}
}

func (c *Collector) count(e audit.Event) {
	if c.first.IsZero() || e.Time.Before(c.first) {
		c.first = e.Time
	}
	if e.Time.Before(c.since) {
		return
	}
	at := e.Time.Truncate(time.Hour).Unix()
	b := c.hours[at]
	if b == nil {
		b = &bucket{clients: map[string]*Counts{}, refusals: map[string]int{}}
		c.hours[at] = b
	}
	one := countsOf(e)
	b.counts.add(one)
	id := e.ClientID
	if b.clients[id] == nil && len(b.clients) >= mostNames {
		id = others
	}
	if b.clients[id] == nil {
		b.clients[id] = &Counts{}
	}
	b.clients[id].add(one)
	if one.Refusals > 0 {
		b.refusals[refusal(e, b.refusals)]++
	}
}

// refusal names why: the reason, or the error's code.
func refusal(e audit.Event, known map[string]int) string {
	why := e.Reason
	if why == "" {
		why = e.Outcome
	}
	if _, is := known[why]; !is && len(known) >= mostNames {
		why = others
	}
	return why
}

// countsOf says as what an event counts.
func countsOf(e audit.Event) (c Counts) {
	switch {
	case e.Action == audit.Outage, e.Outcome == "failed":
		c.Outages = 1
	case e.Action == audit.Refuse, e.Outcome == "refused":
		c.Refusals = 1
	case e.Action == audit.Issue:
		c.Issues = 1
	case e.Action == audit.Refresh:
		c.Refreshes = 1
	case e.Action == audit.Replay:
		c.Replays = 1
	case e.Action == audit.Reuse:
		c.Reuse = 1
	case e.Action == audit.Revoke && e.Operation == "revocation" && !strings.HasPrefix(e.Reason, "ended_"):
		c.NothingEnded = 1
	case e.Action == audit.Revoke:
		c.Revocations = 1
	case e.Action == audit.Authorize, e.Action == audit.SignIn, e.Action == audit.SignOut:
		// No operator's change; what came of it is among the issues.
	default:
		c.Changes = 1
	}
	return c
}

// Forget drops the hours before since's, for whoever goes on collecting.
func (c *Collector) Forget(since time.Time) {
	c.since = since.UTC().Truncate(time.Hour)
	for at := range c.hours {
		if at < c.since.Unix() {
			delete(c.hours, at)
		}
	}
}

// Summary is what was counted up to now. An event that claims a later hour
// than now's is not in it.
func (c *Collector) Summary(now time.Time) Summary {
	s := Summary{From: c.since, To: now.UTC(), First: c.first, Hours: []Hour{}, ByClient: map[string]Counts{}, Refusals: map[string]int{},
		Other: c.other, Torn: c.torn}
	for at := c.since; !at.After(now); at = at.Add(time.Hour) {
		h := Hour{Start: at}
		if b := c.hours[at.Unix()]; b != nil {
			h.Counts = b.counts
			for id, n := range b.clients {
				sum := s.ByClient[id]
				sum.add(*n)
				s.ByClient[id] = sum
			}
			for why, n := range b.refusals {
				s.Refusals[why] += n
			}
		}
		s.Total.add(h.Counts)
		s.Hours = append(s.Hours, h)
	}
	return s
}
