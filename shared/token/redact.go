package token

import (
	"fmt"
	"io"
	"log/slog"
)

// Format, LogValue and MarshalText hide the value: fmt would otherwise print
// its unexported members, the secret text among them.
func (Value) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Value) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Value) MarshalText() ([]byte, error) { return []byte(redacted), nil }

const redacted = "[redacted]"
