package broken

import (
	"context"
	"slices"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/user"
)

// FindUser, and all below, are the wrapped store's, broken as told.
func (s *Store) FindUser(ctx context.Context, key user.Key) (*user.Account, error) {
	return do(ctx, s, FindUser, func(ctx context.Context) (*user.Account, error) { return s.People.FindUser(ctx, key) })
}

func (s *Store) PutUser(ctx context.Context, a *user.Account, ver int64) error {
	kept := *a // it may arrive late, and the caller's may have changed by then
	_, err := do(ctx, s, PutUser, func(ctx context.Context) (none, error) { return only(s.People.PutUser(ctx, &kept, ver)) })
	return err
}

func (s *Store) ListUsers(ctx context.Context, after user.Key, limit int) ([]*user.Account, error) {
	return do(ctx, s, ListUsers, func(ctx context.Context) ([]*user.Account, error) { return s.People.ListUsers(ctx, after, limit) })
}

func (s *Store) FindSession(ctx context.Context, id secret.Digest) (*session.Session, error) {
	return do(ctx, s, FindSession, func(ctx context.Context) (*session.Session, error) { return s.People.FindSession(ctx, id) })
}

func (s *Store) CreateSession(ctx context.Context, n *session.Session) error {
	kept := *n
	_, err := do(ctx, s, CreateSession, func(ctx context.Context) (none, error) { return only(s.People.CreateSession(ctx, &kept)) })
	return err
}

func (s *Store) TouchSession(ctx context.Context, id secret.Digest, idleEnd time.Time) error {
	_, err := do(ctx, s, TouchSession, func(ctx context.Context) (none, error) { return only(s.People.TouchSession(ctx, id, idleEnd)) })
	return err
}

func (s *Store) EndSession(ctx context.Context, id secret.Digest, at time.Time) error {
	_, err := do(ctx, s, EndSession, func(ctx context.Context) (none, error) { return only(s.People.EndSession(ctx, id, at)) })
	return err
}

func (s *Store) FindConsents(ctx context.Context, subject string) (*authorization.Consents, error) {
	return do(ctx, s, FindConsents, func(ctx context.Context) (*authorization.Consents, error) { return s.People.FindConsents(ctx, subject) })
}

func (s *Store) PutConsents(ctx context.Context, c *authorization.Consents, ver int64) error {
	kept := *c
	kept.Apps = slices.Clone(c.Apps)
	for i := range kept.Apps {
		kept.Apps[i].Grants = slices.Clone(kept.Apps[i].Grants)
	}
	_, err := do(ctx, s, PutConsents, func(ctx context.Context) (none, error) { return only(s.People.PutConsents(ctx, &kept, ver)) })
	return err
}
