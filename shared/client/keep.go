package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"rescind/shared/secret"
)

// The methods here are a journal's, which is replayed into a store that was
// restored from a backup: each moves a row towards dead only, and may be
// repeated.

// KeepSecrets drops every secret of the client that was not made at one of the
// times, in milliseconds, and gives the row and how many were dropped. Where
// more secrets were made at one time than are named, nobody can tell which
// lives, and all of that time are dropped. None may be left: then nobody can
// authenticate as the client until its secret is rotated. Errors: ErrUnknown,
// ErrDeleted.
func (m Manager) KeepSecrets(ctx context.Context, id string, times []time.Time) (c *Client, dropped int, err error) {
	if c, err = m.Store.FindClient(ctx, id); err != nil {
		return nil, 0, err
	}
	switch {
	case c == nil:
		return nil, 0, ErrUnknown
	case c.State == Deleted:
		return nil, 0, ErrDeleted
	case len(kept(c.Secrets, times)) == len(c.Secrets):
		return c, 0, nil
	}
	c, err = m.change(ctx, id, func(c *Client) (Change, error) {
		secrets := kept(c.Secrets, times)
		dropped = len(c.Secrets) - len(secrets)
		return Change{Secrets: &secrets}, nil
	})
	return c, dropped, err
}

func kept(secrets []Secret, times []time.Time) []Secret {
	keep := []Secret{}
	for _, s := range secrets {
		madeThen := func(t time.Time) bool { return t.UnixMilli() == s.Created.UnixMilli() }
		if countFunc(secrets, func(o Secret) bool { return madeThen(o.Created) }) <= countFunc(times, madeThen) {
			keep = append(keep, s)
		}
	}
	return keep
}

func countFunc[T any](list []T, is func(T) bool) (n int) {
	for _, e := range list {
		if is(e) {
			n++
		}
	}
	return n
}

// RaiseEpochTo raises the client's epoch to at least "to", whatever its state,
// and tells whether that was needed. Errors: ErrUnknown.
func (m Manager) RaiseEpochTo(ctx context.Context, id string, to int64) (raised bool, err error) {
	for range 5 {
		c, err := m.Store.FindClient(ctx, id)
		switch {
		case err != nil:
			return false, err
		case c == nil:
			return false, ErrUnknown
		case c.Epoch >= to:
			return raised, nil
		}
		err = m.write(ctx, func(ctx context.Context) error { return m.Store.RaiseClientEpoch(ctx, id, c.Epoch, to) })
		if conflict := (*Conflict)(nil); err != nil && !errors.As(err, &conflict) {
			if stored, readErr := m.readAfter(ctx, id); readErr != nil || stored == nil || stored.Epoch < to {
				return false, fmt.Errorf("raising the client's epoch: %w", err)
			}
		}
		raised = true // and look
	}
	return false, ErrContended
}

// Bury leaves a tombstone where there is no client with this id, so that the
// id of one that was registered and deleted after a backup is never made
// again. Errors: ErrExists where there is a row, whatever its state.
func (m Manager) Bury(ctx context.Context, id string, epoch int64) error {
	if err := CheckID(id); err != nil {
		return err
	}
	op, err := secret.NewOp(m.Rand)
	if err != nil {
		return err
	}
	now := m.now()
	c := &Client{ID: id, Version: 1, Epoch: max(epoch, now.UnixMilli()), State: Deleted, Op: op, Created: now, Updated: now,
		Policy: Policy{Type: Confidential, GrantTypes: []string{}}}
	err = m.write(ctx, func(ctx context.Context) error { return m.Store.CreateClient(ctx, c) })
	if err := m.settle(ctx, id, op, err); err != nil {
		if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
			err = ErrExists
		}
		return err
	}
	return nil
}
