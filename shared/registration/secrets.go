package registration

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rescind/shared/client"
)

// algorithms are the words before the first dollar of hashes that are around.
// An empty one is crypt(3)'s form: $2b$..., $argon2id$..., $6$...
var algorithms = []string{"", "pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt", "bcrypt_sha256", "scrypt", "md5", "sha1",
	"unsalted_md5", "unsalted_sha1", "crypt", "sha256", "pbkdf2", "argon2id"}

// looksHashed tells a hash, kept or not, from a plain secret.
func looksHashed(s string) bool {
	algorithm, _, dollar := strings.Cut(s, "$")
	return dollar && slices.Contains(algorithms, algorithm)
}

// keep adds a kept secret, or deals with one that cannot be kept.
func keep(m *members, r *client.Registration, member string, s client.Secret, err error, o Options) error {
	if err != nil {
		return without(m, member, err, o)
	}
	r.Secrets = append(r.Secrets, s)
	return nil
}

const withoutSecrets = "--without-secrets"

// without is why a secret cannot be kept, unless the operator takes clients
// without theirs.
func without(m *members, member string, why error, o Options) error {
	if !o.WithoutSecrets && strings.Contains(why.Error(), withoutSecrets) {
		return why
	}
	if !o.WithoutSecrets {
		return fmt.Errorf("%w (%s takes the client alone, and `rescind client rotate-secret` gives it a new one)", why, withoutSecrets)
	}
	m.leaves(member)
	return nil
}

// hasSecret refuses a confidential client that could not authenticate.
func hasSecret(r *client.Registration, o Options) error {
	if r.Policy.IsPublic() || o.WithoutSecrets {
		return nil
	}
	return errors.New("it is confidential and brings no secret: --without-secrets takes it, and `rescind client rotate-secret` then gives it one")
}
