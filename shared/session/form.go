package session

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"rescind/shared/secret"
)

// FormLifetime is how long a form may stay open before it is sent.
const FormLifetime = 2 * time.Hour

// formSkew is how far the clock of the machine that made a form may be ahead.
const formSkew = 10 * time.Minute

var formCoding = base64.RawURLEncoding.Strict()

// FormToken makes the CSRF token of a form in one browser: when it was made, and
// an HMAC-SHA256 of that and of what the form does, keyed by the cookie's value.
// So it fits that browser's sign-in and that purpose only, and nothing is stored.
func FormToken(value secret.Text, purpose string, now time.Time) string {
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(now.Unix()))
	return formCoding.EncodeToString(append(at[:], formMAC(value, purpose, at[:])...))
}

// CheckFormToken tells whether a form's token was made for this cookie's value
// and this purpose, within the form's lifetime.
func CheckFormToken(value secret.Text, purpose, token string, now time.Time) bool {
	const length = 8 + sha256.Size
	if value.IsEmpty() || len(token) != formCoding.EncodedLen(length) {
		return false
	}
	b, err := formCoding.DecodeString(token)
	if err != nil || len(b) != length { // the decoder skips newlines
		return false
	}
	if !hmac.Equal(b[8:], formMAC(value, purpose, b[:8])) {
		return false
	}
	age := now.Sub(time.Unix(int64(binary.BigEndian.Uint64(b[:8])), 0))
	return age < FormLifetime && age > -formSkew
}

func formMAC(value secret.Text, purpose string, at []byte) []byte {
	// The key is not the value itself, and not its digest, which the store has.
	key := hmac.New(sha256.New, []byte(value.Reveal()))
	key.Write([]byte("rescind form token 1"))
	mac := hmac.New(sha256.New, key.Sum(nil))
	mac.Write(at)
	mac.Write([]byte(purpose))
	return mac.Sum(nil)
}
