package functions_test

import (
	"context"
	"time"

	"rescind/shared/authorization"
	"rescind/shared/client"
	"rescind/shared/dynamo"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/token"
	"rescind/shared/user"
)

// calls calls each method of a store.
var calls = map[string]func(context.Context, *dynamo.Store) error{
	"Find": func(ctx context.Context, s *dynamo.Store) error {
		for _, keys := range []grant.Keys{
			{Clients: []string{"c"}},
			{Grants: []token.GrantID{{1}}},
			{Clients: []string{"c"}, Grants: []token.GrantID{{1}}},
		} {
			if _, err := s.Find(ctx, keys); err != nil {
				return err
			}
		}
		return nil
	},
	"Create": func(ctx context.Context, s *dynamo.Store) error {
		return s.Create(ctx, &grant.Grant{ID: token.GrantID{1}, ClientID: "c", Born: time.Now()})
	},
	"Replace": func(ctx context.Context, s *dynamo.Store) error {
		return s.Replace(ctx, grant.Change{ID: token.GrantID{1}, Op: secret.Op{1}})
	},
	"Revoke": func(ctx context.Context, s *dynamo.Store) error {
		_, err := s.Revoke(ctx, token.GrantID{1}, "c", grant.Revocation{At: time.Now(), Op: secret.Op{1}})
		return err
	},
	"RemoveAccess": func(ctx context.Context, s *dynamo.Store) error {
		return s.RemoveAccess(ctx, token.GrantID{1}, 0, secret.Digest{1})
	},
	"Deny": func(ctx context.Context, s *dynamo.Store) error {
		return s.Deny(ctx, grant.Denial{JTI: "j", At: time.Now()})
	},
	"UpdateClient": func(ctx context.Context, s *dynamo.Store) error {
		return s.UpdateClient(ctx, "c", 1, client.Change{Op: secret.Op{1}, Updated: time.Now()})
	},
	"RaiseSubjectEpoch": func(ctx context.Context, s *dynamo.Store) error {
		for _, from := range []int64{0, 1} { // where there is a row, and where there is none
			if _, err := s.RaiseSubjectEpoch(ctx, "s", from, 2); err != nil {
				return err
			}
		}
		return nil
	},
	"ListGrants": func(ctx context.Context, s *dynamo.Store) error {
		_, err := s.ListGrants(ctx, "s", token.GrantID{}, 1)
		return err
	},
	"FindClient": func(ctx context.Context, s *dynamo.Store) error {
		_, err := s.FindClient(ctx, "c")
		return err
	},
	"FindUser": func(ctx context.Context, s *dynamo.Store) error {
		_, err := s.FindUser(ctx, user.Key{1})
		return err
	},
	"PutUser": func(ctx context.Context, s *dynamo.Store) error {
		return bothVersions(func(ver int64) error {
			return s.PutUser(ctx, &user.Account{Key: user.Key{1}, Version: ver + 1, Op: secret.Op{1}, Updated: time.Now()}, ver)
		})
	},
	"FindConsents": func(ctx context.Context, s *dynamo.Store) error {
		_, err := s.FindConsents(ctx, "s")
		return err
	},
	"PutConsents": func(ctx context.Context, s *dynamo.Store) error {
		return bothVersions(func(ver int64) error {
			return s.PutConsents(ctx, &authorization.Consents{Subject: "s", Version: ver + 1, Op: secret.Op{1}, Updated: time.Now()}, ver)
		})
	},
	"FindSession": func(ctx context.Context, s *dynamo.Store) error {
		_, err := s.FindSession(ctx, secret.Digest{1})
		return err
	},
	"CreateSession": func(ctx context.Context, s *dynamo.Store) error {
		now := time.Now()
		return s.CreateSession(ctx, &session.Session{ID: secret.Digest{1}, Subject: "s", AuthTime: now, Born: now, IdleEnd: now, AbsoluteEnd: now, ExpiresAt: now, Op: secret.Op{1}})
	},
	"TouchSession": func(ctx context.Context, s *dynamo.Store) error {
		return s.TouchSession(ctx, secret.Digest{1}, time.Now())
	},
	"EndSession": func(ctx context.Context, s *dynamo.Store) error {
		return s.EndSession(ctx, secret.Digest{1}, time.Now())
	},
}

// bothVersions writes a row that is new, and one that there was before.
func bothVersions(put func(ver int64) error) error {
	if err := put(0); err != nil {
		return err
	}
	return put(1)
}
