package user_test

import (
	"errors"
	"strings"
	"testing"

	"rescind/shared/secret"
	"rescind/shared/user"
)

func mustKey(t testing.TB, email string) user.Key {
	t.Helper()
	k, err := user.KeyOfEmail(email)
	if err != nil {
		t.Fatalf("%q is no email: %v", email, err)
	}
	return k
}

func TestAnEmailNamesOneAccountHoweverItIsTyped(t *testing.T) {
	for _, c := range []struct {
		what, a, b string
		same       bool
	}{
		{"the case of ASCII", "Ann@Example.COM", "ann@example.com", true},
		{"spaces around it", " \tann@example.com\r\n", "ann@example.com", true},
		{"another person", "ann@example.com", "anne@example.com", false},
		{"another domain", "ann@example.com", "ann@example.org", false},
		{"a tag", "ann+x@example.com", "ann@example.com", false},
		{"the case beyond ASCII", "Ärger@example.com", "ärger@example.com", false},
		{"a letter that only looks so", "аnn@example.com", "ann@example.com", false}, // a Cyrillic а
		{"the Kelvin sign", "\u212aim@example.com", "kim@example.com", false},
		{"the long s", "\u017fam@example.com", "sam@example.com", false},
	} {
		if got := mustKey(t, c.a) == mustKey(t, c.b); got != c.same {
			t.Errorf("with %s it is one account: %t", c.what, got)
		}
	}
}

func TestWhatIsNoEmailHasNoAccount(t *testing.T) {
	for what, email := range map[string]string{
		"nothing": "", "spaces": "  ", "no @": "ann", "two @": "a@b@c", "nothing before": "@b", "nothing behind": "a@", "a space within": "a nn@b",
		"a newline within": "a\nn@b", "a NUL": "a\x00@b", "what is no UTF-8": "a\xff@b", "an invisible space": "a\u00a0n@b", "a zero-width space": "a\u200bn@b",
		"a right-to-left override": "a\u202en@b", "255 bytes": strings.Repeat("a", 253) + "@b", "a megabyte": strings.Repeat(" ", 1<<20) + "a@b",
	} {
		if _, err := user.KeyOfEmail(email); !errors.Is(err, user.ErrEmail) {
			t.Errorf("%s is an email: %v", what, err)
		}
	}
	mustKey(t, strings.Repeat("a", 252)+"@b")
}

func TestAnUpstreamAccountIsItsIssuersAndNobodyElses(t *testing.T) {
	base := user.KeyOfUpstream("https://idp.example", "42")
	for what, other := range map[string]user.Key{
		"another issuer": user.KeyOfUpstream("https://idp.example.evil.example", "42"), "another sub": user.KeyOfUpstream("https://idp.example", "4"),
		"a part moved over": user.KeyOfUpstream("https://idp.example4", "2"), "the parts swapped": user.KeyOfUpstream("42", "https://idp.example"),
		"a built-in one": mustKey(t, "42@idp.example"), "none": {},
	} {
		if base == other {
			t.Errorf("%s has the same key", what)
		}
	}
	if base != user.KeyOfUpstream("https://idp.example", "42") || base.IsZero() || !(user.Key{}).IsZero() {
		t.Error("a key is not always the same, or not there")
	}
	// A built-in account cannot be reached by a provider that says the same email.
	if user.KeyOfUpstream("email", "a@b.example") == mustKey(t, "a@b.example") || user.KeyOfUpstream("", "a@b.example") == mustKey(t, "a@b.example") {
		t.Error("an upstream provider names a built-in account")
	}
}

func TestAPasswordIsLongEnoughAndNotTheFirstThatAnybodyTries(t *testing.T) {
	for password, want := range map[string]error{
		"tr0ub4dor&3": nil, "änderung": nil, "        x": nil, strings.Repeat("ab", 128): nil, "\U0001f600\U0001f601\U0001f602\U0001f603\U0001f604\U0001f605\U0001f606\U0001f607": nil,
		"":        user.ErrPasswordShort,
		"seven77": user.ErrPasswordShort, "äöüäöü7": user.ErrPasswordShort, // 13 bytes, 7 characters
		strings.Repeat("ab", 128) + "a": user.ErrPasswordLong, "not utf-8 \xff": user.ErrPasswordText,
		"PassWord": user.ErrPasswordCommon, "zzzzzzzzzzzz": user.ErrPasswordCommon, "        ": user.ErrPasswordCommon,
		"annabelle@example.com": user.ErrPasswordCommon, "ANNABELLE": user.ErrPasswordCommon,
	} {
		if err := user.CheckPassword(" Annabelle@example.com", secret.NewText(password)); !errors.Is(err, want) {
			t.Errorf("%q is answered %v, not %v", password, err, want)
		}
	}
}

func FuzzKeyOfEmail(f *testing.F) {
	for _, s := range []string{"ann@example.com", " A@b ", "a@b@c", "ä@ö", "a\x00@b", "@", "İ@x", "a\u2028@b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, email string) {
		key, err := user.KeyOfEmail(email)
		if err != nil {
			return
		}
		if strings.Count(email, "@") != 1 || key.IsZero() || strings.ContainsAny(strings.TrimSpace(email), " \n\r\t\x00") {
			t.Errorf("%q is taken", email)
		}
		for _, same := range []string{" " + email, email + "\n", strings.TrimSpace(email)} {
			if again, err := user.KeyOfEmail(same); len(same) <= 254 && (err != nil || again != key) {
				t.Errorf("%q is another account, %v", same, err)
			}
		}
	})
}
