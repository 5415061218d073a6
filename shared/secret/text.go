package secret

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"unsafe"
)

const redacted = "[redacted]"

// Text is a secret string. It prints, logs and marshals as "[redacted]"; only
// Reveal gives it out. Two Texts cannot be compared with ==: use their digests.
type Text struct {
	_ [0]func()
	// Not a string: fmt calls no method on an unexported field of a struct that
	// holds a Text, and would print it. Of these two it prints an address.
	data   *byte
	length int
}

// NewText takes a string that must not be seen.
func NewText(s string) Text { return Text{data: unsafe.StringData(s), length: len(s)} }

// Reveal gives the string itself, to be written where it belongs and nowhere else.
func (t Text) Reveal() string { return unsafe.String(t.data, t.length) }

// Len is its length in bytes.
func (t Text) Len() int { return t.length }

// Equal compares in constant time.
func (t Text) Equal(o Text) bool { return t.Digest().Equal(o.Digest()) }

// IsEmpty tells whether there is nothing in it.
func (t Text) IsEmpty() bool { return t.length == 0 }

// Digest is SHA-256 over the whole string.
func (t Text) Digest() Digest {
	var buf [128]byte // holds every value of ours: no allocation on the hot path
	return sha256.Sum256(append(buf[:0], t.Reveal()...))
}

// String, GoString, Format, LogValue and MarshalText all hide the value.
func (Text) String() string               { return redacted }
func (Text) GoString() string             { return redacted }
func (Text) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Text) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Text) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Digest is a SHA-256 of a secret. It is what the stores keep; it does not
// print either, since a log of digests would let anyone recognise a token.
type Digest [sha256.Size]byte

// Equal compares in constant time.
func (d Digest) Equal(o Digest) bool { return subtle.ConstantTimeCompare(d[:], o[:]) == 1 }

// IsZero tells whether the digest is absent. No secret has the zero digest.
func (d Digest) IsZero() bool { return d == Digest{} }

// String, GoString, Format, LogValue and MarshalText all hide the value.
func (Digest) String() string               { return redacted }
func (Digest) GoString() string             { return redacted }
func (Digest) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Digest) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Digest) MarshalText() ([]byte, error) { return []byte(redacted), nil }
