package user

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEmail is the most bytes of an address (RFC 5321 section 4.5.3.1.3, without
// the angle brackets).
const maxEmail = 254

// ErrEmail is the refusal of what cannot be an email address.
var ErrEmail = errors.New("an email address has one @ with something on both sides, no space, and 254 bytes at most")

// KeyOfEmail is where a built-in account lies. Spaces around the address do
// not count, nor does the case of ASCII letters: people do not remember it, and
// hardly a server tells such addresses apart (RFC 5321 section 2.4). Beyond ASCII
// nothing is folded, so that no two scripts meet in one account. It tells nothing
// of whether there is such an account. Errors: ErrEmail.
func KeyOfEmail(email string) (Key, error) {
	address, err := trimEmail(email)
	if err != nil {
		return Key{}, err
	}
	return keyOf("email", lowerASCII(address)), nil
}

// KeyOfUpstream is where the account of an upstream provider's user lies. Only
// issuer and sub together name one for good (OpenID Connect Core section 5.7);
// an email there is worth nothing here, so whoever gets a provider to say
// another's address does not meet that person's account.
func KeyOfUpstream(issuer, sub string) Key { return keyOf("upstream", issuer, sub) }

// trimEmail checks an address and gives it as its owner wants to see it.
func trimEmail(email string) (string, error) {
	if len(email) > 4*maxEmail { // before any work on it
		return "", ErrEmail
	}
	email = strings.TrimSpace(email)
	local, domain, _ := strings.Cut(email, "@")
	bad := func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == utf8.RuneError }
	if len(email) > maxEmail || local == "" || domain == "" || strings.Contains(domain, "@") || strings.ContainsFunc(email, bad) {
		return "", ErrEmail
	}
	return email, nil
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r - 'A' + 'a'
		}
		return r
	}, s)
}

// keyOf frames each part by its length, so that no two lists of parts are one.
func keyOf(parts ...string) Key {
	h := sha256.New()
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		_, _ = h.Write(n[:])
		_, _ = io.WriteString(h, p)
	}
	return Key(h.Sum(nil))
}

// IsZero tells whether the key is absent.
func (k Key) IsZero() bool { return k == Key{} }

// subjectPrefix shows people that read a log what they look at.
const subjectPrefix = "usr_"

// IsSubject tells whether a text could be a subject that was drawn here.
func IsSubject(s string) bool {
	digits, ok := strings.CutPrefix(s, subjectPrefix)
	b, err := hex.DecodeString(digits)
	return ok && err == nil && len(b) == 16 && digits == lowerASCII(digits)
}

// newSubject draws a subject: 128 bits, which say nothing of the person and are
// never given twice.
func newSubject(rand io.Reader) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(rand, b[:]); err != nil {
		return "", fmt.Errorf("drawing a subject: %w", err)
	}
	return subjectPrefix + hex.EncodeToString(b[:]), nil
}
