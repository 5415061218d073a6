package storetest_test

import (
	"context"
	"errors"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/user"
)

// putsAnyAccount writes an account whatever version is stored.
type putsAnyAccount struct{ sinner }

func (s putsAnyAccount) PutUser(ctx context.Context, a *user.Account, ver int64) error {
	err := s.Store.PutUser(ctx, a, ver)
	if conflict := (*user.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored != nil {
		late := *a
		late.Version = conflict.Stored.Version + 1
		return s.PutUser(ctx, &late, conflict.Stored.Version)
	}
	return err
}

// makesConsents makes the row of which a change found none.
type makesConsents struct{ sinner }

func (s makesConsents) PutConsents(ctx context.Context, c *authorization.Consents, ver int64) error {
	err := s.Store.PutConsents(ctx, c, ver)
	if conflict := (*authorization.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored == nil {
		first := *c
		first.Version = 1
		return s.Store.PutConsents(ctx, &first, 0)
	}
	return err
}

// losesConsents says that a change was made that came second.
type losesConsents struct{ sinner }

func (s losesConsents) PutConsents(ctx context.Context, c *authorization.Consents, ver int64) error {
	err := s.Store.PutConsents(ctx, c, ver)
	if conflict := (*authorization.Conflict)(nil); errors.As(err, &conflict) {
		return nil
	}
	return err
}

// skipsAccounts leaves out the first account of every page but the first.
type skipsAccounts struct{ sinner }

func (s skipsAccounts) ListUsers(ctx context.Context, after user.Key, limit int) ([]*user.Account, error) {
	page, err := s.Store.ListUsers(ctx, after, limit)
	if (after != user.Key{}) && len(page) > 0 {
		page = page[1:]
	}
	return page, err
}

// losesSessions says that a session was made whose id was taken.
type losesSessions struct{ sinner }

func (s losesSessions) CreateSession(ctx context.Context, n *session.Session) error {
	err := s.Store.CreateSession(ctx, n)
	if conflict := (*session.Conflict)(nil); errors.As(err, &conflict) {
		return nil
	}
	return err
}

// usesEnded says that a session was used which cannot be.
type usesEnded struct{ sinner }

func (s usesEnded) TouchSession(ctx context.Context, id secret.Digest, idleEnd time.Time) error {
	err := s.Store.TouchSession(ctx, id, idleEnd)
	if conflict := (*session.Conflict)(nil); errors.As(err, &conflict) {
		return nil
	}
	return err
}

// endsNothing says that a session has ended, and writes nothing.
type endsNothing struct{ sinner }

func (endsNothing) EndSession(context.Context, secret.Digest, time.Time) error { return nil }
