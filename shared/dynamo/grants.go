package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// Create puts the grant if its key is absent.
func (s *Store) Create(ctx context.Context, g *grant.Grant) error {
	k := s.grantKey(g.ID)
	it, err := encodeGrant(k, g)
	if err != nil {
		return err
	}
	if err := s.claim(ctx, k.table); err != nil {
		return err
	}
	if err := s.putNew(ctx, k, it); err != nil {
		return grantConflict("creating a grant", k, err)
	}
	return nil
}

// grantConflict turns a failed condition into a *grant.Conflict.
func grantConflict(operation string, k key, err error) error {
	it, failed := conditionFailed(err)
	switch {
	case !failed:
		return outage(operation, k.table, err)
	case len(it) == 0:
		return &grant.Conflict{}
	}
	stored, err := decodeGrant(it)
	if err != nil {
		return err
	}
	return &grant.Conflict{Stored: stored}
}

// Replace makes the change if its condition holds.
func (s *Store) Replace(ctx context.Context, ch grant.Change) error {
	if err := s.ready(ctx); err != nil {
		return err
	}
	k := s.grantKey(ch.ID)
	u, err := replacement(k, ch)
	if err != nil {
		return err
	}
	if _, err := s.do(ctx, u); err != nil {
		return grantConflict("changing a grant", k, err)
	}
	return nil
}

func replacement(k key, ch grant.Change) (*update, error) {
	u := change(k)
	u.when(u.absent(attrRevoked))
	holds(u, ch.If)
	if !ch.Op.IsZero() {
		u.set(attrOp, bin(ch.Op[:]))
	}
	if r := ch.Rotation; r != nil {
		w := &writer{item: item{}}
		w.bytes32(attrRefresh, r.Refresh)
		w.bytes32(attrPrevious, r.Previous[0].Digest)
		w.time(attrPrevious+attrAt, r.Previous[0].At)
		w.bytes32(attrSecond, r.Previous[1].Digest)
		w.time(attrSecond+attrAt, r.Previous[1].At)
		w.num(attrRotation, r.Rotation)
		w.bytes32(attrRequest, r.Request)
		u.follow(w.item, attrRefresh, attrPrevious, attrPrevious+attrAt, attrSecond, attrSecond+attrAt, attrRotation, attrRequest)
	}
	if !ch.Family.IsZero() {
		u.set(attrFamily, bin(ch.Family[:]))
	}
	if f := ch.Slot; f != nil {
		if f.N < 0 || f.N >= grant.Slots {
			return nil, errNoSuchSlot
		}
		v, err := encodeSlot(f.Slot)
		if err != nil {
			return nil, err
		}
		u.set(attrSlot(f.N), v)
		u.set(attrIssued, num(f.Issued))
	}
	if ch.UseCode {
		u.set(attrUsed, yes())
	}
	if !ch.IdleEnd.IsZero() {
		u.set(attrIdleEnd, millis(ch.IdleEnd))
	}
	if !ch.ExpiresAt.IsZero() {
		u.set(TTLAttribute, num(ch.ExpiresAt.Unix()))
	}
	return u, nil
}

var errNoSuchSlot = fmt.Errorf("dynamo: a grant has the slots 0 to %d", grant.Slots-1)

func holds(u *update, c grant.Condition) {
	if c.ClientID != "" {
		u.when(u.is(attrClient, "=", str(c.ClientID)))
	}
	if !c.Refresh.IsZero() {
		u.when(u.is(attrRefresh, "=", bin(c.Refresh[:])))
	}
	if !c.Previous.IsZero() {
		u.when(u.is(attrPrevious, "=", bin(c.Previous[:])))
	}
	if !c.Op.IsZero() {
		u.when(u.is(attrOp, "=", bin(c.Op[:])))
	}
	if c.Issued != nil {
		u.when(u.is(attrIssued, "=", num(*c.Issued)))
	}
	if !c.UnusedCode.IsZero() {
		u.when(u.is(attrCode, "=", bin(c.UnusedCode[:])), u.absent(attrUsed))
	}
}

// Revoke sets the grant's revocation unless it has one, and gives the one that
// stands.
func (s *Store) Revoke(ctx context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error) {
	if r.At.IsZero() {
		return grant.Revocation{}, errNoTime
	}
	if err := s.ready(ctx); err != nil {
		return grant.Revocation{}, err
	}
	k := s.grantKey(id)
	u := revocation(k, clientID, r)
	after, err := s.do(ctx, u)
	if err != nil {
		return grant.Revocation{}, grantConflict("revoking a grant", k, err)
	}
	g, err := decodeGrant(after)
	if err != nil {
		return grant.Revocation{}, err
	}
	return g.Revoked, nil
}

var errNoTime = errors.New("dynamo: a revocation needs its time")

func revocation(k key, clientID string, r grant.Revocation) *update {
	u := change(k)
	if clientID != "" {
		u.when(u.is(attrClient, "=", str(clientID)))
	}
	end := encodeRevocation(r)
	for _, name := range []string{attrRevoked, attrReason, attrRevoker} {
		u.setOnce(name, end[name])
	}
	u.after = true
	return u
}

// RemoveAccess empties slot n if it still holds the digest.
func (s *Store) RemoveAccess(ctx context.Context, id token.GrantID, n int, d secret.Digest) error {
	if n < 0 || n >= grant.Slots {
		return errNoSuchSlot
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	k := s.grantKey(id)
	u := change(k)
	u.when(u.is(attrSlot(n)+".d", "=", bin(d[:])))
	u.drop(attrSlot(n))
	if _, err := s.do(ctx, u); err != nil {
		return grantConflict("removing an access token", k, err)
	}
	return nil
}

// Deny records the denial of a signed token unless there is one.
func (s *Store) Deny(ctx context.Context, d grant.Denial) error {
	k := s.denialKey(d.JTI)
	switch {
	case d.At.IsZero():
		return errNoTime
	case !k.possible():
		return errImpossibleKey
	}
	if err := s.claim(ctx, k.table); err != nil {
		return err
	}
	u := upsert(k)
	u.setOnce(attrRevoked, millis(d.At))
	u.setOnce(attrReason, str(strings.ToValidUTF8(d.Reason, "?")))
	if !d.ExpiresAt.IsZero() {
		u.setOnce(TTLAttribute, num(d.ExpiresAt.Unix()))
	}
	if _, err := s.do(ctx, u); err != nil {
		return outage("denying a token", k.table, err)
	}
	return nil
}
