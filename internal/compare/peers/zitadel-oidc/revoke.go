package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// GetRefreshTokenInfo names a refresh token by its digest.
func (s *store) GetRefreshTokenInfo(ctx context.Context, _, token string) (userID, tokenID string, err error) {
	var data []byte
	if err := s.refresh.QueryRowContext(ctx, digest(token), time.Now().Unix()).Scan(&data); err != nil {
		return "", "", op.ErrInvalidRefreshToken
	}
	var g grant
	return g.Subject, hex.EncodeToString(digest(token)), json.Unmarshal(data, &g)
}

// RevokeToken deletes an access token, or a refresh token with the access
// tokens made with it, by the id that it goes by.
func (s *store) RevokeToken(ctx context.Context, id, _, clientID string) *oidc.Error {
	gone, err := s.write.ExecContext(ctx, `DELETE FROM access WHERE id = ? AND client = ?`, id, clientID)
	if err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	if n, err := gone.RowsAffected(); err == nil && n > 0 {
		return nil
	}
	d, err := hex.DecodeString(id)
	if err != nil {
		return nil // an unknown token: RFC 7009, section 2.2
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	switch err := end(ctx, tx, d, clientID); {
	case errors.Is(err, errGone):
		return nil
	case err != nil:
		return oidc.ErrServerError().WithParent(err)
	}
	if err := tx.Commit(); err != nil {
		return oidc.ErrServerError().WithParent(err)
	}
	return nil
}
