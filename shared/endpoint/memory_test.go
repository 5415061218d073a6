package endpoint_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// memory is the least store that the endpoints run on, for what must not
// measure a real one: the handlers' own work, and a fuzzer's. Promises are
// tested on the real ones.
type memory struct {
	grant.Store // what the endpoints do not call is not there
	mu          sync.Mutex
	clients     map[string]*client.Client
	grants      map[token.GrantID]*grant.Grant
}

type onMemory struct{}

func (onMemory) name() string   { return "memory" }
func (onMemory) suffix() string { return "" }
func (onMemory) open(testing.TB, func() time.Time) (grant.Store, func() string) {
	return &memory{clients: map[string]*client.Client{}, grants: map[token.GrantID]*grant.Grant{}}, nil
}

func (m *memory) Find(_ context.Context, keys grant.Keys) (grant.Rows, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := grant.Rows{Clients: make([]*client.Client, 0, len(keys.Clients)), Grants: make([]*grant.Grant, 0, len(keys.Grants)),
		Subjects: make([]int64, len(keys.Subjects))}
	for _, id := range keys.Clients {
		rows.Clients = append(rows.Clients, m.clients[id])
	}
	for _, id := range keys.Grants {
		rows.Grants = append(rows.Grants, m.grants[id])
	}
	return rows, nil
}

func (m *memory) CreateClient(_ context.Context, c *client.Client) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clients[c.ID] = c
	return nil
}

func (m *memory) Create(_ context.Context, g *grant.Grant) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.grants[g.ID] = g
	return nil
}

// change replaces a grant by a changed copy if the condition holds: rows that
// were read before stay as they were.
func (m *memory) change(id token.GrantID, holds func(*grant.Grant) bool, do func(*grant.Grant)) (*grant.Grant, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.grants[id]
	if g == nil || !holds(g) {
		return nil, &grant.Conflict{Stored: g}
	}
	changed := *g
	do(&changed)
	m.grants[id] = &changed
	return &changed, nil
}

func (m *memory) Replace(_ context.Context, ch grant.Change) error {
	_, err := m.change(ch.ID, func(g *grant.Grant) bool {
		return g.Revoked.At.IsZero() && (ch.If.Refresh.IsZero() || ch.If.Refresh.Equal(g.Refresh)) &&
			(ch.If.Previous.IsZero() || ch.If.Previous.Equal(g.Previous[0].Digest)) && (ch.If.Issued == nil || *ch.If.Issued == g.Issued)
	}, func(g *grant.Grant) {
		if !ch.Op.IsZero() {
			g.Op = ch.Op
		}
		if r := ch.Rotation; r != nil {
			g.Refresh, g.Previous, g.Rotation, g.Request = r.Refresh, r.Previous, r.Rotation, r.Request
		}
		if s := ch.Slot; s != nil {
			g.Access[s.N], g.Issued = s.Slot, s.Issued
		}
		if !ch.IdleEnd.IsZero() {
			g.IdleEnd = ch.IdleEnd
		}
	})
	return err
}

func (m *memory) Revoke(_ context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error) {
	g, err := m.change(id, func(g *grant.Grant) bool { return clientID == "" || clientID == g.ClientID }, func(g *grant.Grant) {
		if g.Revoked.At.IsZero() {
			g.Revoked = r
		}
	})
	if err != nil {
		return grant.Revocation{}, err
	}
	return g.Revoked, nil
}

func (m *memory) RemoveAccess(_ context.Context, id token.GrantID, n int, d secret.Digest) error {
	_, err := m.change(id, func(g *grant.Grant) bool { return g.Access[n].Digest.Equal(d) }, func(g *grant.Grant) { g.Access[n] = grant.Slot{} })
	return err
}
