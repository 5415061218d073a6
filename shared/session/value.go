package session

import (
	"fmt"
	"io"

	"rescind/shared/secret"
)

const (
	prefix   = "rsc_se_"
	valueLen = 32
)

// NewValue draws the value of a browser's cookie: 256 bits from rand.
func NewValue(rand io.Reader) (secret.Text, error) {
	b := make([]byte, valueLen)
	if _, err := io.ReadFull(rand, b); err != nil {
		return secret.Text{}, fmt.Errorf("drawing a session: %w", err)
	}
	return secret.Encode(prefix, b), nil
}

// ParseValue recognises what NewValue can have made. Nothing need be looked up
// for anything else.
func ParseValue(s string) (v secret.Text, ok bool) {
	if _, ok := secret.Decode(prefix, valueLen, s); !ok {
		return secret.Text{}, false
	}
	return secret.NewText(s), true
}
