package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"rescind/internal/bench/load"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// operator measures what an operator's command does, on the store itself while
// the server has it open too; the start of a process is left out.
func (m *measuring) operator() error {
	rules := grant.Defaults(time.Now, rand.Reader)
	manager := client.Manager{Store: m.store, Now: time.Now, Rand: rand.Reader}
	var none token.GrantID
	for _, op := range []struct {
		name string
		do   func() error
	}{
		{"list a page of a subject", func() error { return full(m.store.ListGrants(m.ctx, crowd, none, pageSize)) }},
		{"list a page of a client", func() error { return full(m.store.ListClientGrants(m.ctx, clientID, none, pageSize)) }},
		{"revoke a subject", func() error { _, err := rules.RevokeSubject(m.ctx, m.store, crowd); return err }},
		{"revoke a client", func() error { _, err := manager.RaiseEpoch(m.ctx, clientID); return err }},
	} {
		fmt.Fprintln(os.Stderr, op.name)
		took := make([]time.Duration, 0, m.o.operations/4)
		for range cap(took) {
			start := time.Now()
			if err := op.do(); err != nil {
				return fmt.Errorf("%s: %w", op.name, err)
			}
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		m.out[op.name] = timing{Single: latency{took[len(took)/2], took[len(took)*99/100]}}
		if strings.HasPrefix(op.name, "revoke a") {
			if err := m.ended(op.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// full wants a page with something on it.
func full(page []token.GrantID, err error) error {
	if err == nil && len(page) == 0 {
		return errors.New("the page is empty")
	}
	return err
}

// ended asks the server about tokens of grants that a mass revocation ended,
// and about others.
func (m *measuring) ended(by string) error {
	alive, dead, wrong := 0, 0, 0
	i := -1
	_, err := load.Run{Addr: m.addr, Connections: 1, Duration: time.Hour, Make: func(int) load.Maker {
		return load.Maker{Next: func() ([]byte, bool) {
			if i++; i >= min(len(m.tokens.Access), 1000) {
				return nil, false
			}
			return m.form("/o/introspect/", "token="+m.tokens.Access[i]), true
		}, Took: func(body []byte) error {
			active := strings.Contains(string(body), `"active":true`)
			if lives := by == "revoke a subject" && i%2 != 0; lives != active {
				wrong++
			} else if lives {
				alive++
			} else {
				dead++
			}
			return nil
		}}
	}}.Do(m.ctx)
	if err != nil {
		return fmt.Errorf("asking after %q: %w", by, err)
	}
	m.checks = append(m.checks, check{fmt.Sprintf("SQLite, %d grants: to %s ends what it must, and nothing else", m.grants, by), wrong == 0 && dead > 0,
		fmt.Sprintf("asked about %d tokens: %d ended, %d live, %d wrong", alive+dead+wrong, dead, alive, wrong)})
	return nil
}
