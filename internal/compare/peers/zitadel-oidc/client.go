package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// client is a confidential client as the library asks for it.
type client struct{ id string }

func (c *client) GetID() string                           { return c.id }
func (*client) RedirectURIs() []string                    { return []string{"https://client.example.com/callback"} }
func (*client) PostLogoutRedirectURIs() []string          { return nil }
func (*client) ApplicationType() op.ApplicationType       { return op.ApplicationTypeWeb }
func (*client) AuthMethod() oidc.AuthMethod               { return oidc.AuthMethodBasic }
func (*client) ResponseTypes() []oidc.ResponseType        { return []oidc.ResponseType{oidc.ResponseTypeCode} }
func (*client) LoginURL(id string) string                 { return "/login?id=" + id }
func (*client) AccessTokenType() op.AccessTokenType       { return op.AccessTokenTypeBearer }
func (*client) IDTokenLifetime() time.Duration            { return time.Hour }
func (*client) DevMode() bool                             { return false }
func (*client) IsScopeAllowed(string) bool                { return true }
func (*client) IDTokenUserinfoClaimsAssertion() bool      { return false }
func (*client) ClockSkew() time.Duration                  { return 0 }
func (*client) RestrictAdditionalIdTokenScopes() same     { return unchanged }
func (*client) RestrictAdditionalAccessTokenScopes() same { return unchanged }
func (*client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeClientCredentials, oidc.GrantTypeRefreshToken}
}

type same = func([]string) []string

func unchanged(scopes []string) []string { return scopes }

func (s *store) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	if _, err := s.secretOf(ctx, id); err != nil {
		return nil, err
	}
	return &client{id}, nil
}

func (s *store) AuthorizeClientIDSecret(ctx context.Context, id, secret string) error {
	kept, err := s.secretOf(ctx, id)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(kept, digest(secret)) != 1 {
		return errors.New("the secret differs")
	}
	return nil
}

func (s *store) secretOf(ctx context.Context, id string) (secret []byte, err error) {
	err = s.client.QueryRowContext(ctx, id).Scan(&secret)
	return secret, err
}

// ClientCredentials and the next make the library offer this grant type.
func (s *store) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	if err := s.AuthorizeClientIDSecret(ctx, id, secret); err != nil {
		return nil, err
	}
	return &client{id}, nil
}

func (s *store) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	return &grant{Client: id, Subject: id, Audience: []string{id}, Scopes: scopes}, nil
}

// signingKey signs ID tokens; it is made at each start.
type signingKey struct{ private *ecdsa.PrivateKey }

func newSigningKey() (*signingKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &signingKey{private}, err
}

func (*signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (*signingKey) ID() string                                  { return "1" }
func (k *signingKey) Key() any                                  { return k.private }

type publicKey struct{ *signingKey }

func (publicKey) Algorithm() jose.SignatureAlgorithm { return jose.ES256 }
func (publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                         { return &k.private.PublicKey }

func (s *store) SigningKey(context.Context) (op.SigningKey, error) { return s.key, nil }

func (s *store) KeySet(context.Context) ([]op.Key, error) { return []op.Key{publicKey{s.key}}, nil }

func (s *store) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.ES256}, nil
}
