package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"rescind/internal/bench/local"
	"rescind/internal/bench/seed"
	"rescind/internal/bench/server"
	"rescind/shared/client"
	"rescind/shared/dynamo"
	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

// stage is the store and the server that runs on it.
type stage struct {
	dir    string
	path   string          // of the SQLite file; empty on DynamoDB
	engine *local.DynamoDB // nil on SQLite
	tables dynamo.Tables
	config server.Config
	*server.Server
}

// newStage builds the server and makes an empty store.
func newStage(ctx context.Context, dir, kind string) (_ *stage, err error) {
	s := &stage{dir: dir, config: server.Config{Binary: filepath.Join(dir, "rescind"), Log: filepath.Join(dir, "server.log")}}
	if kind == "sqlite" {
		s.path = filepath.Join(dir, "data", "rescind.db")
		s.config.Store = "sqlite:" + s.path
	} else {
		if s.engine, err = local.Start(ctx); err != nil {
			return nil, err
		}
		prefix := fmt.Sprintf("soak-%d", time.Now().UnixMilli())
		if s.tables, err = s.engine.Tables(ctx, prefix); err != nil {
			return s, err
		}
		s.config.Store, s.config.Environ = "dynamodb:"+prefix, s.engine.Environ()
	}
	return s, server.Build(ctx, s.config.Binary, "./cmd/rescind")
}

func (s *stage) close() error {
	var err error
	if s.Server != nil {
		err = s.Server.Stop()
	}
	if s.engine != nil {
		s.engine.Stop()
	}
	return err
}

// start runs the server on the store.
func (s *stage) start(ctx context.Context) (err error) {
	s.Server, err = server.Start(ctx, s.config)
	return err
}

// stop ends the server, which must end cleanly.
func (s *stage) stop() error {
	err := s.Server.Stop()
	s.Server = nil
	return err
}

// open opens the store in this process.
func (s *stage) open(ctx context.Context) (grant.Store, error) {
	if s.engine != nil {
		return dynamo.New(s.engine.Client(), s.tables), nil
	}
	return sqlite.Open(ctx, s.path, sqlite.Options{})
}

// subjectSize is how many lines a subject has.
const subjectSize = 4

func subjectOf(i int) string { return fmt.Sprintf("user-%d", i/subjectSize) }

// fill makes the clients and grants that there are before the first request.
func (s *stage) fill(ctx context.Context, o options) (_ *driver, err error) {
	store, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	d := &driver{life: o.brief()}
	past := o.whole + 2*time.Hour // no token of the steady client ends within the run
	for _, c := range []struct {
		into **seed.Caller
		id   string
		life time.Duration
	}{{&d.steady, "soak", past}, {&d.brief, "soak-brief", d.life}} {
		caller, err := seed.Client(ctx, store, c.id, func(p *client.Policy) { p.AccessTokenLifetime = c.life })
		if err != nil {
			return nil, err
		}
		*c.into = &caller
	}
	own, err := seed.Fill(ctx, store, seed.Plan{Client: d.steady.ID, Grants: o.grants, Keep: min(o.grants, poolSize), Bare: true, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	lines, err := seed.Fill(ctx, store, seed.Plan{Client: d.steady.ID, Grants: o.lines, Subject: subjectOf, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	d.book = newBook(entries(d.steady, own, false), entries(d.steady, lines, true), poolSize)
	return d, nil
}

func entries(c *seed.Caller, t *seed.Tokens, withSubject bool) []*entry {
	out := make([]*entry, len(t.Access))
	for i := range out {
		out[i] = newEntry(c, t.Access[i], t.Refresh[i])
		if withSubject {
			out[i].subject = subjectOf(i)
		}
	}
	return out
}

// keptFor is how long a row of the brief client's is kept after its birth.
func keptFor(life time.Duration) time.Duration { return life + 24*time.Hour + time.Second }

// age puts in rows of earlier days, of which as many end each second of the
// soak as will be born: the store is then as one long in use. It gives how
// many, and when the first of them ends.
func (s *stage) age(ctx context.Context, d *driver, births float64, whole time.Duration) (n int, from time.Time, err error) {
	store, err := s.open(ctx)
	if err != nil {
		return 0, time.Time{}, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	n = int(births * whole.Seconds())
	const fillingRate = 4000 // rows a second, at the least
	from = time.Now().Add(time.Duration(float64(n)/fillingRate*float64(time.Second)) + 2*time.Second)
	apart := whole / time.Duration(max(n, 1))
	_, err = seed.Fill(ctx, store, seed.Plan{Client: d.brief.ID, Grants: n, Keep: 1, Bare: true, Progress: os.Stderr,
		Born: func(i int) time.Time { return from.Add(time.Duration(i)*apart - keptFor(d.life)) }})
	return n, from, err
}

// expired counts rows that ended before a time and are still there.
func (s *stage) expired(ctx context.Context, before time.Time) (n, rows int, err error) {
	store, err := s.open(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	for cursor := grant.Cursor(""); ; {
		page, next, err := store.WalkGrants(ctx, cursor, 1000)
		if err != nil {
			return n, rows, err
		}
		for _, g := range page {
			rows++
			if g.ExpiresAt.Before(before) {
				n++
			}
		}
		if next == "" {
			return n, rows, nil
		}
		cursor = next
	}
}
