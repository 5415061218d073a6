package client

import (
	"fmt"
	"io"
	"strings"
	"time"

	"rescind/shared/secret"
)

const (
	secretPrefix = "rsc_cs_"
	secretBytes  = 32

	// maxSecretLen is the longest secret that is looked at, in bytes: longer
	// ones are refused unhashed.
	maxSecretLen = 256
)

// NewSecret makes a client secret of 256 bits from rand. The text is shown
// once; the Secret, its digest, is what is kept.
func NewSecret(rand io.Reader, now time.Time) (secret.Text, Secret, error) {
	b := make([]byte, secretBytes)
	if _, err := io.ReadFull(rand, b); err != nil {
		return secret.Text{}, Secret{}, fmt.Errorf("drawing a client secret: %w", err)
	}
	text := secret.Encode(secretPrefix, b)
	return text, Secret{Digest: text.Digest(), Created: now}, nil
}

// isOurs tells whether a presented secret is written as ours are.
func isOurs(s string) bool { return strings.HasPrefix(s, secretPrefix) }

// matchesDigest compares the presented secret with every digest the client
// has. An absent client, or a missing second secret, costs the same: the
// comparison is then with a digest that nothing has.
func matchesDigest(c *Client, presented secret.Text) bool {
	got := presented.Digest()
	var kept [2]secret.Digest
	if c != nil {
		for i := range min(len(c.Secrets), len(kept)) {
			kept[i] = c.Secrets[i].Digest
		}
	}
	first, second := got.Equal(kept[0]), got.Equal(kept[1])
	return (first && !kept[0].IsZero()) || (second && !kept[1].IsZero())
}
