package main

import (
	"context"

	"github.com/ory/fosite"
)

func (s *store) CreateAuthorizeCodeSession(ctx context.Context, signature string, r fosite.Requester) error {
	return s.create(ctx, code, signature, r)
}

func (s *store) GetAuthorizeCodeSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	r, active, err := s.load(ctx, code, signature, session)
	if err == nil && !active {
		err = fosite.ErrInvalidatedAuthorizeCode
	}
	return r, err
}

func (s *store) InvalidateAuthorizeCodeSession(ctx context.Context, signature string) error {
	_, err := s.exec(ctx, `UPDATE codes SET active = 0 WHERE signature = ?`, signature)
	return err
}

func (s *store) CreateAccessTokenSession(ctx context.Context, signature string, r fosite.Requester) error {
	return s.create(ctx, access, signature, r)
}

func (s *store) GetAccessTokenSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	r, _, err := s.load(ctx, access, signature, session)
	return r, err
}

func (s *store) DeleteAccessTokenSession(ctx context.Context, signature string) error {
	_, err := s.exec(ctx, `DELETE FROM access_tokens WHERE signature = ?`, signature)
	return err
}

func (s *store) CreateRefreshTokenSession(ctx context.Context, signature, _ string, r fosite.Requester) error {
	return s.create(ctx, refresh, signature, r)
}

func (s *store) GetRefreshTokenSession(ctx context.Context, signature string, session fosite.Session) (fosite.Requester, error) {
	r, active, err := s.load(ctx, refresh, signature, session)
	if err == nil && !active {
		err = fosite.ErrInactiveToken
	}
	return r, err
}

func (s *store) DeleteRefreshTokenSession(ctx context.Context, signature string) error {
	_, err := s.exec(ctx, `DELETE FROM refresh_tokens WHERE signature = ?`, signature)
	return err
}

// RotateRefreshToken ends the refresh token presented, once, and the access
// tokens of its grant.
func (s *store) RotateRefreshToken(ctx context.Context, requestID, signature string) error {
	n, err := s.exec(ctx, `UPDATE refresh_tokens SET active = 0 WHERE signature = ? AND active = 1`, signature)
	if err != nil {
		return err
	}
	if n == 0 {
		return fosite.ErrSerializationFailure
	}
	return s.RevokeAccessToken(ctx, requestID)
}

func (s *store) RevokeRefreshToken(ctx context.Context, requestID string) error {
	_, err := s.exec(ctx, `UPDATE refresh_tokens SET active = 0 WHERE request_id = ? AND active = 1`, requestID)
	return err
}

func (s *store) RevokeAccessToken(ctx context.Context, requestID string) error {
	_, err := s.exec(ctx, `DELETE FROM access_tokens WHERE request_id = ?`, requestID)
	return err
}
