package interleave_test

import (
	"errors"
	"fmt"
	"strings"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// snapshot is all rows at one moment.
type snapshot struct {
	g       *grant.Grant
	c       *client.Client
	subject int64
}

// watch holds what is never to be: a reason to be dead that moves away from dead.
func (m *meeting) watch() {
	was, is := m.last, m.look()
	m.last = is
	never := func(b bool, what string) {
		if b {
			m.finds = append(m.finds, what)
		}
	}
	if is.g == nil || is.c == nil {
		never(true, "a row is gone")
		return
	}
	never(!was.g.Revoked.At.IsZero() && was.g.Revoked != is.g.Revoked, "a revocation was taken back or overwritten")
	never(is.c.Epoch < was.c.Epoch, "the client's epoch fell")
	never(is.subject < was.subject, "the subject's epoch fell")
	never(was.c.State == client.Deleted && is.c.State != client.Deleted, "a deleted client came back")
	never(is.c.Version < was.c.Version, "the client's version fell")
	never(was.g.Code.Used && !is.g.Code.Used, "a used code can be used again")
	never(is.g.Issued < was.g.Issued || is.g.Rotation < was.g.Rotation, "a count went down")
	never(is.g.ExpiresAt.Before(was.g.ExpiresAt), "the item expires earlier than it did")
	never(is.g.Rotation == was.g.Rotation && was.g.Rotation > 0 && is.g.Refresh != was.g.Refresh, "the refresh token changed and no rotation is counted")
	never(is.g.Rotation > was.g.Rotation && is.g.Previous[0].Digest != was.g.Refresh, "the refresh token's predecessor is not the one before it")
	for i := range is.g.Access {
		now, then := is.g.Access[i].Digest, was.g.Access[i].Digest
		never(now != then && !now.IsZero() && is.g.Issued == was.g.Issued, "a slot was filled and not counted")
	}
}

// names gives what a digest stands for; what nobody was handed has no name.
func (m *meeting) called(d secret.Digest) string {
	if d.IsZero() {
		return "-"
	}
	if name, ok := m.named[d]; ok {
		return name
	}
	return "one that nobody has"
}

// outcome is what all were answered and what is there then, the same for two
// runs that differ in random bytes only.
func (m *meeting) outcome() string {
	var b strings.Builder
	for i, t := range m.threads {
		if t.answer.tokens != nil {
			m.name(names[i], *t.answer.tokens)
		}
	}
	for i, t := range m.threads {
		fmt.Fprintf(&b, "%s: %s\n", names[i], m.spell(t.answer))
	}
	s := m.look()
	g, c := s.g, s.c
	fmt.Fprintf(&b, "line: %s < %s < %s, %d rotations, %d access tokens:", m.called(g.Refresh), m.called(g.Previous[0].Digest),
		m.called(g.Previous[1].Digest), g.Rotation, g.Issued)
	for _, slot := range g.Access {
		fmt.Fprintf(&b, " %s%v", m.called(slot.Digest), slot.Scope)
	}
	fmt.Fprintf(&b, "\ncode used: %t; revoked: %t %s\n", g.Code.Used, !g.Revoked.At.IsZero(), g.Revoked.Reason)
	fmt.Fprintf(&b, "client: %s, %q, version %d, its epoch ends the grant: %t; the subject's does: %t\n", c.State, c.Policy.Name, c.Version,
		c.Epoch > g.Epochs.Client, s.subject > g.Epochs.Subject)
	for _, v := range m.values() {
		fmt.Fprintf(&b, "%s: %s\n", m.called(v.Digest()), m.state(v))
	}
	return b.String()
}

func (m *meeting) spell(a answer) string {
	var refused *grant.Refused
	switch {
	case a.outage():
		return outage
	case errors.As(a.err, &refused):
		return "refused for " + refused.Reason
	case a.err != nil:
		return "refused: " + a.err.Error()
	case a.tokens != nil:
		t := a.tokens
		return fmt.Sprintf("%s and %s, %v, replayed=%t displaced=%t", m.called(t.Access.Digest()), m.called(t.Refresh.Digest()), t.Scope, t.Replayed, t.Displaced)
	}
	return a.says
}

const outage = "an outage"

// values are all that anybody was handed, in a fixed order.
func (m *meeting) values() []token.Value {
	var all []token.Value
	seen := map[secret.Digest]bool{}
	add := func(vs ...token.Value) {
		for _, v := range vs {
			if v.Kind() != 0 && !seen[v.Digest()] {
				seen[v.Digest()] = true
				all = append(all, v)
			}
		}
	}
	for _, t := range []grant.Tokens{m.oldest, m.previous, m.latest} {
		add(t.Access, t.Refresh)
	}
	for _, t := range m.threads {
		if t.answer.tokens != nil {
			add(t.answer.tokens.Access, t.answer.tokens.Refresh)
		}
	}
	return all
}

// state is what an introspection says of a value now.
func (m *meeting) state(v token.Value) string {
	who := m.server
	if v.Kind() == token.Refresh {
		who = m.app
	}
	got, err := m.introspect(m.store, who, v)
	if err != nil {
		return "not told"
	}
	return fmt.Sprintf("active=%t %s", got.Active, got.Why)
}

func (m *meeting) active(v token.Value) bool { return strings.HasPrefix(m.state(v), "active=true") }

// settled checks the end: what was ended is dead, and what met an outage can be
// tried again.
func (m *meeting) settled() []string {
	m.allDead()
	for i, t := range m.threads {
		if !t.answer.outage() {
			continue
		}
		t.store.Reset()
		t.answer = t.op.run(m.scene, m.store, names[i])
		m.watch()
		if t.answer.outage() {
			m.finds = append(m.finds, "tried again, it is an outage once more: "+t.answer.err.Error())
		}
	}
	m.allDead()
	return m.finds
}

// allDead: where an answer says that the grant is ended, nothing of it is active.
func (m *meeting) allDead() {
	all := false
	for _, t := range m.threads {
		all = all || t.answer.ends
		if t.answer.kills.Kind() != 0 && m.active(t.answer.kills) {
			m.finds = append(m.finds, "a token is active whose revocation was answered")
		}
	}
	for _, v := range m.values() {
		if all && v.GrantID() == m.id && m.active(v) {
			m.finds = append(m.finds, m.called(v.Digest())+" is active, and an answer said that the grant is ended")
		}
	}
}
