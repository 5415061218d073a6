package secret

import (
	"fmt"
	"io"
	"log/slog"
)

// Op names one write: 32 random bytes that the write leaves in the row, so
// that a writer whose answer was lost can tell whether it landed. In a grant
// it also salts the derivation of the next tokens, which is why it does not print.
type Op [32]byte

// NewOp draws an Op from rand.
func NewOp(rand io.Reader) (Op, error) {
	var op Op
	if _, err := io.ReadFull(rand, op[:]); err != nil {
		return Op{}, fmt.Errorf("drawing an operation's name: %w", err)
	}
	return op, nil
}

// IsZero tells whether there is none.
func (o Op) IsZero() bool { return o == Op{} }

// Equal compares in constant time.
func (o Op) Equal(p Op) bool { return Digest(o).Equal(Digest(p)) }

// String, GoString, Format, LogValue and MarshalText all hide the value.
func (Op) String() string               { return redacted }
func (Op) GoString() string             { return redacted }
func (Op) Format(f fmt.State, _ rune)   { _, _ = io.WriteString(f, redacted) }
func (Op) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Op) MarshalText() ([]byte, error) { return []byte(redacted), nil }
