package sqlite

import (
	"context"

	"rescind/shared/token"
)

const (
	grantsOfSubject = `SELECT id FROM grants WHERE subject = ? AND subject <> '' AND id > ? ORDER BY id LIMIT ?`
	grantsOfClient  = `SELECT id FROM grants WHERE client = ? AND subject <> '' AND id > ? ORDER BY id LIMIT ?`
)

// ListGrants gives ids of the subject's grants, in their order, after the given one.
func (s *Store) ListGrants(ctx context.Context, subject string, after token.GrantID, limit int) ([]token.GrantID, error) {
	return s.listGrants(ctx, grantsOfSubject, subject, after, limit)
}

// ListClientGrants gives ids of the client's grants that have a subject, in
// their order, after the given one.
func (s *Store) ListClientGrants(ctx context.Context, clientID string, after token.GrantID, limit int) ([]token.GrantID, error) {
	return s.listGrants(ctx, grantsOfClient, clientID, after, limit)
}

func (s *Store) listGrants(ctx context.Context, sql, of string, after token.GrantID, limit int) (ids []token.GrantID, err error) {
	err = s.read(ctx, func(c *reader, _ int64) error {
		return each(c.conn, func(s *stmt) error {
			var id token.GrantID
			if copy(id[:], s.view(0)) != len(id) {
				return errDamaged
			}
			ids = append(ids, id)
			return nil
		}, sql, of, after[:], int64(max(limit, 0)))
	})
	if err != nil {
		return nil, err
	}
	return ids, nil
}
