package client

import (
	"fmt"
	"io"
	"log/slog"
)

// Format, LogValue and MarshalText show only who authenticated: fmt would
// otherwise print the unexported members, digests among them.
func (a Authenticated) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, a.ID()) }
func (a Authenticated) LogValue() slog.Value         { return slog.StringValue(a.ID()) }
func (a Authenticated) MarshalText() ([]byte, error) { return []byte(a.ID()), nil }
