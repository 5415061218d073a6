package upstream

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"

	"rescind/shared/secret"
)

// claims are what is read of an ID token, beside what the library reads.
type claims struct {
	Party         string      `json:"azp"`
	AuthTime      json.Number `json:"auth_time"`
	Email         string      `json:"email"`
	EmailVerified truth       `json:"email_verified"`
	Name          string      `json:"name"`
	Username      string      `json:"preferred_username"`
}

// truth is a boolean that some providers write as a string.
type truth bool

// UnmarshalJSON takes true and "true" for true, and all else for false.
func (t *truth) UnmarshalJSON(b []byte) error {
	*t = string(b) == "true" || string(b) == `"true"`
	return nil
}

// person checks an ID token as OpenID Connect Core section 3.1.3.7 says, and
// reads who it is about.
func (p *Provider) person(ctx context.Context, k *known, a Attempt, raw secret.Text) (Person, error) {
	token, err := p.verify(ctx, k, raw)
	if err != nil {
		return Person{}, err
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return Person{}, &Refused{Reason: BadIDToken}
	}
	authTime, timeOK := moment(c.AuthTime)
	switch {
	case !timeOK:
		return Person{}, &Refused{Reason: BadIDToken}
	case token.Nonce == "" || !a.Nonce.Equal(secret.NewText(token.Nonce)):
		return Person{}, &Refused{Reason: WrongNonce}
	case !p.issuedToUs(token, c.Party):
		return Person{}, &Refused{Reason: WrongParty}
	case token.Subject == "" || len(token.Subject) > 255 || !printable(token.Subject):
		return Person{}, &Refused{Reason: WrongSubject}
	case !recent(a, authTime, p.now()):
		return Person{}, &Refused{Reason: TooLongAgo}
	}
	if now := p.now().UTC(); authTime.After(now) {
		authTime = now // their clock is ahead; a session must not be younger than it is
	}
	person := Person{Issuer: p.cfg.Issuer, Subject: token.Subject, Name: display(cmp.Or(c.Name, c.Username)), AuthTime: authTime}
	if c.EmailVerified {
		person.Email = address(c.Email)
	}
	return person, nil
}

// issuedToUs: a token for several audiences says which of them asked for it,
// and one that says so says our name (OpenID Connect Core section 3.1.3.7,
// points 4 and 5).
func (p *Provider) issuedToUs(token *oidc.IDToken, party string) bool {
	if party == "" {
		return len(token.Audience) == 1
	}
	return party == p.cfg.ClientID
}

// recent: where a max_age was asked for, the sign-in's time has to be there and
// no longer before the request than that (OpenID Connect Core section
// 3.1.3.7, point 13).
func recent(a Attempt, authTime, now time.Time) bool {
	if authTime.After(now.Add(skew)) {
		return false
	}
	if a.MaxAge == nil {
		return true
	}
	const most = int64(10 * 365 * 24 * time.Hour / time.Second) // what is longer would overflow
	oldest := a.At.Add(-time.Duration(min(*a.MaxAge, most)) * time.Second)
	return !authTime.Before(oldest.Add(-skew)) // absent, it is before all
}

// moment reads seconds since 1970; absent, it is the zero time.
func moment(n json.Number) (time.Time, bool) {
	if n == "" {
		return time.Time{}, true
	}
	seconds, err := n.Float64()
	if err != nil || seconds < 1 || seconds > 1<<40 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0).UTC(), true
}

// address is an email as the provider spells it, or empty if it can be none.
func address(email string) string {
	if len(email) > 254 || strings.Count(email, "@") != 1 || !clean(email) || strings.ContainsRune(email, ' ') {
		return ""
	}
	return email
}

// display cuts a name to 200 bytes of text without control characters.
func display(name string) string {
	name = strings.TrimSpace(strings.ToValidUTF8(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name), ""))
	if len(name) > 200 {
		name = strings.ToValidUTF8(name[:200], "")
	}
	return name
}

func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}
