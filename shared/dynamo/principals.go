package dynamo

import (
	"context"
	"errors"

	"rescind/shared/client"
)

// CreateClient puts a new row if the key is absent.
func (s *Store) CreateClient(ctx context.Context, c *client.Client) error {
	k := s.clientKey(c.ID)
	if !k.possible() {
		return errImpossibleKey
	}
	it, err := encodeClient(k, c)
	if err != nil {
		return err
	}
	if err := s.claim(ctx, k.table); err != nil {
		return err
	}
	if err := s.putNew(ctx, k, it); err != nil {
		return clientConflict("creating a client", k, err)
	}
	return nil
}

// clientConflict turns a failed condition into a *client.Conflict.
func clientConflict(operation string, k key, err error) error {
	it, failed := conditionFailed(err)
	switch {
	case !failed:
		return outage(operation, k.table, err)
	case len(it) == 0:
		return &client.Conflict{}
	}
	stored, err := decodeClient(it)
	if err != nil {
		return err
	}
	return &client.Conflict{Stored: stored}
}

// UpdateClient changes the named attributes only, under the row's version.
func (s *Store) UpdateClient(ctx context.Context, id string, ver int64, ch client.Change) error {
	k := s.clientKey(id)
	if !k.possible() {
		return &client.Conflict{}
	}
	u, err := clientChange(k, ver, ch)
	if err != nil {
		return err
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if _, err := s.do(ctx, u); err != nil {
		return clientConflict("changing a client", k, err)
	}
	return nil
}

func clientChange(k key, ver int64, ch client.Change) (*update, error) {
	u := change(k)
	u.when(u.is(attrClientVer, "=", num(ver)), u.is(attrState, "<>", str(string(client.Deleted))))
	if ch.State != nil {
		u.set(attrState, str(string(*ch.State)))
	}
	if ch.Secrets != nil {
		full, err := encodeSecrets(*ch.Secrets)
		if err != nil {
			return nil, err
		}
		u.follow(full, attrSecrets[:]...)
	}
	if ch.Policy != nil {
		policy, err := encodePolicy(*ch.Policy)
		if err != nil {
			return nil, err
		}
		u.set(attrPolicy, policy)
	}
	w := &writer{item: item{}}
	w.bytes32(attrOp, ch.Op)
	w.time(attrUpdated, ch.Updated)
	u.follow(w.item, attrOp, attrUpdated)
	u.set(attrClientVer, num(ver+1))
	return u, nil
}

var errLowered = errors.New("dynamo: an epoch can only be raised")

// RaiseClientEpoch sets the epoch if the row exists and it is still "from".
func (s *Store) RaiseClientEpoch(ctx context.Context, id string, from, to int64) error {
	k := s.clientKey(id)
	switch {
	case to <= from:
		return errLowered
	case !k.possible():
		return &client.Conflict{}
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	u := change(k)
	u.when(u.is(attrEpoch, "=", num(from)))
	u.set(attrEpoch, num(to))
	if _, err := s.do(ctx, u); err != nil {
		return clientConflict("raising a client's epoch", k, err)
	}
	return nil
}

// RaiseSubjectEpoch sets the epoch if it is still "from". The row need not exist.
func (s *Store) RaiseSubjectEpoch(ctx context.Context, subject string, from, to int64) (raised bool, err error) {
	if to <= from {
		return false, errLowered
	}
	k := s.subjectKey(subject)
	if err := s.claim(ctx, k.table); err != nil {
		return false, err
	}
	u := upsert(k)
	still := u.is(attrEpoch, "=", num(from))
	if from == 0 {
		still = "(" + u.absent(attrEpoch) + " OR " + still + ")"
	}
	u.when(still)
	u.set(attrEpoch, num(to))
	if _, err := s.do(ctx, u); err != nil {
		if _, moved := conditionFailed(err); moved {
			return false, nil
		}
		return false, outage("raising a subject's epoch", k.table, err)
	}
	return true, nil
}
