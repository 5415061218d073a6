package user

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"rescind/shared/secret"
)

// A password's bounds (NIST SP 800-63B section 5.1.1.2): characters for people,
// bytes for us, who hash them all.
const (
	minPassword = 8
	maxPassword = 256
)

// The refusals of a new password. Which characters it is made of is nobody's
// business but its owner's.
var (
	ErrPasswordShort  = errors.New("a password has 8 characters at least")
	ErrPasswordLong   = errors.New("a password has 256 bytes at most")
	ErrPasswordText   = errors.New("a password must be UTF-8 text")
	ErrPasswordCommon = errors.New("this password is one of the first that anybody would try; choose another")
)

// common are those that guessing begins with and that are long enough to be
// taken. It is no dictionary: the throttle is what keeps guesses few.
var common = []string{
	"12345678", "123456789", "1234567890", "87654321", "0123456789", "11223344", "1q2w3e4r", "1qaz2wsx", "abcd1234", "abcdefgh",
	"admin123", "asdfasdf", "asdfghjk", "baseball", "changeme", "computer", "football", "iloveyou", "internet", "letmein1",
	"p@ssw0rd", "passw0rd", "password", "password1", "password12", "password123", "password1234", "passwort", "princess", "q1w2e3r4",
	"qwerty12", "qwerty123", "qwertyui", "qwertyuiop", "qwertzui", "qwertzuiop", "starwars", "sunshine", "superman", "trustno1",
	"welcome1", "whatever", "administrator", "correcthorsebatterystaple",
}

// CheckPassword tells what is wrong with a new password for the account of that
// email. Errors: those above.
func CheckPassword(email string, password secret.Text) error {
	text := password.Reveal()
	local, _, _ := strings.Cut(strings.TrimSpace(email), "@")
	first, _ := utf8.DecodeRuneInString(text)
	switch {
	case len(text) > maxPassword:
		return ErrPasswordLong
	case !utf8.ValidString(text):
		return ErrPasswordText
	case utf8.RuneCountInString(text) < minPassword:
		return ErrPasswordShort
	case slices.Contains(common, lowerASCII(text)), strings.EqualFold(text, strings.TrimSpace(email)), strings.EqualFold(text, local),
		strings.Trim(text, string(first)) == "":
		return ErrPasswordCommon
	}
	return nil
}

// letters are those that nobody confuses on paper: 32, so five bits each.
const letters = "abcdefghijkmnpqrstuvwxyz23456789"

// NewPassword draws a password of 100 bits that can be read aloud and typed.
func NewPassword(rand io.Reader) (secret.Text, error) {
	var b [20]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return secret.Text{}, fmt.Errorf("drawing a password: %w", err)
	}
	var text strings.Builder
	for i, c := range b {
		if i > 0 && i%4 == 0 {
			text.WriteByte('-')
		}
		text.WriteByte(letters[int(c)%len(letters)])
	}
	return secret.NewText(text.String()), nil
}
