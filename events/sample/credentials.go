package sample

import (
	"bytes"
	"encoding/base64"
	"strings"

	"rescind/shared/client"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/token"
)

const (
	idBytes  = 16 // of a grant id
	idText   = 22 // characters of base64url that hold it
	ownBytes = 32
)

// Secret is the client secret of a confidential sample client.
func Secret(clientID string) secret.Text {
	text, _, err := client.NewSecret(bytes.NewReader(spell("--"+clientID+"-valid-nowhere", ownBytes)), born)
	must(err)
	return text
}

// Session is the cookie's value of a browser in which the sample subject has
// signed in.
func Session() secret.Text { return cookie("--sample-session-valid-nowhere") }

// Form is the cookie's value of a browser in which nobody has.
func Form() secret.Text { return cookie("--sample-form-valid-nowhere") }

func cookie(text string) secret.Text {
	value, err := session.NewValue(bytes.NewReader(spell(text, ownBytes)))
	must(err)
	return value
}

// GrantID is the id of the grant of this name.
func GrantID(name string) token.GrantID {
	// "EA" begins a byte 0x10: format 1, the only Region.
	return token.GrantID(spell("EA"+name, idBytes))
}

// Access is the access token of the grant of this name.
func Access(name string) token.Value {
	v, err := token.NewAccess(GrantID(name), bytes.NewReader(after(name, "sample-access-token-valid-nowhere", ownBytes)))
	must(err)
	return v
}

// Refresh is the current refresh token of the grant of this name.
func Refresh(name string) token.Value {
	v, err := token.NewRefresh(GrantID(name), bytes.NewReader(after(name, "the-family-secret----"+"--sample-refresh-token-valid-nowhere", idBytes+ownBytes)))
	must(err)
	return v
}

// Earlier is a refresh token of the grant of this name that was replaced long
// ago: whoever presents it holds a stolen or forgotten copy.
func Earlier(name string) token.Value {
	v, err := token.NewRefresh(GrantID(name), bytes.NewReader(after(name, "the-family-secret----"+"--sample-replaced-token-valid-nowhere", idBytes+ownBytes)))
	must(err)
	return v
}

// Code is the authorization code of the grant of this name. Only those of Codes
// have one.
func Code(name string) token.Value {
	v, err := token.NewCode(GrantID(name), bytes.NewReader(after(name, "sample-code-valid-nowhere", ownBytes)))
	must(err)
	return v
}

// spell gives n bytes whose base64url reads as text, filled up with dashes.
func spell(text string, n int) []byte {
	for len(text) < base64.RawURLEncoding.EncodedLen(n) {
		text += "-"
	}
	b, err := base64.RawURLEncoding.DecodeString(text[:(n*8+5)/6])
	must(err)
	return b[:n]
}

// after gives the n bytes that follow the grant id where the whole reads as
// the grant's name and then text.
func after(name, text string, n int) []byte {
	whole := "EA" + name + strings.Repeat("-", idText-len("EA"+name)) + text
	return spell(whole, idBytes+n)[idBytes:]
}

func must(err error) {
	if err != nil {
		panic("a sample is misspelt: use base64url's letters, and names of at most 19 of them")
	}
}
