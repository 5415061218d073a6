package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"rescind/internal/bench/load"
	"rescind/internal/bench/seed"
)

// question is one introspection whose answer is certain.
type question struct {
	caller *seed.Caller
	text   string
	active bool
}

// questions asks once about every token that the book holds.
func (b *book) questions(now time.Time) (out []question) {
	for _, e := range b.all() {
		alive, dead := e.settled(now)
		for _, text := range alive {
			out = append(out, question{e.caller, text, true})
		}
		for _, text := range dead {
			out = append(out, question{e.caller, text, false})
		}
	}
	return out
}

// settled is what asking about everything at rest has shown.
type settled struct {
	Alive   int `json:"live_tokens"`
	Lost    int `json:"of_them_inactive"`
	Dead    int `json:"ended_tokens"`
	Revived int `json:"of_them_active"`
	Failed  int `json:"not_answered"`
}

// ask puts all questions, each once.
func ask(ctx context.Context, addr string, connections int, all []question) (settled, error) {
	var s settled
	var next, lost, revived, failed atomic.Int64
	for _, q := range all {
		if q.active {
			s.Alive++
		} else {
			s.Dead++
		}
	}
	make := func(int) load.Maker {
		var q question
		return load.Maker{
			Next: func() ([]byte, bool) {
				i := int(next.Add(1)) - 1
				if i >= len(all) {
					return nil, false
				}
				q = all[i]
				return load.Post("/o/introspect/", addr, q.caller.Basic, "token="+q.text), true
			},
			Answered: func(status int, body []byte) error {
				switch says, ok := activity(body); {
				case status != http.StatusOK || !ok:
					failed.Add(1)
				case q.active && !says:
					lost.Add(1)
				case !q.active && says:
					revived.Add(1)
				}
				return nil
			},
		}
	}
	r, err := load.Run{Addr: addr, Connections: connections, Duration: time.Hour, Make: make}.Do(ctx)
	s.Lost, s.Revived, s.Failed = int(lost.Load()), int(revived.Load()), int(failed.Load())+len(all)-r.Operations
	if err != nil {
		return s, fmt.Errorf("asking about every token: %w", err)
	}
	return s, nil
}
