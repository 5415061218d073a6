package upstream_test

import (
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/openid"
	"rescind/shared/upstream"
)

func TestAnEmailIsHandedOnOnlyIfItIsVerified(t *testing.T) {
	for name, tt := range map[string]struct {
		email, verified any
		want            string
	}{
		"verified":                      {"jane@example.com", true, "jane@example.com"},
		"verified, as Cognito says it":  {"jane@example.com", "true", "jane@example.com"},
		"not verified":                  {"jane@example.com", false, ""},
		"not verified, as a string":     {"jane@example.com", "false", ""},
		"nothing is said":               {"jane@example.com", nil, ""},
		"something else is said":        {"jane@example.com", 1, ""},
		"verified, and missing":         {nil, true, ""},
		"verified, and no address":      {"jane", true, ""},
		"verified, with two at signs":   {"jane@a@example.com", true, ""},
		"verified, with a line's end":   {"jane@example.com\n", true, ""},
		"verified, with a space":        {"jane doe@example.com", true, ""},
		"verified, and 255 bytes":       {strings.Repeat("j", 243) + "@example.com", true, ""},
		"verified, and 254 bytes":       {strings.Repeat("j", 242) + "@example.com", true, strings.Repeat("j", 242) + "@example.com"},
		"verified, with a zero width":   {"ja\u200bne@example.com", true, ""},
		"verified, in another alphabet": {"яна@example.com", true, "яна@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.theirs.Spoil(openid.Spoil{Claims: func(c map[string]any) {
				c["email"], c["email_verified"] = tt.email, tt.verified
				for _, member := range []string{"email", "email_verified"} {
					if c[member] == nil {
						delete(c, member)
					}
				}
			}})
			if got, err := s.signIn(t, s.begin(t)); err != nil || got.Email != tt.want || got.Subject != jane.Subject {
				t.Errorf("signed in is %+v, %v", got, err)
			}
		})
	}
}

func TestANameIsForDisplay(t *testing.T) {
	for _, tt := range []struct{ sent, want string }{
		{"Jane Doe", "Jane Doe"}, {" Jane\x00\r\nDoe\u202e ", "JaneDoe"}, {"", ""}, {"\t", ""},
		{strings.Repeat("ä", 150), strings.Repeat("ä", 100)}, {"x" + strings.Repeat("ä", 150), "x" + strings.Repeat("ä", 99)},
	} {
		s := newScene(t)
		s.theirs.Spoil(claim("name", tt.sent))
		if got, err := s.signIn(t, s.begin(t)); err != nil || got.Name != tt.want {
			t.Errorf("of %q stays %q, %v", tt.sent, got.Name, err)
		}
	}
}

func TestAUserNameStandsForAMissingName(t *testing.T) {
	for _, tt := range []struct {
		name any
		want string
	}{{"Jane Doe", "Jane Doe"}, {"", "jane"}, {nil, "jane"}} {
		s := newScene(t)
		s.theirs.Spoil(openid.Spoil{Claims: func(c map[string]any) { c["name"], c["preferred_username"] = tt.name, "jane" }})
		if got, err := s.signIn(t, s.begin(t)); err != nil || got.Name != tt.want {
			t.Errorf("of %v stays %q, %v", tt.name, got.Name, err)
		}
	}
}

// Where we are one of several audiences, azp names us; alone, it may.
func TestATokenForSeveralAudiences(t *testing.T) {
	for _, audience := range []any{"rescind", []string{"rescind"}, []string{"another", "rescind"}} {
		s := newScene(t)
		s.theirs.Spoil(openid.Spoil{Claims: func(c map[string]any) { c["aud"], c["azp"] = audience, "rescind" }})
		if _, err := s.signIn(t, s.begin(t)); err != nil {
			t.Errorf("for %v: %v", audience, err)
		}
	}
}

func TestTheTimeOfTheSignIn(t *testing.T) {
	start := newClock().Now()
	for name, tt := range map[string]struct {
		maxAge any // what is asked for
		claim  any // what is said
		want   time.Time
		reason string
	}{
		"an hour ago, not asked":                   {nil, start.Add(-time.Hour).Unix(), start.Add(-time.Hour), ""},
		"not said, not asked":                      {nil, nil, time.Time{}, ""},
		"a fraction of a second":                   {nil, float64(start.Unix()-1) + 0.5, start.Add(-time.Second), ""},
		"their clock is half a minute ahead":       {nil, start.Add(30 * time.Second).Unix(), start, ""},
		"five minutes ago, ten are allowed":        {600, start.Add(-5 * time.Minute).Unix(), start.Add(-5 * time.Minute), ""},
		"an hour ago, ten minutes are allowed":     {600, start.Add(-time.Hour).Unix(), time.Time{}, upstream.TooLongAgo},
		"now, and only now is allowed":             {0, start.Unix(), start, ""},
		"two minutes ago, and only now is allowed": {0, start.Add(-2 * time.Minute).Unix(), time.Time{}, upstream.TooLongAgo},
		"not said, and ten minutes are allowed":    {600, nil, time.Time{}, upstream.TooLongAgo},
		"an hour ago, and centuries are allowed":   {9_000_000_000_000, start.Add(-time.Hour).Unix(), start.Add(-time.Hour), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			s.theirs.Spoil(claim("auth_time", tt.claim))
			a := s.begin(t)
			if n, ok := tt.maxAge.(int); ok {
				maxAge := int64(n)
				a.MaxAge = &maxAge
			}
			answer := s.visit(t, a, upstream.AuthOptions{})
			got, err := s.ours.Exchange(t.Context(), a, answer)
			if tt.reason != "" {
				wantRefused(t, err, tt.reason)
			} else if err != nil || !got.AuthTime.Equal(tt.want) {
				t.Errorf("signed in is %+v, %v, and should be of %v", got, err, tt.want)
			}
		})
	}
}

// How long somebody takes at the provider does not count against max_age.
func TestTheTimeAtTheProviderDoesNotCount(t *testing.T) {
	s := newScene(t)
	a := s.begin(t)
	maxAge := int64(0)
	a.MaxAge = &maxAge
	s.theirs.Spoil(claim("auth_time", s.Now().Unix()))
	s.Advance(5 * time.Minute) // reading what the provider asks after the sign-in
	if got, err := s.signIn(t, a); err != nil || !got.AuthTime.Equal(s.Now().Add(-5*time.Minute)) {
		t.Errorf("signed in is %+v, %v", got, err)
	}
}
