package user

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"rescind/shared/secret"
)

// ErrBusy is the outage of too many passwords at once; ask again.
var ErrBusy = errors.New("user: too many passwords are being checked at once")

var errHash = errors.New("user: what is kept for the password is no argon2id hash within bounds")

// cost is argon2id's (RFC 9106 section 3.1), memory in KiB.
type cost struct {
	memory, passes uint32
	lanes          uint8
}

// current is what a new hash costs: some tens of milliseconds of one core, in
// memory that a small function can spare twice over.
var current = cost{memory: 19 * 1024, passes: 2, lanes: 1}

// most bounds what a row may make us spend.
var most = cost{memory: 64 * 1024, passes: 8, lanes: 4}

// The sizes of what we make.
const (
	saltSize = 16
	sumSize  = 32
)

// kept is a password's hash as its row holds it.
type kept struct {
	cost cost
	salt []byte
	sum  []byte
}

// nobodys stands in for the hash of an account that is not there or may not
// sign in with a password, so that the work is the same. No password has it.
var nobodys = kept{cost: current, salt: make([]byte, saltSize), sum: make([]byte, sumSize)}

const costFormat = "m=%d,t=%d,p=%d"

// text is the PHC notation.
func (k kept) text() secret.Text {
	return secret.NewText(fmt.Sprintf("$argon2id$v=%d$"+costFormat+"$%s$%s", argon2.Version, k.cost.memory, k.cost.passes, k.cost.lanes,
		base64.RawStdEncoding.EncodeToString(k.salt), base64.RawStdEncoding.EncodeToString(k.sum)))
}

// parseKept reads what text wrote and nothing else. The error never holds it.
func parseKept(t secret.Text) (kept, error) {
	parts := strings.Split(t.Reveal(), "$")
	if len(parts) != 6 {
		return kept{}, errHash
	}
	var k kept
	_, err := fmt.Sscanf(parts[3], costFormat, &k.cost.memory, &k.cost.passes, &k.cost.lanes)
	salt, err2 := base64.RawStdEncoding.DecodeString(parts[4])
	sum, err3 := base64.RawStdEncoding.DecodeString(parts[5])
	if errors.Join(err, err2, err3) != nil {
		return kept{}, errHash
	}
	k.salt, k.sum = salt, sum
	switch c := k.cost; {
	case c.memory < 8*uint32(c.lanes), c.memory > most.memory, c.passes < 1, c.passes > most.passes, c.lanes < 1, c.lanes > most.lanes,
		len(salt) < 8, len(salt) > 64, len(sum) < 16, len(sum) > 64, k.text().Reveal() != t.Reveal():
		return kept{}, errHash
	}
	return k, nil
}

// isStale tells that the hash costs less than one made today.
func (k kept) isStale() bool { return k.cost.memory < current.memory || k.cost.passes < current.passes }

// hashes runs argon2id, few at a time: each holds memory and a core.
type hashes struct {
	places chan struct{}
	wait   time.Duration // for a place
	run    func(password string, salt []byte, c cost, size int) []byte
}

func newHashes() *hashes {
	return &hashes{places: make(chan struct{}, 2), wait: 2 * time.Second, run: derive}
}

func derive(password string, salt []byte, c cost, size int) []byte {
	return argon2.IDKey([]byte(password), salt, c.passes, c.memory, c.lanes, uint32(size))
}

// sum hashes once. Errors: ErrBusy, or the context's.
func (h *hashes) sum(ctx context.Context, password secret.Text, salt []byte, c cost, size int) ([]byte, error) {
	wait := time.NewTimer(h.wait)
	defer wait.Stop()
	select {
	case h.places <- struct{}{}:
	case <-wait.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.places }()
	return h.run(password.Reveal(), salt, c, size), nil
}

// matches compares in constant time.
func (h *hashes) matches(ctx context.Context, k kept, password secret.Text) (bool, error) {
	got, err := h.sum(ctx, password, k.salt, k.cost, len(k.sum))
	return err == nil && subtle.ConstantTimeCompare(got, k.sum) == 1, err
}

// make hashes a new password.
func (h *hashes) make(ctx context.Context, rand io.Reader, password secret.Text) (secret.Text, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(rand, salt); err != nil {
		return secret.Text{}, fmt.Errorf("drawing a salt: %w", err)
	}
	sum, err := h.sum(ctx, password, salt, current, sumSize)
	if err != nil {
		return secret.Text{}, err
	}
	return kept{cost: current, salt: salt, sum: sum}.text(), nil
}
