package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"rescind/shared/client"
)

// CreateClient puts a new row if there is none with its id, tombstones included.
func (s *Store) CreateClient(ctx context.Context, n *client.Client) error {
	policy, err := json.Marshal(n.Policy)
	if err != nil {
		return fmt.Errorf("encoding a client's policy: %w", err)
	}
	id := n.ID
	args := []any{id, n.Version, n.Epoch, string(n.State), encodeSecrets(n.Secrets), string(policy), n.Op, n.Created, n.Updated}
	return s.write(ctx, func(c *conn) error {
		return updateClient(c, id, `INSERT INTO clients (`+clientColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`, args...)
	})
}

// UpdateClient applies the change if the row's version is ver and it is not deleted.
func (s *Store) UpdateClient(ctx context.Context, id string, ver int64, ch client.Change) error {
	u := update{set: []string{"ver = ver + 1"}}
	u.assign("op", ch.Op)
	u.assign("updated", ch.Updated)
	if ch.State != nil {
		u.assign("state", string(*ch.State))
	}
	if ch.Secrets != nil {
		u.assign("secrets", encodeSecrets(*ch.Secrets))
	}
	if ch.Policy != nil {
		policy, err := json.Marshal(ch.Policy)
		if err != nil {
			return fmt.Errorf("encoding a client's policy: %w", err)
		}
		u.assign("policy", string(policy))
	}
	u.require("id = ?", id)
	u.require("ver = ?", ver)
	u.require("state <> ?", string(client.Deleted))
	sql, args := u.text("clients")
	return s.write(ctx, func(c *conn) error { return updateClient(c, id, sql, args...) })
}

// RaiseClientEpoch sets the epoch if it is still "from".
func (s *Store) RaiseClientEpoch(ctx context.Context, id string, from, to int64) error {
	if to <= from || !canRise(to) {
		return errEpoch
	}
	return s.write(ctx, func(c *conn) error {
		return updateClient(c, id, `UPDATE clients SET epoch = ? WHERE id = ? AND epoch = ?`, to, id, from)
	})
}
