package broken

import (
	"context"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// none is the answer of a call that has only an error.
type none struct{}

func only(err error) (none, error) { return none{}, err }

// Find, and all below, are the wrapped store's, broken as told.
func (s *Store) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	return do(ctx, s, Find, func(ctx context.Context) (grant.Rows, error) { return s.Store.Find(ctx, keys) })
}

func (s *Store) Create(ctx context.Context, g *grant.Grant) error {
	kept := *g // it may arrive late, and the caller's may have changed by then
	_, err := do(ctx, s, Create, func(ctx context.Context) (none, error) { return only(s.Store.Create(ctx, &kept)) })
	return err
}

func (s *Store) Replace(ctx context.Context, ch grant.Change) error {
	_, err := do(ctx, s, Replace, func(ctx context.Context) (none, error) { return only(s.Store.Replace(ctx, ch)) })
	return err
}

func (s *Store) Revoke(ctx context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error) {
	return do(ctx, s, Revoke, func(ctx context.Context) (grant.Revocation, error) { return s.Store.Revoke(ctx, id, clientID, r) })
}

func (s *Store) RemoveAccess(ctx context.Context, id token.GrantID, n int, d secret.Digest) error {
	_, err := do(ctx, s, RemoveAccess, func(ctx context.Context) (none, error) { return only(s.Store.RemoveAccess(ctx, id, n, d)) })
	return err
}

func (s *Store) Deny(ctx context.Context, d grant.Denial) error {
	_, err := do(ctx, s, Deny, func(ctx context.Context) (none, error) { return only(s.Store.Deny(ctx, d)) })
	return err
}

func (s *Store) RaiseSubjectEpoch(ctx context.Context, subject string, from, to int64) (bool, error) {
	return do(ctx, s, RaiseSubjectEpoch, func(ctx context.Context) (bool, error) { return s.Store.RaiseSubjectEpoch(ctx, subject, from, to) })
}

func (s *Store) ListGrants(ctx context.Context, subject string, after token.GrantID, limit int) ([]token.GrantID, error) {
	return do(ctx, s, ListGrants, func(ctx context.Context) ([]token.GrantID, error) {
		return s.Store.ListGrants(ctx, subject, after, limit)
	})
}

func (s *Store) FindClient(ctx context.Context, id string) (*client.Client, error) {
	return do(ctx, s, FindClient, func(ctx context.Context) (*client.Client, error) { return s.Store.FindClient(ctx, id) })
}

func (s *Store) UpdateClient(ctx context.Context, id string, ver int64, ch client.Change) error {
	_, err := do(ctx, s, UpdateClient, func(ctx context.Context) (none, error) { return only(s.Store.UpdateClient(ctx, id, ver, ch)) })
	return err
}

func (s *Store) RaiseClientEpoch(ctx context.Context, id string, from, to int64) error {
	_, err := do(ctx, s, RaiseClientEpoch, func(ctx context.Context) (none, error) { return only(s.Store.RaiseClientEpoch(ctx, id, from, to)) })
	return err
}

func (s *Store) CreateClient(ctx context.Context, c *client.Client) error {
	kept := *c
	_, err := do(ctx, s, CreateClient, func(ctx context.Context) (none, error) { return only(s.Store.CreateClient(ctx, &kept)) })
	return err
}

func (s *Store) ListClients(ctx context.Context, after string, limit int) ([]*client.Client, error) {
	return do(ctx, s, ListClients, func(ctx context.Context) ([]*client.Client, error) { return s.Store.ListClients(ctx, after, limit) })
}

func (s *Store) Generation(ctx context.Context) (int64, error) {
	return do(ctx, s, Generation, func(ctx context.Context) (int64, error) { return s.Store.Generation(ctx) })
}

func (s *Store) RaiseGeneration(ctx context.Context, to int64) error {
	_, err := do(ctx, s, RaiseGeneration, func(ctx context.Context) (none, error) { return only(s.Store.RaiseGeneration(ctx, to)) })
	return err
}
