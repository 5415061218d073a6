package client

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rescind/shared/secret"
)

// Registration is a client that was registered elsewhere, to be taken over
// with its id and, as far as they can be kept, its secrets.
type Registration struct {
	ID      string
	Policy  Policy
	State   State    // On, also where empty, or Off
	Secrets []Secret // the newest first; a confidential client may come without
	Created time.Time
}

// Check tells what is wrong with a registration, if anything. It never holds a
// secret.
func (r Registration) Check() error {
	if err := CheckID(r.ID); err != nil {
		return err
	}
	if err := r.Policy.Check(); err != nil {
		return err
	}
	switch {
	case r.State != "" && r.State != On && r.State != Off:
		return errors.New("a client is taken over that is on or off")
	case r.Policy.IsPublic() && len(r.Secrets) > 0:
		return ErrNoSecret
	case len(r.Secrets) > 2:
		return errors.New("a client has two secrets at most; leave out the oldest")
	}
	return nil
}

// Presence is what a row under the same id is to a registration.
type Presence int

// The presences. Upgraded is the same client but for a secret: the file has an
// imported hash of which the row keeps the digest, as it does after the client
// first used it. Whether it is the digest of that secret nobody can tell.
const (
	Absent Presence = iota
	Same
	Upgraded
)

// Against tells whether a row under the same id is this very client, as an
// earlier import left it. stored is nil where there is none. Errors:
// ErrDeleted, ErrExists.
func (r Registration) Against(stored *Client) (Presence, error) {
	switch {
	case stored == nil:
		return Absent, nil
	case stored.State == Deleted:
		return Absent, ErrDeleted
	case stored.State != r.state(), len(stored.Secrets) != len(r.Secrets), !stored.Policy.same(r.Policy):
		return Absent, ErrExists
	}
	found := Same
	for i, s := range r.Secrets {
		switch kept := stored.Secrets[i]; {
		case s.Same(kept):
		case !s.Imported.IsEmpty() && kept.Imported.IsEmpty():
			found = Upgraded
		default:
			return Absent, ErrExists
		}
	}
	return found, nil
}

func (r Registration) state() State {
	if r.State == "" {
		return On
	}
	return r.State
}

// same tells whether both say the same, however they spell the defaults.
func (p Policy) same(o Policy) bool {
	a, errA := json.Marshal(p.plain())
	b, errB := json.Marshal(o.plain())
	return errA == nil && errB == nil && string(a) == string(b)
}

func (p Policy) plain() Policy {
	if p.RefreshRotation == RotateAlways {
		p.RefreshRotation = ""
	}
	if p.RevokeAccessToken == RevokesGrant {
		p.RevokeAccessToken = ""
	}
	if p.IsPublic() {
		p.TokenEndpointAuthMethod = ""
	}
	if len(p.GrantTypes) == 0 {
		p.GrantTypes = nil
	}
	return p
}

// Import registers a client that was registered elsewhere. It never changes a
// row that is there: found tells where that row is this very client, so that an
// import may be repeated. The epoch starts at now, in milliseconds.
// Errors: ErrDeleted, ErrExists, or what Check finds; with any other nobody
// knows whether the client is in, and importing again tells.
func (m Manager) Import(ctx context.Context, r Registration) (c *Client, found Presence, err error) {
	if err := r.Check(); err != nil {
		return nil, Absent, err
	}
	now := m.now()
	op, err := secret.NewOp(m.Rand)
	if err != nil {
		return nil, Absent, err
	}
	c = &Client{ID: r.ID, Version: 1, Epoch: now.UnixMilli(), State: r.state(), Secrets: r.Secrets, Policy: r.Policy, Op: op,
		Created: now, Updated: now}
	if created := r.Created.UTC().Truncate(time.Millisecond); created.Unix() > 0 && created.Before(now) {
		c.Created = created
	}
	err = m.write(ctx, func(ctx context.Context) error { return m.Store.CreateClient(ctx, c) })
	err = m.settle(ctx, r.ID, op, err)
	if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
		stored := conflict.Stored
		if found, err = r.Against(stored); err == nil && found == Absent {
			err = ErrContended // the row was there, and is gone: nothing of ours removes one
		}
		return stored, found, err
	}
	if err != nil {
		return nil, Absent, err
	}
	return c, Absent, nil
}

// KeepSecret gives what is kept of a client secret that another server made:
// its SHA-256, as of our own, which is enough only where nobody can guess the
// secret. The error never holds it.
func KeepSecret(text secret.Text, created time.Time) (Secret, error) {
	switch n := text.Len(); {
	case isOurs(text.Reveal()):
		if _, ok := secret.Decode(secretPrefix, secretBytes, text.Reveal()); !ok {
			return Secret{}, errors.New("the secret is written as ours are, and its checksum is wrong: it was mistyped or cut")
		}
	case n < upgradeLen:
		return Secret{}, fmt.Errorf("the plain secret has %d bytes, and one of fewer than %d could be guessed from what is kept: "+
			"hash it with pbkdf2_sha256, bcrypt or argon2id, or bring the client in without a secret and give it a new one", n, upgradeLen)
	case n > maxSecretLen:
		return Secret{}, fmt.Errorf("the plain secret has %d bytes; %d is the most", n, maxSecretLen)
	}
	return Secret{Digest: text.Digest(), Created: created}, nil
}

const (
	// digestNotation is before the SHA-256 of a secret, in base64. Django has
	// no hasher of this name.
	digestNotation = "sha256$"

	// maxImportedLen is more than any hash takes whose salt has a sane length,
	// in bytes: two of them and a policy fit into a row.
	maxImportedLen = 400
)

// Notation is what is kept of a secret, as ParseKept reads it: sha256$ and the
// digest in base64, or the imported hash as it came.
func (s Secret) Notation() secret.Text {
	if !s.Imported.IsEmpty() {
		return s.Imported
	}
	return secret.NewText(digestNotation + base64.StdEncoding.EncodeToString(s.Digest[:]))
}

// ParseKept reads what Notation writes. The error never holds it.
func ParseKept(notation secret.Text, created time.Time) (Secret, error) {
	text := notation.Reveal()
	if encoded, ok := strings.CutPrefix(text, digestNotation); ok {
		b, err := base64.StdEncoding.Strict().DecodeString(encoded)
		s := Secret{Created: created}
		if err != nil || len(b) != len(s.Digest) || copy(s.Digest[:], b) == 0 || s.Digest.IsZero() {
			return Secret{}, errors.New("what follows sha256$ is not the base64 of a SHA-256")
		}
		return s, nil
	}
	if len(text) > maxImportedLen {
		return Secret{}, fmt.Errorf("the hash has %d bytes; %d is the most", len(text), maxImportedLen)
	}
	if err := CheckImported(text); err != nil {
		return Secret{}, err
	}
	return Secret{Imported: notation, Created: created}, nil
}
