package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"

	"rescind/shared/secret"
)

// Kind tells the three kinds of value apart.
type Kind int

// The kinds.
const (
	Access Kind = iota + 1
	Refresh
	Code
)

// String is the RFCs' name of the kind, for logs.
func (k Kind) String() string {
	switch k {
	case Access:
		return "access_token"
	case Refresh:
		return "refresh_token"
	case Code:
		return "authorization_code"
	}
	return "unknown"
}

const (
	idLen     = 16
	familyLen = 16
	ownLen    = 32
)

// form is what one kind of value looks like.
type form struct {
	kind   Kind
	prefix string
	length int // payload, in bytes
}

var forms = [...]form{
	{Access, "rsc_at_", idLen + ownLen},
	{Refresh, "rsc_rt_", idLen + familyLen + ownLen},
	{Code, "rsc_ac_", idLen + ownLen},
}

// Value is a well-formed token value. It does not print. The zero Value is
// none at all.
type Value struct {
	kind    Kind
	payload []byte
	text    secret.Text
	digest  secret.Digest
}

func newValue(kind Kind, payload []byte, text secret.Text) Value {
	return Value{kind, payload, text, text.Digest()}
}

// Parse recognises a value by prefix, length and checksum. ok is false for
// everything that we cannot have made; nothing need be looked up for it.
func Parse(s string) (v Value, ok bool) {
	for _, f := range forms {
		if payload, ok := secret.Decode(f.prefix, f.length, s); ok {
			return newValue(f.kind, payload, secret.NewText(s)), true
		}
	}
	return Value{}, false
}

func encode(f form, parts ...[]byte) Value {
	payload := make([]byte, 0, f.length)
	for _, p := range parts {
		payload = append(payload, p...)
	}
	return newValue(f.kind, payload, secret.Encode(f.prefix, payload))
}

// NewAccess makes an access token of the grant, with 32 bytes from rand.
func NewAccess(id GrantID, rand io.Reader) (Value, error) { return draw(forms[0], id, rand, ownLen) }

// NewCode makes an authorization code of the grant, with 32 bytes from rand.
func NewCode(id GrantID, rand io.Reader) (Value, error) { return draw(forms[2], id, rand, ownLen) }

// NewRefresh makes the first refresh token of a grant: a fresh family secret
// and 32 bytes of its own, both from rand.
func NewRefresh(id GrantID, rand io.Reader) (Value, error) {
	return draw(forms[1], id, rand, familyLen+ownLen)
}

func draw(f form, id GrantID, rand io.Reader, n int) (Value, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(rand, b); err != nil {
		return Value{}, fmt.Errorf("drawing a token value: %w", err)
	}
	return encode(f, id[:], b), nil
}

// Kind says which kind of value it is; 0 for none.
func (v Value) Kind() Kind { return v.kind }

// Text is the value as the wire has it.
func (v Value) Text() secret.Text { return v.text }

// Digest is SHA-256 over the whole value; the zero digest for none.
func (v Value) Digest() secret.Digest { return v.digest }

// GrantID is the grant that the value says it belongs to.
func (v Value) GrantID() GrantID {
	var id GrantID
	copy(id[:], v.payload)
	return id
}

// Family is the digest of a refresh token's family secret, bound to its grant;
// the zero digest for the other kinds.
func (v Value) Family() secret.Digest {
	if v.kind != Refresh {
		return secret.Digest{}
	}
	return sha256.Sum256(v.payload[:idLen+familyLen])
}

// Successors derives, from a refresh token and the salt that the rotation
// wrote into the grant, the refresh token that follows it and the access token
// issued with that: HKDF-SHA256 (RFC 5869) of the raw bytes, the first half of
// its output for the one and the second for the other. A replay can so be
// answered with identical tokens that nobody stored.
func (v Value) Successors(salt []byte) (refresh, access Value, err error) {
	if v.kind != Refresh {
		return Value{}, Value{}, fmt.Errorf("only a refresh token has successors, not: %s", v.kind)
	}
	derived, err := hkdf.Key(sha256.New, v.payload, salt, "rescind refresh_token access_token 1", 2*ownLen)
	if err != nil {
		return Value{}, Value{}, fmt.Errorf("deriving from a refresh token: %w", err)
	}
	refresh = encode(forms[1], v.payload[:idLen+familyLen], derived[:ownLen])
	access = encode(forms[0], v.payload[:idLen], derived[ownLen:])
	return refresh, access, nil
}
