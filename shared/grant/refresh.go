package grant

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// RefreshStore is what refreshing and redeeming need.
type RefreshStore interface {
	Finder
	Replacer
	Revoker
}

// RefreshRequest is a refresh (RFC 6749 section 6) whose client has
// authenticated; Grant and Generation are of the same read as the client.
type RefreshRequest struct {
	Client     client.Authenticated
	Token      token.Value
	Grant      *Grant
	Generation int64
	Scope      oauth.Scope // empty: as granted
	Resource   []string    // empty: as granted; RFC 8707
}

// digest tells a repeated request from one that asks for something else.
func (req RefreshRequest) digest() secret.Digest {
	if len(req.Scope)+len(req.Resource) == 0 {
		return asGranted
	}
	scope, resource := slices.Sorted(slices.Values(req.Scope)), slices.Sorted(slices.Values(req.Resource))
	return sha256.Sum256([]byte(strings.Join(scope, " ") + "\n" + strings.Join(resource, " ") + "\n"))
}

// asGranted is the digest of a request that asks for nothing in particular.
var asGranted secret.Digest = sha256.Sum256([]byte("\n\n"))

// plan is what a pure rule decided: refuse (an error beside it), answer with
// tokens, or make one change first.
type plan struct {
	tokens Tokens
	change *Change
	ours   mark
	reuse  string // end the grant, for this reason
	once   bool   // where the answer reaches nobody, it is kept for whoever tries again
}

// Refresh issues a new access token and, for a client whose tokens rotate, a
// new refresh token. Within the grace the preceding refresh token gets the
// identical answer again; a later or older genuine one ends the grant (RFC
// 9700 section 4.14.2). Errors: *Refused, or an outage.
func (r Rules) Refresh(ctx context.Context, s RefreshStore, req RefreshRequest) (Tokens, error) {
	return r.attempt(ctx, s, req.Client, req.Token, req.Grant, req.Generation,
		func(g *Grant, cur Current) (plan, error) { return r.planRefresh(g, cur, req) })
}

// attempt runs read, decide, write, and begins again where the write lost a
// race. The first read is the caller's.
func (r Rules) attempt(ctx context.Context, s RefreshStore, who client.Authenticated, v token.Value, g *Grant, generation int64,
	decide func(*Grant, Current) (plan, error)) (Tokens, error) {
	cur := Current{Client: who.Client(), Store: generation}
	for range maxTries + 1 {
		if g == nil {
			return Tokens{}, invalidGrant(DeadUnknown)
		}
		var err error
		if cur.Subject, err = subjectEpoch(ctx, s, g); err != nil {
			return Tokens{}, err
		}
		p, err := decide(g, cur)
		switch {
		case err != nil:
			return Tokens{}, err
		case p.reuse != "":
			return Tokens{}, r.endReused(ctx, s, g, p.reuse)
		case p.change == nil:
			return p.tokens, nil
		}
		err = r.write(ctx, func(ctx context.Context) error { return s.Replace(ctx, *p.change) })
		err = r.settle(ctx, s, g.ID, err, p.ours)
		_, lost := isConflict(err)
		gone := ctx.Err() != nil
		if p.once && !lost && (err != nil || gone) {
			r.Unsettled.keep(p.ours.op, p.tokens, r.now())
		}
		switch {
		case err == nil:
			return p.tokens, nil
		case !lost:
			return Tokens{}, fmt.Errorf("writing the grant: %w", err)
		}
		rows, err := s.Find(ctx, Keys{Clients: []string{who.ID()}, Grants: []token.GrantID{v.GrantID()}})
		if err != nil {
			return Tokens{}, err
		}
		g, cur.Client, cur.Store = rows.Grants[0], rows.Clients[0], rows.Generation
	}
	return Tokens{}, ErrContended
}

// subjectEpoch reads what a grant of a subject is judged by.
func subjectEpoch(ctx context.Context, s Finder, g *Grant) (int64, error) {
	if g.Subject == "" {
		return 0, nil
	}
	rows, err := s.Find(ctx, Keys{Subjects: []string{g.Subject}})
	if err != nil {
		return 0, err
	}
	return rows.Subjects[0], nil
}

// endReused ends the grant of a value that came back. Only once that is
// durable is the answer a refusal.
func (r Rules) endReused(ctx context.Context, s RefreshStore, g *Grant, reason string) error {
	if _, _, err := r.end(ctx, s, g.ID, g.ClientID, reason); err != nil {
		return err
	}
	return reuse(reason)
}

func (r Rules) planRefresh(g *Grant, cur Current, req RefreshRequest) (plan, error) {
	now := r.now()
	gen := g.generationOf(req.Token)
	if gen == forged {
		return plan{}, invalidGrant("forged")
	}
	if g.ClientID != req.Client.ID() {
		return plan{}, invalidGrant("another_client")
	}
	if dead := g.Dead(cur, now); dead != "" {
		return plan{}, invalidGrant(dead)
	}
	switch within := func(p Predecessor) bool { return now.Before(p.At.Add(r.Grace)) }; {
	case gen == predecessor && within(g.Previous[0]):
		return r.planReplay(g, cur, req, now)
	case gen == second && within(g.Previous[1]):
		return plan{}, invalidGrant("second_predecessor_in_grace")
	case gen != current:
		return plan{reuse: "refresh_token_reuse"}, nil
	case !now.Before(g.refreshEnd()):
		return plan{}, invalidGrant(DeadExpired)
	}
	slot, err := r.newSlot(g, cur.Client.Policy, req.Scope, req.Resource, now)
	if err != nil {
		return plan{}, err
	}
	if !cur.Client.Policy.Rotates() {
		return r.planKeep(g, cur, req, slot)
	}
	return r.planRotate(g, cur, req, slot)
}

// newSlot checks what the request asks for against what was granted: it may
// narrow, never widen (RFC 6749 section 6, RFC 8707 section 2.2).
func (r Rules) newSlot(g *Grant, p client.Policy, scope oauth.Scope, resource []string, now time.Time) (Slot, error) {
	if !scope.Within(g.Scope) {
		return Slot{}, refuse(oauth.InvalidScope, "scope_wider_than_granted", "The scope asked for is wider than what was granted.")
	}
	slot := Slot{Issued: now, Expires: r.accessEnd(p, now, g.AbsoluteEnd)}
	if len(scope) > 0 && !scope.Equal(g.Scope) {
		slot.Scope = scope
	}
	for _, res := range resource {
		if !slices.Contains(g.Audience, res) {
			return Slot{}, refuse(oauth.InvalidTarget, "resource_not_granted", "The resource asked for is not among those granted.")
		}
	}
	lacks := func(a string) bool { return !slices.Contains(resource, a) }
	if len(resource) > 0 && slices.ContainsFunc(g.Audience, lacks) {
		slot.Audience = slices.Compact(slices.Sorted(slices.Values(resource))) // one may stand twice
	}
	return slot, nil
}

// planRotate replaces the refresh token. Its successors are derived from it
// and the op of this very write.
func (r Rules) planRotate(g *Grant, cur Current, req RefreshRequest, slot Slot) (plan, error) {
	op, err := secret.NewOp(r.Rand)
	if err != nil {
		return plan{}, err
	}
	refresh, access, err := req.Token.Successors(op[:])
	if err != nil {
		return plan{}, err
	}
	p := r.planAccess(g, cur.Client.Policy, slot, access, refresh)
	p.change.If.Refresh, p.change.Op, p.ours.op = req.Token.Digest(), op, op
	p.change.Rotation = &Rotated{
		Refresh:  refresh.Digest(),
		Previous: [2]Predecessor{{req.Token.Digest(), slot.Issued}, g.Previous[0]},
		Rotation: g.Rotation + 1,
		Request:  req.digest(),
	}
	return p, nil
}

// planKeep issues another access token under the same refresh token. It leaves
// op alone: a rotation's successors are derived from it.
func (r Rules) planKeep(g *Grant, cur Current, req RefreshRequest, slot Slot) (plan, error) {
	access, err := token.NewAccess(g.ID, r.Rand)
	if err != nil {
		return plan{}, err
	}
	p := r.planAccess(g, cur.Client.Policy, slot, access, req.Token)
	p.change.If.Refresh = req.Token.Digest()
	return p, nil
}

// planReplay answers the preceding token again: with the identical tokens, or,
// where the request differs or the access token is no longer live, with the
// same refresh token and a new access token.
func (r Rules) planReplay(g *Grant, cur Current, req RefreshRequest, now time.Time) (plan, error) {
	refresh, access, err := req.Token.Successors(g.Op[:])
	if err != nil {
		return plan{}, err
	}
	if !refresh.Digest().Equal(g.Refresh) {
		return plan{}, errors.New("grant: the current refresh token is not the successor of its predecessor; the item was changed by other means")
	}
	if n := g.FindAccess(access.Digest()); n >= 0 && now.Before(g.Access[n].Expires) && req.digest().Equal(g.Request) {
		t := r.tokens(g, g.Access[n], access, refresh, now)
		t.Replayed = true
		return plan{tokens: t}, nil
	}
	slot, err := r.newSlot(g, cur.Client.Policy, req.Scope, req.Resource, now)
	if err != nil {
		return plan{}, err
	}
	// Not the derived one: it may have been revoked, or stand for another scope.
	if access, err = token.NewAccess(g.ID, r.Rand); err != nil {
		return plan{}, err
	}
	p := r.planAccess(g, cur.Client.Policy, slot, access, refresh)
	p.change.If.Previous, p.change.If.Op = req.Token.Digest(), g.Op
	p.change.IdleEnd = time.Time{}
	p.tokens.Replayed = true
	return p, nil
}

// planAccess fills the next slot. The caller adds what it is conditional on.
func (r Rules) planAccess(g *Grant, p client.Policy, slot Slot, access, refresh token.Value) plan {
	slot.Digest = access.Digest()
	n := int(g.Issued % Slots)
	t := r.tokens(g, slot, access, refresh, slot.Issued)
	t.Displaced = !g.Access[n].Digest.IsZero() && slot.Issued.Before(g.Access[n].Expires)
	return plan{
		tokens: t,
		ours:   mark{access: slot.Digest},
		change: &Change{
			ID:        g.ID,
			If:        Condition{Issued: &g.Issued},
			Slot:      &Filled{N: n, Slot: slot, Issued: g.Issued + 1},
			IdleEnd:   r.idleEnd(p, slot.Issued, g.AbsoluteEnd),
			ExpiresAt: expiry(g.ExpiresAt, g.AbsoluteEnd),
		},
	}
}

func (r Rules) tokens(g *Grant, slot Slot, access, refresh token.Value, now time.Time) Tokens {
	return Tokens{
		Grant: g.ID, ClientID: g.ClientID, Subject: g.Subject,
		Access: access, Refresh: refresh, Scope: g.scopeOf(slot),
		ExpiresIn: int64(slot.Expires.Sub(now) / time.Second),
	}
}
