package registration

import (
	"encoding/json"
	"strconv"
	"time"

	"rescind/shared/client"
)

// Exported is a client as RFC 7591 has it (sections 2 and 3.2.1), with members
// of ours for what has no name there. Read reads it again.
type Exported struct {
	ID         string   `json:"client_id"`
	IssuedAt   int64    `json:"client_id_issued_at,omitempty"`
	Name       string   `json:"client_name"`
	GrantTypes []string `json:"grant_types"`
	Redirects  []string `json:"redirect_uris,omitempty"`
	Scope      string   `json:"scope"`
	AuthMethod string   `json:"token_endpoint_auth_method"`

	AuthMethods          []string    `json:"token_endpoint_auth_methods_accepted"` // RFC 7591 has room for one
	Type                 string      `json:"client_type"`
	State                string      `json:"state"`
	DefaultScope         string      `json:"default_scope"`
	Audience             []string    `json:"audience,omitempty"`
	AllowedOrigins       []string    `json:"allowed_origins,omitempty"`
	ResourceServer       bool        `json:"resource_server,omitempty"`
	AccessTokenLifetime  json.Number `json:"access_token_lifetime,omitempty"` // seconds, perhaps with a fraction
	RefreshIdleLifetime  json.Number `json:"refresh_idle_lifetime,omitempty"`
	RefreshTotalLifetime json.Number `json:"refresh_total_lifetime,omitempty"`
	RefreshRotation      string      `json:"refresh_rotation,omitempty"`
	RevokeAccessToken    string      `json:"revoke_access_token,omitempty"`
	SecretHashes         []string    `json:"client_secret_hashes,omitempty"` // the newest first
	SecretsIssuedAt      []int64     `json:"client_secrets_issued_at,omitempty"`
}

// Export gives a client that is not deleted. Only withHashes does it hold what
// is kept of the client's secrets: with that, secrets can be guessed at leisure.
func Export(c *client.Client, withHashes bool) Exported {
	p := c.Policy
	e := Exported{
		ID: c.ID, IssuedAt: since1970(c.Created), Name: p.Name, GrantTypes: append([]string{}, p.GrantTypes...), Scope: p.Scope.String(),
		Type: p.Type, State: string(c.State), DefaultScope: p.DefaultScope.String(), Audience: p.Audience, ResourceServer: p.ResourceServer,
		Redirects: p.RedirectURIs, AllowedOrigins: p.AllowedOrigins,
		AccessTokenLifetime: inSeconds(p.AccessTokenLifetime), RefreshIdleLifetime: inSeconds(p.RefreshIdleLifetime),
		RefreshTotalLifetime: inSeconds(p.RefreshTotalLifetime), RefreshRotation: p.RefreshRotation, RevokeAccessToken: p.RevokeAccessToken,
	}
	e.AuthMethods = p.AuthMethods()
	e.AuthMethod = e.AuthMethods[0]
	if withHashes {
		for _, s := range c.Secrets {
			e.SecretHashes = append(e.SecretHashes, s.Notation().Reveal())
			e.SecretsIssuedAt = append(e.SecretsIssuedAt, since1970(s.Created))
		}
	}
	return e
}

func inSeconds(d time.Duration) json.Number {
	if d == 0 {
		return ""
	}
	return json.Number(strconv.FormatFloat(d.Seconds(), 'f', -1, 64))
}

// since1970 is a time in seconds; 0 where it is not known.
func since1970(t time.Time) int64 { return max(0, t.Unix()) }
