package interleave_test

import (
	"context"
	"maps"
	"sync"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// memory is a store in memory: the conditions of grant.Store in plain Go, and
// switches that leave one of them out. Rows are never changed in place.
type memory struct {
	grant.Store // none: what no operation here uses ends the test

	mu         sync.Mutex
	grants     map[token.GrantID]*grant.Grant
	clients    map[string]*client.Client
	subjects   map[string]int64
	generation int64
	sins       sins
	read       map[string]*grant.Grant // what a stale read gives again, by grant
}

// sins are conditions that a store may leave out.
type sins struct {
	ignoresIssued, ignoresRefresh, ignoresPrevious, ignoresCode     bool
	revivesOnReplace, overwritesRevocation, removesWhateverIsThere  bool
	setsSubjectEpoch, setsClientEpoch, ignoresVersion, readsStale   bool
	writesWholeRow, revokesNothing, raisesAgain, answersConflictsOK bool
}

func newMemory() *memory {
	return &memory{grants: map[token.GrantID]*grant.Grant{}, clients: map[string]*client.Client{}, subjects: map[string]int64{},
		generation: 1, read: map[string]*grant.Grant{}}
}

func (m *memory) clone(s sins) *memory {
	return &memory{grants: maps.Clone(m.grants), clients: maps.Clone(m.clients), subjects: maps.Clone(m.subjects),
		generation: m.generation, sins: s, read: map[string]*grant.Grant{}}
}

func copied[T any](p *T) *T {
	if p == nil {
		return nil
	}
	c := *p
	return &c
}

func (m *memory) Find(_ context.Context, keys grant.Keys) (rows grant.Rows, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range keys.Clients {
		rows.Clients = append(rows.Clients, copied(m.clients[id]))
	}
	for _, id := range keys.Grants {
		g := m.grants[id]
		if m.sins.readsStale {
			if old, ok := m.read[id.String()]; ok {
				g = old
			}
			m.read[id.String()] = g
		}
		rows.Grants = append(rows.Grants, copied(g))
	}
	for _, s := range keys.Subjects {
		rows.Subjects = append(rows.Subjects, m.subjects[s])
	}
	rows.Denied = make([]grant.Denial, len(keys.Denied))
	rows.Generation = m.generation
	return rows, nil
}

func (m *memory) Create(_ context.Context, g *grant.Grant) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there := m.grants[g.ID]; there != nil {
		return &grant.Conflict{Stored: copied(there)}
	}
	m.grants[g.ID] = copied(g)
	return nil
}

func (m *memory) holds(g *grant.Grant, c grant.Condition) bool {
	s := m.sins
	return (g.Revoked.At.IsZero() || s.revivesOnReplace) &&
		(c.ClientID == "" || c.ClientID == g.ClientID) &&
		(c.Refresh.IsZero() || s.ignoresRefresh || c.Refresh.Equal(g.Refresh)) &&
		(c.Previous.IsZero() || s.ignoresPrevious || c.Previous.Equal(g.Previous[0].Digest)) &&
		(c.Op.IsZero() || s.ignoresPrevious || c.Op.Equal(g.Op)) &&
		(c.Issued == nil || s.ignoresIssued || *c.Issued == g.Issued) &&
		(c.UnusedCode.IsZero() || s.ignoresCode || c.UnusedCode.Equal(g.Code.Digest) && !g.Code.Used)
}

func (m *memory) Replace(_ context.Context, ch grant.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	there := m.grants[ch.ID]
	if there == nil || !m.holds(there, ch.If) {
		if m.sins.answersConflictsOK {
			return nil
		}
		return &grant.Conflict{Stored: copied(there)}
	}
	g := copied(there)
	if m.sins.revivesOnReplace {
		g.Revoked = grant.Revocation{}
	}
	if m.sins.writesWholeRow { // as it was when the first of all read it
		if old, ok := m.read["row"]; ok {
			g.Access, g.Revoked = old.Access, old.Revoked
		}
		m.read["row"] = there
	}
	if !ch.Op.IsZero() {
		g.Op = ch.Op
	}
	if r := ch.Rotation; r != nil {
		g.Refresh, g.Previous, g.Rotation, g.Request = r.Refresh, r.Previous, r.Rotation, r.Request
	}
	if !ch.Family.IsZero() {
		g.Family = ch.Family
	}
	if f := ch.Slot; f != nil {
		g.Access[f.N], g.Issued = f.Slot, f.Issued
	}
	g.Code.Used = g.Code.Used || ch.UseCode
	if !ch.IdleEnd.IsZero() {
		g.IdleEnd = ch.IdleEnd
	}
	if !ch.ExpiresAt.IsZero() {
		g.ExpiresAt = ch.ExpiresAt
	}
	m.grants[ch.ID] = g
	return nil
}

func (m *memory) Revoke(_ context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	there := m.grants[id]
	if there == nil || clientID != "" && there.ClientID != clientID {
		return grant.Revocation{}, &grant.Conflict{Stored: copied(there)}
	}
	if !there.Revoked.At.IsZero() && !m.sins.overwritesRevocation {
		return there.Revoked, nil
	}
	g := copied(there)
	g.Revoked = r
	if !m.sins.revokesNothing {
		m.grants[id] = g
	}
	return r, nil
}

func (m *memory) RemoveAccess(_ context.Context, id token.GrantID, n int, d secret.Digest) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	there := m.grants[id]
	if there == nil || !there.Access[n].Digest.Equal(d) && !m.sins.removesWhateverIsThere {
		return &grant.Conflict{Stored: copied(there)}
	}
	g := copied(there)
	g.Access[n] = grant.Slot{}
	m.grants[id] = g
	return nil
}

func (m *memory) RaiseSubjectEpoch(_ context.Context, subject string, from, to int64) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.subjects[subject] != from && !m.sins.setsSubjectEpoch {
		if m.sins.raisesAgain {
			m.subjects[subject] += hour
		}
		return false, nil
	}
	m.subjects[subject] = to
	return true, nil
}

// hour is what an epoch rises by that counts deliveries, in milliseconds.
const hour = 3_600_000

func (m *memory) FindClient(_ context.Context, id string) (*client.Client, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return copied(m.clients[id]), nil
}

func (m *memory) CreateClient(_ context.Context, c *client.Client) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if there := m.clients[c.ID]; there != nil {
		return &client.Conflict{Stored: copied(there)}
	}
	m.clients[c.ID] = copied(c)
	return nil
}

func (m *memory) UpdateClient(_ context.Context, id string, ver int64, ch client.Change) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	there := m.clients[id]
	if there == nil || there.State == client.Deleted || there.Version != ver && !m.sins.ignoresVersion {
		return &client.Conflict{Stored: copied(there)}
	}
	c := copied(there)
	if ch.State != nil {
		c.State = *ch.State
	}
	if ch.Secrets != nil {
		c.Secrets = *ch.Secrets
	}
	if ch.Policy != nil {
		c.Policy = *ch.Policy
	}
	c.Version, c.Op, c.Updated = c.Version+1, ch.Op, ch.Updated
	m.clients[id] = c
	return nil
}

func (m *memory) RaiseClientEpoch(_ context.Context, id string, from, to int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	there := m.clients[id]
	if there == nil || there.Epoch != from && !m.sins.setsClientEpoch {
		return &client.Conflict{Stored: copied(there)}
	}
	c := copied(there)
	c.Epoch = to
	m.clients[id] = c
	return nil
}
