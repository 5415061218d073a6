package oauth

import (
	"fmt"
	"io"
	"log/slog"
)

// Format, LogValue and MarshalText hide a request's parameters, since secrets
// and tokens are among them.
func (Params) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, "[redacted]") }
func (Params) LogValue() slog.Value         { return slog.StringValue("[redacted]") }
func (Params) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }
