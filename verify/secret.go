package verify

import (
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Secret is a client secret. It prints, logs and marshals as "[redacted]".
type Secret struct {
	// Not a string: fmt calls no method on an unexported field of a struct that
	// holds a Secret, and would print it. Of a function it prints an address.
	reveal func() string
}

// NewSecret takes a string that must not be seen.
func NewSecret(s string) Secret { return Secret{func() string { return s }} }

func (s Secret) text() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// String, GoString, Format, LogValue and MarshalText all hide the value.
func (Secret) String() string               { return redacted }
func (Secret) GoString() string             { return redacted }
func (Secret) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Secret) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }
