package client

import (
	"slices"
	"time"

	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// State is whether a client may act. A deleted client is a tombstone: its id
// can never be registered again, or its old tokens would come alive.
type State string

// The states.
const (
	On      State = "on"
	Off     State = "off"
	Deleted State = "deleted"
)

// Client is a registered client as its row holds it.
type Client struct {
	ID      string
	Version int64 // raised by one with every change of a named attribute
	Epoch   int64 // a grant that recorded less is dead; milliseconds, but only ever compared
	State   State
	Secrets []Secret // none for a public client, else one, or two while one replaces the other
	Policy  Policy
	Op      secret.Op // the last write of a named attribute
	Created time.Time
	Updated time.Time
}

// Secret is what is kept of one client secret: the SHA-256 of one that we
// made, or an imported hash in its own notation.
type Secret struct {
	Digest   secret.Digest
	Imported secret.Text // "pbkdf2_sha256$...", "bcrypt$$2b$...", "$argon2id$..."; empty for our own
	Created  time.Time
}

// Same tells whether both are the same kept secret.
func (s Secret) Same(o Secret) bool {
	return s.Digest.Equal(o.Digest) && s.Imported.Equal(o.Imported)
}

// Client types, RFC 6749 section 2.1.
const (
	Confidential = "confidential"
	Public       = "public"
)

// What revoking an access token ends.
const (
	RevokesGrant = "grant"
	RevokesToken = "token"
)

// Whether a refresh token is replaced when it is used.
const (
	RotateAlways = "always"
	RotateNever  = "never"
)

// Policy is what the operator registered. Its JSON, under RFC 7591's names
// where it has them, is how both stores keep it, in one attribute.
type Policy struct {
	Name                    string        `json:"client_name,omitempty"`
	Type                    string        `json:"client_type"`                          // Confidential or Public
	TokenEndpointAuthMethod string        `json:"token_endpoint_auth_method,omitempty"` // empty: basic and post both
	GrantTypes              []string      `json:"grant_types"`
	RedirectURIs            []string      `json:"redirect_uris,omitempty"`   // where an authorization response may go (RFC 7591 section 2)
	AllowedOrigins          []string      `json:"allowed_origins,omitempty"` // whose scripts may read answers (CORS)
	Scope                   oauth.Scope   `json:"scopes,omitempty"`
	DefaultScope            oauth.Scope   `json:"default_scopes,omitempty"`
	Audience                []string      `json:"audience,omitempty"` // its tokens' audience; a resource server's own names
	ResourceServer          bool          `json:"resource_server,omitempty"`
	AccessTokenLifetime     time.Duration `json:"access_token_lifetime,omitempty"`  // 0: the deployment's
	RefreshIdleLifetime     time.Duration `json:"refresh_idle_lifetime,omitempty"`  // 0: the deployment's
	RefreshTotalLifetime    time.Duration `json:"refresh_total_lifetime,omitempty"` // 0: the deployment's
	RefreshRotation         string        `json:"refresh_rotation,omitempty"`       // RotateAlways (also "") or RotateNever
	RevokeAccessToken       string        `json:"revoke_access_token,omitempty"`    // RevokesGrant (also "") or RevokesToken
}

// Allows tells whether the client may use a grant type.
func (p Policy) Allows(grantType string) bool { return slices.Contains(p.GrantTypes, grantType) }

// IsPublic tells whether the client cannot keep a secret (RFC 6749 section 2.1).
func (p Policy) IsPublic() bool { return p.Type == Public }

// AuthMethods are the client authentication methods that the client may use,
// the preferred one first (RFC 7591 section 2, token_endpoint_auth_method).
func (p Policy) AuthMethods() []string {
	switch {
	case p.IsPublic():
		return []string{oauth.AuthNone}
	case p.TokenEndpointAuthMethod != "":
		return []string{p.TokenEndpointAuthMethod}
	}
	return []string{oauth.AuthBasic, oauth.AuthPost}
}

// Rotates tells whether refreshing replaces the refresh token. Only a
// confidential client may keep it (RFC 9700 section 4.14.2).
func (p Policy) Rotates() bool { return p.IsPublic() || p.RefreshRotation != RotateNever }
