package page_test

import (
	"slices"
	"strings"
	"testing"
)

// TestLanguage: ui_locales first, then Accept-Language, then English.
func TestLanguage(t *testing.T) {
	p := newPages(t)
	for _, tt := range []struct{ name, locales, accept, want string }{
		{"nothing asked", "", "", "en"},
		{"ui_locales", "de", "en", "de"},
		{"ui_locales in order", "fr de en", "", "de"},
		{"a region", "de-CH", "", "de"},
		{"a region in other letters", "DE-ch-1996", "", "de"},
		{"an extension", "de-x-private", "", "de"},
		{"ui_locales that we have nothing of", "fr it", "de", "de"},
		{"Accept-Language by weight", "", "en;q=0.5, de;q=0.8", "de"},
		{"Accept-Language in order", "", "de-AT,en", "de"},
		{"a weight in capitals", "", "en;q=0.1,de;Q=0.9", "de"},
		{"refused", "", "de;q=0", "en"},
		{"anything", "", "*", "en"},
		{"malformed weights", "", "de;q=x, de;q=2, de;q=-1, de;q=NaN, de;z", "en"},
		{"a word that only begins so", "deutsch", "den", "en"},
		{"very long", strings.Repeat("fr ", 5000) + "de", strings.Repeat("fr,", 5000) + "de", "en"},
		{"nothing but separators", " - -- ", ",;,--,-", "en"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := p.Language(tt.locales, tt.accept); got != tt.want {
				t.Errorf("%q", got)
			}
		})
	}
	if got := p.Languages(); !slices.Equal(got, []string{"en", "de"}) {
		t.Errorf("languages %q", got)
	}
}

// FuzzLanguage: whatever is asked, the answer is a language that there is.
func FuzzLanguage(f *testing.F) {
	f.Add("de-CH en", "de;q=0.5, en;q=0.1")
	f.Add("x-y-", "*;q=1e400,-")
	p := newPages(f)
	f.Fuzz(func(t *testing.T, locales, accept string) {
		if got := p.Language(locales, accept); !slices.Contains(p.Languages(), got) {
			t.Errorf("%q", got)
		}
	})
}
