package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"rescind/internal/bench/load"
	"rescind/internal/bench/seed"
	"rescind/internal/bench/server"
	"rescind/shared/grant"
	"rescind/shared/sqlite"
)

const (
	clientID = "growth"
	// crowd is the subject that has every second grant of the store, so that
	// what is done to one subject is done to half of it.
	crowd       = "crowd"
	keptTokens  = 20_000
	connections = 8 // of the moderate load; no size may be less
	pageSize    = 50
)

func subjectOf(i int) string {
	if i%2 == 0 {
		return crowd
	}
	return fmt.Sprintf("user-%d", i)
}

// latency is how long an operation takes.
type latency struct {
	P50 time.Duration `json:"p50_ns"`
	P99 time.Duration `json:"p99_ns"`
}

// timing is one operation at one size: one caller that waits for each answer,
// and the same operation at a moderate rate from several. Moderate is nil for
// what only an operator does.
type timing struct {
	Single   latency  `json:"one_connection"`
	Moderate *latency `json:"moderate,omitempty"`
}

// timings is one size on SQLite.
type timings struct {
	Grants     int               `json:"grants"`
	Bytes      int64             `json:"store_bytes"`
	Operations map[string]timing `json:"operations"`
	Checks     []check           `json:"-"`
}

// The operations, in the order of the tables.
var timed = []string{"issue", "introspect", "refresh", "revoke a token", "list a page of a subject", "list a page of a client", "revoke a subject", "revoke a client"}

// onSQLite measures one size.
func onSQLite(ctx context.Context, binary string, grants int, o options) (_ *timings, err error) {
	dir, err := os.MkdirTemp("", "rescind-growth-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "data", "rescind.db")
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	caller, err := seed.Client(ctx, store, clientID, nil)
	if err != nil {
		return nil, err
	}
	t, err := seed.Fill(ctx, store, seed.Plan{Client: clientID, Grants: grants, Keep: keptTokens, Subject: subjectOf, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	s, err := server.Start(ctx, server.Config{Binary: binary, Store: "sqlite:" + path, Log: filepath.Join(dir, "server.log")})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	m := &measuring{ctx: ctx, o: o, grants: grants, addr: s.Addr, caller: caller, tokens: t, store: store, out: map[string]timing{}}
	if err := errors.Join(m.requests(), m.operator()); err != nil {
		return nil, err
	}
	return &timings{Grants: grants, Bytes: size(path), Operations: m.out, Checks: m.checks}, nil
}

// measuring is one size while it is measured.
type measuring struct {
	ctx    context.Context
	o      options
	grants int
	addr   string
	caller seed.Caller
	tokens *seed.Tokens
	store  grant.Store
	out    map[string]timing
	checks []check

	mu     sync.Mutex
	issued []string // to be revoked
}

// requests measures what clients ask for, over HTTP.
func (m *measuring) requests() error {
	for _, op := range []struct {
		name string
		make func(i, stride int) load.Maker
	}{
		{"issue", m.issue}, {"introspect", m.introspect}, {"refresh", m.refresh}, {"revoke a token", m.revoke},
	} {
		var t timing
		for _, moderate := range []bool{false, true} {
			run := load.Run{Addr: m.addr, Connections: 1, Duration: time.Hour}
			if moderate {
				run.Connections, run.Rate = connections, m.o.rate
			}
			run.Make = func(i int) load.Maker { return limited(op.make(i, run.Connections), m.o.operations/run.Connections) }
			fmt.Fprintf(os.Stderr, "%s, %d connections\n", op.name, run.Connections)
			res, err := run.Do(m.ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
			if l := (latency{res.P50, res.P99}); moderate {
				t.Moderate = &l
			} else {
				t.Single = l
			}
		}
		m.out[op.name] = t
	}
	return nil
}

// limited ends a maker after n requests.
func limited(m load.Maker, n int) load.Maker {
	next := m.Next
	m.Next = func() ([]byte, bool) {
		if n--; n < 0 {
			return nil, false
		}
		return next()
	}
	return m
}

func (m *measuring) form(path, body string) []byte {
	return load.Post(path, m.addr, m.caller.Basic, body)
}

func (m *measuring) issue(int, int) load.Maker {
	request := m.form("/o/token/", "grant_type=client_credentials")
	return load.Maker{Next: func() ([]byte, bool) { return request, true }, Took: func(body []byte) error {
		p, err := parsePair(body)
		m.mu.Lock()
		defer m.mu.Unlock()
		m.issued = append(m.issued, p.Access)
		return err
	}}
}

func (m *measuring) introspect(i, stride int) load.Maker {
	return load.Maker{Next: func() ([]byte, bool) {
		i += stride
		return m.form("/o/introspect/", "token="+m.tokens.Access[i%len(m.tokens.Access)]), true
	}, Took: func(body []byte) error {
		if !strings.Contains(string(body), `"active":true`) {
			return errors.New("a live token was not active")
		}
		return nil
	}}
}

// refresh gives each connection its own grants, one after the other.
func (m *measuring) refresh(i, stride int) load.Maker {
	mine := (len(m.tokens.Refresh) - i + stride - 1) / stride
	n, at := -1, 0
	return load.Maker{Next: func() ([]byte, bool) {
		n++
		at = i + n%mine*stride
		return m.form("/o/token/", "grant_type=refresh_token&refresh_token="+url.QueryEscape(m.tokens.Refresh[at])), true
	}, Took: func(body []byte) error {
		p, err := parsePair(body)
		m.tokens.Access[at], m.tokens.Refresh[at] = p.Access, p.Refresh
		return err
	}}
}

// revoke ends what issue made.
func (m *measuring) revoke(int, int) load.Maker {
	return load.Maker{Next: func() ([]byte, bool) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if len(m.issued) == 0 {
			return nil, false
		}
		last := m.issued[len(m.issued)-1]
		m.issued = m.issued[:len(m.issued)-1]
		return m.form("/o/revoke_token/", "token="+last), true
	}}
}

// pair is what the token endpoint answers (RFC 6749 section 5.1).
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

func parsePair(body []byte) (p pair, err error) {
	if err := json.Unmarshal(body, &p); err != nil || p.Access == "" {
		return p, errors.New("an answer of the token endpoint had no access token")
	}
	return p, nil
}

func size(path string) int64 {
	if i, err := os.Stat(path); err == nil {
		return i.Size()
	}
	return 0
}
