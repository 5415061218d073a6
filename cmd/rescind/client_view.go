package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"rescind/shared/client"
	"rescind/shared/secret"
)

// clientView is a client as the operator sees it. The first members are RFC
// 7591's (sections 2 and 3.2.1), the others ours. Times are seconds since 1970.
type clientView struct {
	ID              string   `json:"client_id"`
	Secret          string   `json:"client_secret,omitempty"`
	IssuedAt        int64    `json:"client_id_issued_at"`
	SecretExpiresAt *int64   `json:"client_secret_expires_at,omitempty"` // 0, never; required beside a secret
	Name            string   `json:"client_name"`
	GrantTypes      []string `json:"grant_types"`
	RedirectURIs    []string `json:"redirect_uris"`
	Scope           string   `json:"scope"`
	AuthMethod      string   `json:"token_endpoint_auth_method"`

	AuthMethods          []string `json:"token_endpoint_auth_methods_accepted"` // RFC 7591 has room for one
	Type                 string   `json:"client_type"`
	State                string   `json:"state"`
	DefaultScope         string   `json:"default_scope"`
	Audience             []string `json:"audience"`
	AllowedOrigins       []string `json:"allowed_origins"`
	ResourceServer       bool     `json:"resource_server"`
	AccessTokenLifetime  int64    `json:"access_token_lifetime,omitempty"` // seconds; absent: the deployment's
	RefreshIdleLifetime  int64    `json:"refresh_idle_lifetime,omitempty"`
	RefreshTotalLifetime int64    `json:"refresh_total_lifetime,omitempty"`
	RefreshRotation      string   `json:"refresh_rotation"`
	RevokeAccessToken    string   `json:"revoke_access_token"`
	SecretsIssuedAt      []int64  `json:"client_secrets_issued_at"` // of those that work, the newest first
	Epoch                int64    `json:"epoch"`                    // milliseconds; grants that recorded less are dead
	UpdatedAt            int64    `json:"updated_at"`
}

func view(c *client.Client) clientView {
	p := c.Policy
	v := clientView{
		ID: c.ID, IssuedAt: c.Created.Unix(), Name: p.Name, GrantTypes: append([]string{}, p.GrantTypes...),
		RedirectURIs: append([]string{}, p.RedirectURIs...), AllowedOrigins: append([]string{}, p.AllowedOrigins...),
		Scope: p.Scope.String(), Type: p.Type, State: string(c.State), DefaultScope: p.DefaultScope.String(),
		Audience: append([]string{}, p.Audience...), ResourceServer: p.ResourceServer,
		AccessTokenLifetime:  int64(p.AccessTokenLifetime / time.Second),
		RefreshIdleLifetime:  int64(p.RefreshIdleLifetime / time.Second),
		RefreshTotalLifetime: int64(p.RefreshTotalLifetime / time.Second),
		RefreshRotation:      client.RotateAlways, RevokeAccessToken: client.RevokesGrant,
		SecretsIssuedAt: []int64{}, Epoch: c.Epoch, UpdatedAt: c.Updated.Unix(),
	}
	if !p.Rotates() {
		v.RefreshRotation = client.RotateNever
	}
	if p.RevokeAccessToken == client.RevokesToken {
		v.RevokeAccessToken = client.RevokesToken
	}
	v.AuthMethods = p.AuthMethods()
	v.AuthMethod = v.AuthMethods[0]
	for _, s := range c.Secrets {
		v.SecretsIssuedAt = append(v.SecretsIssuedAt, s.Created.Unix())
	}
	return v
}

// reveal adds the secret, where there is one. It never expires of itself.
func (v *clientView) reveal(text secret.Text) {
	if !text.IsEmpty() {
		v.Secret, v.SecretExpiresAt = text.Reveal(), new(int64)
	}
}

// printClient prints one client, and to people a sentence before it.
func (a *app) printClient(v clientView, sentence string) error {
	return a.print(v, func(w io.Writer) {
		if sentence != "" {
			fmt.Fprintf(w, "%s\n\n", sentence)
		}
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		line := func(name, value string) {
			if value != "" {
				fmt.Fprintf(t, "%s\t%s\n", name, value)
			}
		}
		line("client_id", v.ID)
		line("client_secret", v.Secret)
		line("client_name", v.Name)
		line("client_type", v.Type)
		line("state", v.State)
		line("grant_types", strings.Join(v.GrantTypes, " "))
		for _, uri := range v.RedirectURIs {
			line("redirect_uri", uri)
		}
		line("allowed_origins", strings.Join(v.AllowedOrigins, " "))
		line("scope", v.Scope)
		line("default_scope", v.DefaultScope)
		line("auth methods", strings.Join(v.AuthMethods, " "))
		line("audience", strings.Join(v.Audience, " "))
		if v.ResourceServer {
			line("resource_server", "yes: it introspects access tokens of its audience")
		}
		line("access_token_lifetime", lifetime(v.AccessTokenLifetime))
		line("refresh_idle_lifetime", lifetime(v.RefreshIdleLifetime))
		line("refresh_total_lifetime", lifetime(v.RefreshTotalLifetime))
		line("refresh_rotation", v.RefreshRotation)
		line("revoke_access_token", "ends the "+v.RevokeAccessToken)
		for _, at := range v.SecretsIssuedAt {
			line("secret in use", "issued "+stamp(time.Unix(at, 0)))
		}
		line("registered", stamp(time.Unix(v.IssuedAt, 0)))
		line("changed", stamp(time.Unix(v.UpdatedAt, 0)))
		_ = t.Flush() // print looks at the writer below
	})
}

// lifetime is seconds for people; 0 is the deployment's, and not shown.
func lifetime(seconds int64) string {
	if seconds == 0 {
		return ""
	}
	return (time.Duration(seconds) * time.Second).String()
}

// stamp is a time for people, in UTC, as the audit has it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }

// epochTime is when an epoch was raised: epochs are milliseconds, but for one
// that had to go past a clock that was ahead.
func epochTime(epoch int64) string { return stamp(time.UnixMilli(epoch)) }
