package registration

import (
	"errors"
	"strings"
	"time"

	"rescind/shared/client"
	"rescind/shared/secret"
)

// The columns of django-oauth-toolkit's applications that are read (its model
// AbstractApplication). A project may have a model of its own with more.
const (
	columnGrantType = "authorization_grant_type"
	columnType      = "client_type"
	columnName      = "name"
	columnSecret    = "client_secret"
	columnHashed    = "hash_client_secret"
	columnCreated   = "created"
)

// isApplication tells a fixture's rows of applications, of whatever model,
// from the tokens and users that may stand beside them.
func isApplication(m object) bool {
	fields, ok := m["fields"].(object)
	return !ok || fields[columnGrantType] != nil
}

// granted is what an application of each authorization_grant_type may ask the
// token endpoint for there, in the words of the RFCs. Refresh tokens come with
// everything but client credentials and implicit.
var granted = map[string][]string{
	"client-credentials": {"client_credentials"},
	"authorization-code": {"authorization_code", "refresh_token"},
	"openid-hybrid":      {"authorization_code", "implicit", "refresh_token"},
	"password":           {"password", "refresh_token"},
	"implicit":           {"implicit"},
	"urn:ietf:params:oauth:grant-type:device_code": {"urn:ietf:params:oauth:grant-type:device_code", "refresh_token"},
}

// fromRow reads one application. The table has no scopes: they are the
// operator's, for all.
func fromRow(m *members, o Options) (client.Registration, error) {
	r := client.Registration{Created: rowTime(m.text(columnCreated)), State: client.On}
	p := &r.Policy
	p.Name = nameOr(m.text(columnName), m.text("client_id"))
	for _, told := range []string{"id", "pk", "updated"} {
		m.used[told] = true
	}
	switch p.Type = m.text(columnType); p.Type {
	case client.Confidential, client.Public:
	default:
		return r, errors.New("its client_type is neither confidential nor public")
	}
	named, known := granted[m.text(columnGrantType)]
	if !known {
		return r, errors.New("its authorization_grant_type is not known")
	}
	if err := grantTypes(m, named, p, o); err != nil {
		return r, err
	}
	if err := scopes(m, p, o); err != nil {
		return r, err
	}
	rowRedirects(m, p)
	return r, rowSecret(m, &r, o)
}

// rowSecret keeps the secret. What it is, its looks say, as they do there: a
// table may hold both hashes and plain secrets from before they were hashed.
func rowSecret(m *members, r *client.Registration, o Options) error {
	text := m.text(columnSecret)
	neverHashed := m.has(columnHashed) && m.all[columnHashed] != "" && !m.yes(columnHashed)
	m.used[columnHashed] = true
	created := o.Now
	if !r.Created.IsZero() && r.Created.Before(o.Now) {
		created = r.Created
	}
	switch {
	case r.Policy.IsPublic():
		if text != "" { // every row has one, used or not
			m.leaves(columnSecret)
		}
		return nil
	case text == "":
		return hasSecret(r, o)
	case looksHashed(text):
		s, err := client.ParseKept(secret.NewText(text), created)
		if err != nil || strings.HasPrefix(text, "sha256$") { // which is our notation alone
			err = errors.New("its secret is kept as a hash that cannot be taken over; taken are pbkdf2_sha256 of up to 2,000,000 rounds, bcrypt and bcrypt_sha256 up to cost 14, and argon2id up to 100 MiB, 10 passes and 16 lanes: " +
				"--without-secrets takes the client alone, and `rescind client rotate-secret` gives it a new one")
		}
		return keep(m, r, columnSecret, s, err, o)
	case strings.Contains(text, "$") && !neverHashed:
		return errors.New("its secret looks like a hash of a kind that is not known; if it is a plain secret, say so with hash_client_secret false")
	}
	s, err := client.KeepSecret(secret.NewText(text), created)
	return keep(m, r, columnSecret, s, err, o)
}

// rowTime reads a time as fixtures and databases write it; zero where it is none
// that an export could hold.
func rowTime(s string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999", "2006-01-02T15:04:05.999999999"} {
		if t, err := time.Parse(layout, s); err == nil && t.Unix() > 0 && t.Unix() < maxSeconds {
			return t.UTC()
		}
	}
	return time.Time{}
}
