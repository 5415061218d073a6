package registration

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// The members of client metadata. Those above the gap are RFC 7591's (sections
// 2 and 3.2.1), the others ours, as Export writes them.
const (
	memberName            = "client_name"
	memberSecret          = "client_secret"
	memberSecretExpiresAt = "client_secret_expires_at"
	memberIssuedAt        = "client_id_issued_at"
	memberGrantTypes      = "grant_types"
	memberScope           = "scope"
	memberAuthMethod      = "token_endpoint_auth_method"

	memberAuthMethods   = "token_endpoint_auth_methods_accepted"
	memberType          = "client_type"
	memberState         = "state"
	memberDefaultScope  = "default_scope"
	memberAudience      = "audience"
	memberServer        = "resource_server"
	memberAccess        = "access_token_lifetime"
	memberIdle          = "refresh_idle_lifetime"
	memberTotal         = "refresh_total_lifetime"
	memberRotation      = "refresh_rotation"
	memberRevokes       = "revoke_access_token"
	memberSecretHashes  = "client_secret_hashes"
	memberSecretsIssued = "client_secrets_issued_at"
)

// fromMetadata reads one client's metadata.
func fromMetadata(m *members, o Options) (client.Registration, error) {
	for _, told := range []string{"epoch", "updated_at"} { // by `client show`, for people
		m.used[told] = true
	}
	r := client.Registration{Created: m.at(memberIssuedAt), State: client.State(m.text(memberState))}
	p := &r.Policy
	p.Name = nameOr(m.text(memberName), m.text("client_id"))
	if r.State == client.Deleted {
		return r, errors.New("it was deleted where it comes from, and so are its tokens: leave it out")
	}
	for _, bound := range []string{"dpop_bound_access_tokens", "tls_client_certificate_bound_access_tokens"} {
		if m.yes(bound) {
			return r, fmt.Errorf("it asks for %s, which is not offered yet; without it, its tokens would be weaker than they were", bound)
		}
	}
	if err := authMethod(m, p); err != nil {
		return r, err
	}
	if err := grantTypes(m, m.texts(memberGrantTypes), p, o); err != nil {
		return r, err
	}
	if err := scopes(m, p, o); err != nil {
		return r, err
	}
	metadataRedirects(m, p)
	p.Audience = m.texts(memberAudience)
	p.ResourceServer = m.yes(memberServer)
	p.AccessTokenLifetime, p.RefreshIdleLifetime, p.RefreshTotalLifetime = m.seconds(memberAccess), m.seconds(memberIdle), m.seconds(memberTotal)
	p.RefreshRotation = unless(client.RotateAlways, m.text(memberRotation))
	p.RevokeAccessToken = unless(client.RevokesGrant, m.text(memberRevokes))
	return r, metadataSecrets(m, &r, o)
}

func unless(usual, s string) string {
	if s == usual {
		return ""
	}
	return s
}

// nameOr gives a client without a name its id for one: the other commands ask
// for a name.
func nameOr(name, id string) string {
	if strings.TrimSpace(name) == "" {
		return id
	}
	return name
}

// authMethod finds out how the client authenticates, and so its type. One that
// names no method is not held to the default of RFC 7591 section 2: it may use
// basic and post, as all of ours may that pin none.
func authMethod(m *members, p *client.Policy) error {
	methods := m.texts(memberAuthMethods)
	one := m.text(memberAuthMethod)
	if len(methods) == 0 && one != "" {
		methods = []string{one}
	}
	for _, method := range methods {
		switch method {
		case oauth.AuthBasic, oauth.AuthPost, oauth.AuthNone:
		case "private_key_jwt", "client_secret_jwt", "tls_client_auth", "self_signed_tls_client_auth":
			return fmt.Errorf("it authenticates with %s, which is not offered; have it use client_secret_basic, and give it a secret", method)
		default:
			return errors.New("its token_endpoint_auth_method is not known; offered are client_secret_basic, client_secret_post and none")
		}
	}
	p.Type = m.text(memberType)
	isPublic := slices.Contains(methods, oauth.AuthNone)
	switch {
	case isPublic && (len(methods) > 1 || p.Type == client.Confidential), p.Type == client.Public && !isPublic && len(methods) > 0:
		return errors.New("its client_type and its authentication methods contradict each other: only a public client has the method none, and no other")
	case p.Type == "" && isPublic:
		p.Type = client.Public
	case p.Type == "":
		p.Type = client.Confidential
	}
	if !isPublic && len(methods) == 1 {
		p.TokenEndpointAuthMethod = methods[0]
	}
	return nil
}

// offered are the grant types that a client can use today.
var offered = []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode}

// leftGrantType begins what is left out of an entry of grant types.
const leftGrantType = "grant type "

// spoken are grant types that a reason may name: the word in the file could be
// anything.
var spoken = []string{"implicit", "password", "urn:ietf:params:oauth:grant-type:device_code",
	"urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:saml2-bearer",
	"urn:ietf:params:oauth:grant-type:token-exchange", "urn:openid:params:grant-type:ciba"}

// grantTypes keeps those that are offered. The others are left out only where
// the operator says so and some remain: a client that can do less than it
// could is a surprise in the night after the move.
func grantTypes(m *members, named []string, p *client.Policy, o Options) error {
	if !m.has(memberGrantTypes) && named == nil { // RFC 7591 section 2 says what that stands for
		if !m.has(memberRedirectURIs) {
			return errors.New("it names no grant_types, which stands for authorization_code alone (RFC 7591 section 2), and no redirect_uris for it; name those it uses")
		}
		named = []string{oauth.GrantAuthorizationCode}
	}
	var not []string
	for _, g := range named {
		switch {
		case slices.Contains(p.GrantTypes, g) || slices.Contains(not, g):
		case slices.Contains(offered, g):
			p.GrantTypes = append(p.GrantTypes, g)
		case slices.Contains(spoken, g):
			not = append(not, g)
		default:
			not = append(not, "one that is not known")
		}
	}
	switch said := strings.Join(not, ", "); {
	case len(not) == 0:
	case len(p.GrantTypes) == 0:
		return fmt.Errorf("it uses %s, which is not offered; offered are %s: leave the client out until then", said, strings.Join(offered, ", "))
	case !o.DropUnsupported:
		if onlyRefreshes(*p) {
			return fmt.Errorf("it uses %s, which is not offered: --drop-unsupported takes it with refresh_token alone, so that it gets tokens only through `rescind grant create`", said)
		}
		return fmt.Errorf("it also uses %s, which is not offered: --drop-unsupported takes it with %s alone", said, strings.Join(p.GrantTypes, " and "))
	default:
		m.leaves(leftGrantType + said)
	}
	return nil
}

// onlyRefreshes tells a client that has no grant type left to begin with.
func onlyRefreshes(p client.Policy) bool {
	return len(p.GrantTypes) == 1 && p.GrantTypes[0] == oauth.GrantRefreshToken
}

// scopes are the client's own, else the operator's for the whole file.
func scopes(m *members, p *client.Policy, o Options) error {
	var ok bool
	switch {
	case m.has(memberScope):
		if p.Scope, ok = oauth.ParseScope(m.text(memberScope)); !ok {
			return errors.New("scope must be words separated by single spaces (RFC 6749 section 3.3)")
		}
	case o.Scope == nil:
		return errors.New("it names no scope, and without one it gets no token: --scopes gives those that name none the same")
	default:
		p.Scope = slices.Clone(*o.Scope)
	}
	switch {
	case m.has(memberDefaultScope):
		if p.DefaultScope, ok = oauth.ParseScope(m.text(memberDefaultScope)); !ok {
			return errors.New("default_scope must be words separated by single spaces (RFC 6749 section 3.3)")
		}
	case o.DefaultScope != nil:
		p.DefaultScope = slices.Clone(*o.DefaultScope)
	default:
		p.DefaultScope = slices.Clone(p.Scope)
	}
	if !p.DefaultScope.Within(p.Scope) {
		return errors.New("its default scopes must be among its scopes; change --scopes or --default-scopes")
	}
	return nil
}

// metadataSecrets keeps the secrets: the plain one of RFC 7591, or what was
// kept of them where the client comes from.
func metadataSecrets(m *members, r *client.Registration, o Options) error {
	plain, kept, issued := m.text(memberSecret), m.texts(memberSecretHashes), m.ats(memberSecretsIssued)
	expired := checkExpiry(m.at(memberSecretExpiresAt), o.Now)
	switch none := plain == "" && len(kept) == 0; {
	case none:
		return hasSecret(r, o)
	case plain != "" && len(kept) > 0:
		return errors.New("it has client_secret and client_secret_hashes; leave one of them out")
	case r.Policy.IsPublic():
		return errors.New("it is public and has a secret; leave one of the two out (token_endpoint_auth_method none, or client_secret)")
	case expired != nil:
		return without(m, memberSecret, expired, o)
	case looksHashed(plain):
		return errors.New("its client_secret looks like a hash, and would be taken for the secret itself; put hashes into client_secret_hashes, an array")
	}
	created := func(i int) time.Time {
		if i < len(issued) && issued[i].Before(o.Now) && !issued[i].IsZero() {
			return issued[i]
		}
		return o.Now
	}
	if plain != "" {
		s, err := client.KeepSecret(secret.NewText(plain), created(0))
		return keep(m, r, memberSecret, s, err, o)
	}
	for i, notation := range kept {
		s, err := client.ParseKept(secret.NewText(notation), created(i))
		if err := keep(m, r, memberSecretHashes, s, err, o); err != nil {
			return err
		}
	}
	return nil
}

// checkExpiry refuses a secret that has an end: none of ours has, and one that
// lives on past it is weaker than it was.
func checkExpiry(end, now time.Time) error {
	switch day := end.Format(time.DateOnly); {
	case end.IsZero():
		return nil
	case end.After(now):
		return fmt.Errorf("its secret expires on %s, and no secret here expires of itself: set client_secret_expires_at to 0 if it may live on, "+
			"or use --without-secrets and give it a new one", day)
	default:
		return fmt.Errorf("its secret expired on %s: --without-secrets takes the client alone, and `rescind client rotate-secret` gives it a new one", day)
	}
}
