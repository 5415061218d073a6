package upstream_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/upstream"
)

func TestAnAttemptLivesInACookie(t *testing.T) {
	s := newScene(t)
	maxAge := int64(9223372036854775807)
	for _, next := range []string{"", "/o/authorize/?a=b&c=%20~;,\"", "\x00\xff\n", strings.Repeat("~", 2600)} {
		for _, age := range []*int64{nil, new(int64), &maxAge} {
			a, err := s.ours.NewAttempt(rand.Reader, next)
			if err != nil {
				t.Fatal(err)
			}
			a.Provider, a.MaxAge = strings.Repeat("p", 32), age
			cookie := a.Cookie().Reveal()
			got, ok := upstream.ParseCookie(cookie)
			if !ok || !same(got, a) {
				t.Errorf("with a next of %d bytes: %t, %+v", len(next), ok, got)
			}
			if err := (&http.Cookie{Name: "__Host-x", Value: cookie, Quoted: false}).Valid(); err != nil || len(cookie) > 3900 {
				t.Errorf("the cookie has %d bytes: %v", len(cookie), err)
			}
		}
	}
}

func same(a, b upstream.Attempt) bool {
	age := func(a upstream.Attempt) int64 {
		if a.MaxAge == nil {
			return -1
		}
		return *a.MaxAge
	}
	return a.Provider == b.Provider && a.Next == b.Next && a.At.Equal(b.At) && a.At.Location() == b.At.Location() && age(a) == age(b) &&
		a.State.Equal(b.State) && a.Nonce.Equal(b.Nonce) && a.Verifier.Equal(b.Verifier)
}

func TestAnAttemptHasValuesOfItsOwn(t *testing.T) {
	s := newScene(t)
	seen := map[secret.Digest]bool{}
	for range 3 {
		a := s.begin(t)
		for _, v := range []secret.Text{a.State, a.Nonce, a.Verifier} {
			if v.Len() != 43 || seen[v.Digest()] {
				t.Errorf("a value of %d characters, seen before: %t", v.Len(), seen[v.Digest()])
			}
			seen[v.Digest()] = true
		}
	}
	if _, err := s.ours.NewAttempt(bytes.NewReader(make([]byte, 95)), ""); err == nil {
		t.Error("too little randomness makes an attempt")
	}
}

func TestAnAttemptDoesNotPrint(t *testing.T) {
	s := newScene(t)
	a := s.begin(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, v := range []any{a, &a, a.Cookie(), s.ours} {
			got := fmt.Sprintf(verb, v)
			for _, hidden := range []string{a.State.Reveal(), a.Nonce.Reveal(), a.Verifier.Reveal(), clientSecret} {
				if strings.Contains(got, hidden) {
					t.Errorf("%s of %T shows a secret", verb, v)
				}
			}
		}
	}
}

func TestANextThatIsTooLongIsTheClientsFault(t *testing.T) {
	s := newScene(t)
	_, err := s.ours.NewAttempt(rand.Reader, strings.Repeat("n", 2601))
	var answer *oauth.Error
	if !errors.As(err, &answer) || answer.Code != oauth.InvalidRequest {
		t.Errorf("the error is %v", err)
	}
}

func TestACookieThatWeDidNotWrite(t *testing.T) {
	s := newScene(t)
	good := s.begin(t).Cookie().Reveal()
	field := func(n int, value string) string {
		f := strings.Split(good, "~")
		f[n] = value
		return strings.Join(f, "~")
	}
	if _, ok := upstream.ParseCookie(good); !ok {
		t.Fatal("not even the good one is read")
	}
	for name, cookie := range map[string]string{
		"empty": "", "one field less": good[:strings.LastIndex(good, "~")], "one more": good + "~", "quoted": `"` + good + `"`,
		"another version": field(0, "2"), "no provider": field(1, ""), "a provider with a slash": field(1, "a/b"),
		"a time with a sign": field(2, "+1"), "a time before 1970": field(2, "-1"), "a time with a zero before": field(2, "01"), "no time": field(2, ""),
		"a time beyond all numbers": field(2, "9223372036854775808"), "a max_age below zero": field(3, "-1"), "a max_age that is no number": field(3, "x"),
		"a short state": field(4, strings.Repeat("A", 42)), "a long nonce": field(5, strings.Repeat("A", 44)), "no verifier": field(6, ""),
		"a state with trailing bits": field(4, strings.Repeat("A", 42)+"B"), "a nonce with a line's end": field(5, strings.Repeat("A", 43)+"\n"),
		"a next with padding": field(7, "YQ=="), "a next with a line's end": field(7, "YWJj\n"), "a next that is too long": field(7, strings.Repeat("A", 3468)),
	} {
		if a, ok := upstream.ParseCookie(cookie); ok {
			t.Errorf("%s: read as %+v", name, a)
		}
	}
}

// FuzzParseCookie: nothing makes it panic, and what is read has one spelling.
func FuzzParseCookie(f *testing.F) {
	v := strings.Repeat("A", 43)
	for _, seed := range []string{"", "~~~~~~~", "1~upstream~1767225600000~~" + v + "~" + v + "~" + v + "~L28v",
		"1~u~0~9223372036854775807~" + v + "~" + v + "~" + v + "~", "1~u~9223372036854775807~0~" + v + "~" + v + "~" + v + "~_w"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := upstream.ParseCookie(s)
		if ok && a.Cookie().Reveal() != s {
			t.Errorf("%q is written as %q", s, a.Cookie().Reveal())
		}
		if !ok && (a.Provider != "" && a.MaxAge == nil) {
			t.Errorf("%q is not read and gives %+v", s, a)
		}
	})
}
