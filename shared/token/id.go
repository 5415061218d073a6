package token

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// GrantID names a grant. It is no secret: it stands in logs and in access
// tokens. Byte 0 is the format (high four bits, now 1) and the home Region
// (low four bits, 0 where there is only one).
type GrantID [16]byte

// NewGrantID draws a grant's id from rand.
func NewGrantID(rand io.Reader) (GrantID, error) {
	var id GrantID
	if _, err := io.ReadFull(rand, id[:]); err != nil {
		return GrantID{}, fmt.Errorf("drawing a grant id: %w", err)
	}
	id[0] = 0x10
	return id, nil
}

// ParseGrantID reads the 32 hexadecimal digits that String writes.
func ParseGrantID(s string) (GrantID, bool) {
	var id GrantID
	if len(s) != 2*len(id) {
		return GrantID{}, false
	}
	if _, err := hex.Decode(id[:], []byte(s)); err != nil {
		return GrantID{}, false
	}
	return id, hex.EncodeToString(id[:]) == s
}

// String is the id in lower-case hexadecimal.
func (id GrantID) String() string {
	var digits [2 * len(id)]byte
	hex.Encode(digits[:], id[:])
	return string(digits[:])
}

// MarshalText writes the id as String does.
func (id GrantID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote, and nothing else.
func (id *GrantID) UnmarshalText(text []byte) error {
	parsed, ok := ParseGrantID(string(text))
	if !ok {
		return errors.New("token: this is no grant id")
	}
	*id = parsed
	return nil
}

// IsZero tells whether there is no id.
func (id GrantID) IsZero() bool { return id == GrantID{} }
