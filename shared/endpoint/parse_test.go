package endpoint

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"rescind/shared/oauth"
)

var formSeeds = []string{
	"", "&", "=", "&&&=&=", "a", "a=", "=b", "a=b", "a=b&a=c", "resource=a&resource=b&audience=c&audience=d",
	"a=%41&%61=b", "a=%", "a=%4", "a=%zz", "a=%00", "a=\x00", "a=%0a", "a=\x7f", "a=%ff", "a=\xff", "a=%c0%80", "a=+%2B+",
	"grant_type=refresh_token&refresh_token=x&scope=a+b", strings.Repeat("a&", 300), strings.Repeat("&", 300), "a=b;c=d", "a=b=c",
	"token=rsc_at_AAAA&token_type_hint=access_token", "é=ü", "%C3%A9=%C3%BC",
}

// FuzzForm: what parseForm takes is what net/url reads, unrepeated, in UTF-8
// and free of control characters; what it refuses has a reason.
func FuzzForm(f *testing.F) {
	for _, seed := range formSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := parseForm(body)
		want, urlErr := url.ParseQuery(strings.ReplaceAll(body, ";", "%3B")) // net/url alone refuses semicolons
		if err != nil {
			if urlErr == nil && wellFormed(want) {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if urlErr != nil || !wellFormed(want) {
			t.Fatalf("taken, although net/url says: %v", urlErr)
		}
		n := 0
		for name, values := range want {
			n += len(values)
			if !got.Has(name) || got.Get(name) != values[0] {
				t.Fatalf("the parameter %q is %q and not %q", name, got.Get(name), values[0])
			}
		}
		if got.Len() != n {
			t.Fatalf("%d parameters were read, and not %d", got.Len(), n)
		}
	})
}

// wellFormed holds what parseForm asks for beyond net/url.
func wellFormed(form url.Values) bool {
	n := 0
	for name, values := range form {
		n += len(values)
		if len(values) > 1 && !oauth.MayRepeat(name) {
			return false
		}
		for _, s := range append(values, name) {
			if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
				return false
			}
		}
	}
	return n <= maxParams
}

// FuzzBasicHeader: any header is read without a panic, and what a client
// encodes by RFC 6749 section 2.3.1 comes back as it was.
func FuzzBasicHeader(f *testing.F) {
	for _, seed := range []struct{ header, id, text string }{
		{"Basic", "app", "secret"}, {"Basic ", "", ""}, {"Basic YQ==", "a", ""}, {"Basic YTpi", "a", "b"}, {"basic  YTpi", "a:b", "c:d"},
		{"BASIC YTolMjU=", "ä", "%"}, {"Basic OjoK", "a b", "+"}, {"Bearer x", "a", "b"}, {"Bearer ", "x", "y"}, {"Digest a=b", "\x00", "\xff"},
		{"Basic ////", "a", "b"}, {"Basic YTpi\n", "a", "b"}, {"", "a", "b"}, {" ", "a", "b"},
	} {
		f.Add(seed.header, seed.id, seed.text)
	}
	f.Fuzz(func(t *testing.T, header, id, text string) {
		for _, bodyID := range []string{"", id} {
			got, err := readAuthorization(header, bodyID, "source")
			if pairs := got.client.Pairs; len(pairs) > 2 || err != nil && len(pairs) > 0 {
				t.Fatalf("%d pairs with the error %v", len(pairs), err)
			}
			if got.isBearer && (len(got.client.Pairs) > 0 || got.unsupported) {
				t.Fatal("a bearer and something else too")
			}
		}
		pair := url.QueryEscape(id) + ":" + url.QueryEscape(text)
		got, err := readAuthorization("Basic "+base64.StdEncoding.EncodeToString([]byte(pair)), "", "source")
		if err != nil || got.unsupported || len(got.client.Pairs) == 0 {
			t.Fatalf("a proper header is refused: %v", err)
		}
		if first := got.client.Pairs[0]; first.ID != id || first.Secret.Reveal() != text {
			t.Fatalf("the pair is not what was encoded")
		}
		for _, p := range got.client.Pairs[1:] {
			if p.ID+":"+p.Secret.Reveal() != pair {
				t.Fatalf("the second pair is not the raw one")
			}
		}
	})
}
