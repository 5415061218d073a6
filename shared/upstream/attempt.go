package upstream

import (
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// Lifetime is how long somebody may take at the provider.
const Lifetime = 10 * time.Minute

// longestNext keeps the cookie below the 4 KB that browsers take.
const longestNext = 2600

// valueLen is the length of 32 random bytes in base64url.
const valueLen = 43

var strict = base64.RawURLEncoding.Strict()

// Attempt is one sign-in that was begun, as the cookie of the browser that
// began it holds it.
type Attempt struct {
	Provider string    // the provider's ID
	Next     string    // where to go on; whoever goes there checks it first
	At       time.Time // UTC, whole milliseconds
	MaxAge   *int64    // seconds; what the provider is asked for and held to
	State    secret.Text
	Nonce    secret.Text
	Verifier secret.Text // RFC 7636 section 4.1
}

// NewAttempt begins a sign-in. A next that no cookie could hold is refused.
func (p *Provider) NewAttempt(rand io.Reader, next string) (Attempt, error) {
	if len(next) > longestNext {
		return Attempt{}, oauth.Refuse(oauth.InvalidRequest, "the request is too long to sign in with the provider first")
	}
	var values [3][32]byte
	for i := range values {
		if _, err := io.ReadFull(rand, values[i][:]); err != nil {
			return Attempt{}, fmt.Errorf("drawing a sign-in's values: %w", err)
		}
	}
	text := func(b [32]byte) secret.Text { return secret.NewText(strict.EncodeToString(b[:])) }
	return Attempt{Provider: p.ID(), Next: next, At: p.now().UTC().Truncate(time.Millisecond),
		State: text(values[0]), Nonce: text(values[1]), Verifier: text(values[2])}, nil
}

// cookieVersion begins every cookie, so that another form can replace this one.
const cookieVersion = "1"

// Cookie is the attempt as a cookie's value: fields between tildes, at most
// 3,900 bytes, all of them RFC 6265's cookie-octets. It is not signed: it is
// the browser's own, and one that was made up signs its maker in at the
// provider, as any other would. It has to be kept from other hosts and from
// scripts, by a __Host- name and HttpOnly.
func (a Attempt) Cookie() secret.Text {
	maxAge := ""
	if a.MaxAge != nil {
		maxAge = strconv.FormatInt(*a.MaxAge, 10)
	}
	return secret.NewText(strings.Join([]string{cookieVersion, a.Provider, strconv.FormatInt(a.At.UnixMilli(), 10), maxAge,
		a.State.Reveal(), a.Nonce.Reveal(), a.Verifier.Reveal(), strict.EncodeToString([]byte(a.Next))}, "~"))
}

// ParseCookie reads what Cookie wrote, in that one spelling.
func ParseCookie(s string) (Attempt, bool) {
	f := strings.Split(s, "~")
	if len(f) != 8 || f[0] != cookieVersion || checkID(f[1]) != nil || len(f[7]) > strict.EncodedLen(longestNext) {
		return Attempt{}, false
	}
	for _, value := range f[4:7] {
		if b, err := strict.DecodeString(value); err != nil || len(b) != 32 || len(value) != valueLen {
			return Attempt{}, false
		}
	}
	at, atOK := number(f[2])
	next, err := strict.DecodeString(f[7])
	// The decoder skips newlines; where there was one, the lengths differ.
	if !atOK || err != nil || strict.EncodedLen(len(next)) != len(f[7]) {
		return Attempt{}, false
	}
	a := Attempt{Provider: f[1], Next: string(next), At: time.UnixMilli(at).UTC(),
		State: secret.NewText(f[4]), Nonce: secret.NewText(f[5]), Verifier: secret.NewText(f[6])}
	if f[3] == "" {
		return a, true
	}
	maxAge, ok := number(f[3])
	a.MaxAge = &maxAge
	return a, ok
}

// number reads digits as FormatInt writes them.
func number(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}
