package broken

import (
	"context"

	"rescind/shared/grant"
	"rescind/shared/token"
)

// page is what a walk gives beside its error.
type page[T any] struct {
	rows []T
	next grant.Cursor
}

func walk[T any](ctx context.Context, s *Store, v Verb, from grant.Cursor, limit int,
	step func(context.Context, grant.Cursor, int) ([]T, grant.Cursor, error)) ([]T, grant.Cursor, error) {
	p, err := do(ctx, s, v, func(ctx context.Context) (page[T], error) {
		rows, next, err := step(ctx, from, limit)
		return page[T]{rows, next}, err
	})
	return p.rows, p.next, err
}

// WalkGrants, and all below, are the wrapped store's, broken as told.
func (s *Store) WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
	return walk(ctx, s, WalkGrants, from, limit, func(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
		return s.Store.WalkGrants(ctx, from, limit)
	})
}

func (s *Store) WalkSubjects(ctx context.Context, from grant.Cursor, limit int) ([]grant.SubjectEpoch, grant.Cursor, error) {
	return walk(ctx, s, WalkSubjects, from, limit, func(ctx context.Context, from grant.Cursor, limit int) ([]grant.SubjectEpoch, grant.Cursor, error) {
		return s.Store.WalkSubjects(ctx, from, limit)
	})
}

func (s *Store) WalkDenied(ctx context.Context, from grant.Cursor, limit int) ([]grant.Denial, grant.Cursor, error) {
	return walk(ctx, s, WalkDenied, from, limit, func(ctx context.Context, from grant.Cursor, limit int) ([]grant.Denial, grant.Cursor, error) {
		return s.Store.WalkDenied(ctx, from, limit)
	})
}

func (s *Store) ListClientGrants(ctx context.Context, clientID string, after token.GrantID, limit int) ([]token.GrantID, error) {
	return do(ctx, s, ListClientGrants, func(ctx context.Context) ([]token.GrantID, error) {
		return s.Store.ListClientGrants(ctx, clientID, after, limit)
	})
}

func (s *Store) RestoreSubjectEpoch(ctx context.Context, subject grant.SubjectKey, to int64) error {
	_, err := do(ctx, s, RestoreSubjectEpoch, func(ctx context.Context) (none, error) {
		return only(s.Store.RestoreSubjectEpoch(ctx, subject, to))
	})
	return err
}
