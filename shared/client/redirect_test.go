package client

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestRedirectURIsAreChecked(t *testing.T) {
	for uri, want := range map[string]string{ // a part of what is said; empty: nothing is wrong
		"https://app.example.com/callback":            "",
		"https://app.example.com":                     "",
		"https://app.example.com:8443/cb?tenant=a&b=": "",
		"https://[2001:db8::1]/cb":                    "",
		"https://192.0.2.1/cb":                        "",
		"http://127.0.0.1/callback":                   "",
		"http://127.0.0.1:8080/callback":              "",
		"http://[::1]/callback":                       "",
		"http://localhost:3000/cb":                    "",
		"com.example.app:/oauth2redirect":             "",
		"com.example.app://callback":                  "",
		"com.example.app:oauth2redirect":              "",

		"": "characters",
		"https://a.example/" + strings.Repeat("x", 2048): "characters",
		"/callback":                          "absolute",
		"app.example.com/callback":           "absolute",
		"//app.example.com/callback":         "absolute",
		"HTTPS://app.example.com/cb":         "lower case",
		"https:///cb":                        "one host",
		"https:app.example.com":              "one host",
		"https://app.example.com/cb#x":       "RFC 3986",
		"https://app.example.com/cb#":        "RFC 3986",
		"https://app.example.com/a b":        "RFC 3986",
		"https://app.example.com/\x00":       "RFC 3986",
		"https://app.example.com/\nX":        "RFC 3986",
		"https://äpp.example/":               "RFC 3986",
		`https://good.example\@evil.example`: "RFC 3986",
		"https://u@app.example.com/":         "user name",
		"https://u:p@app.example.com/":       "user name",
		"https://@app.example.com/":          "user name",
		"https://*.example.com/cb":           "no wildcards",
		"https://app.example.com:0/":         "1 to 65535",
		"https://app.example.com:65536/":     "1 to 65535",
		"https://app.example.com:/":          "1 to 65535",
		"https://[v1.x]/cb":                  "absolute",
		"https://app.example.com/cb?code=1":  "must not hold code",
		"https://app.example.com/cb?a&state": "must not hold state",
		"https://app.example.com/cb?is%73=x": "must not hold iss",
		"https://app.example.com/cb?a=%zz":   "query string",
		"http://app.example.com/cb":          "use https",
		"http://127.0.0.2/cb":                "use https",
		"http://127.0.0.1.evil.example/cb":   "use https",
		"http://localhost.evil.example/cb":   "use https",
		"http://127.1/cb":                    "use https",
		"http://[::ffff:127.0.0.1]/cb":       "use https",
		"http://0.0.0.0/cb":                  "use https",
		"javascript:alert(1)":                "backwards",
		"data:text/html,x":                   "backwards",
		"file:///etc/passwd":                 "backwards",
		"myapp:/callback":                    "backwards",
		"vbscript:x":                         "backwards",
		"com.example.app:":                   "after its scheme",
	} {
		err := CheckRedirectURI(uri)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, and not %q", uri, err, want)
		}
	}
}

func TestRedirectURIsMatch(t *testing.T) {
	p := Policy{RedirectURIs: []string{"https://app.example/cb", "https://app.example:444/cb?x=1", "http://127.0.0.1/cb", "http://[::1]:9/cb",
		"http://localhost:3000/cb", "com.example.app:/cb", "http://127.0.0.1"}}
	for asked, want := range map[string]bool{
		"https://app.example/cb":         true,
		"https://app.example:444/cb?x=1": true,
		"http://127.0.0.1/cb":            true,
		"http://127.0.0.1:51004/cb":      true,
		"http://[::1]/cb":                true,
		"http://[::1]:65535/cb":          true,
		"http://localhost:3000/cb":       true,
		"com.example.app:/cb":            true,
		"http://127.0.0.1:8080":          true,

		"":                                            false,
		"https://app.example/cb/":                     false,
		"https://app.example/CB":                      false,
		"https://APP.example/cb":                      false,
		"https://app.example/cb?x":                    false,
		"https://app.example/%63b":                    false,
		"https://app.example/x/../cb":                 false,
		"https://app.example:443/cb":                  false,
		"https://app.example:444/cb":                  false,
		"https://app.example/cb#":                     false,
		"https://app.example/cbx":                     false,
		"https://app.example.evil.example/cb":         false,
		"https://evil.example/https://app.example/cb": false,
		"http://app.example/cb":                       false,
		"http://127.0.0.1:51004/cb/x":                 false,
		"http://127.0.0.1:51004/cb?x=1":               false,
		"https://127.0.0.1/cb":                        false,
		"http://127.0.0.1:0/cb":                       false,
		"http://127.0.0.1:70000/cb":                   false,
		"http://127.0.0.1:/cb":                        false,
		"http://127.0.0.1:80@evil.example/cb":         false,
		"http://127.0.0.1:80:90/cb":                   false,
		"http://127.0.0.1.evil.example/cb":            false,
		"http://127.0.0.2:51004/cb":                   false,
		"http://[0:0:0:0:0:0:0:1]/cb":                 false,
		"http://localhost:3001/cb":                    false,
		"http://localhost/cb":                         false,
		"com.example.app:/cb2":                        false,
		"com.example.app://cb":                        false,
	} {
		if got := p.MatchesRedirectURI(asked); got != want {
			t.Errorf("%q matches: %t", asked, got)
		}
	}
	// A row that somebody wrote past the checks sends nobody's browser to a script.
	if (Policy{RedirectURIs: []string{"javascript:alert(1)", ""}}).MatchesRedirectURI("javascript:alert(1)") {
		t.Error("a script is a redirect URI")
	}
}

func TestNativeRedirects(t *testing.T) {
	for uri, want := range map[string]bool{
		"http://127.0.0.1/cb": true, "http://[::1]:1/": true, "http://localhost/": true, "com.example.app:/cb": true,
		"https://app.example/cb": false, "https://127.0.0.1/cb": false, "http://app.example/cb": false, "javascript:x": false, "": false,
	} {
		if NativeRedirect(uri) != want {
			t.Errorf("%q is native: %t", uri, !want)
		}
	}
}

func TestOriginsAreAsBrowsersSendThem(t *testing.T) {
	for origin, want := range map[string]bool{
		"https://app.example": true, "https://app.example:8443": true, "http://localhost:5173": true, "http://localhost": true,
		"http://127.0.0.1:3000": true, "http://[::1]:3000": true, "https://[2001:db8::1]": true,

		"": false, "*": false, "null": false, "https://*": false, "https://*.example.com": false, "https://app.example/": false, "https://app.example?": false,
		"https://App.example": false, "HTTPS://app.example": false, "https://app.example:443": false, "http://localhost:80": false,
		"https://app.example:08443": false, "https://app.example:": false, "https://u@app.example": false, "http://app.example": false,
		"app.example": false, "https://app.example https://b.example": false, "https://[0:0:0:0:0:0:0:1]": false, "com.example.app://x": false,
		"https://app.example/x": false, "https://" + strings.Repeat("a", 300): false, "https://app.example\n": false,
	} {
		if err := CheckOrigin(origin); (err == nil) != want {
			t.Errorf("%q: %v", origin, err)
		}
	}
}

// FuzzRedirectURI: what matches is registered to the character or differs in
// the port of a loopback address alone, and then goes where a strict reader,
// too, says that the registered one goes.
func FuzzRedirectURI(f *testing.F) {
	for _, seed := range [][2]string{
		{"https://app.example/cb", "https://app.example/cb"}, {"http://127.0.0.1/cb", "http://127.0.0.1:1/cb"}, {"http://[::1]:5/cb?a", "http://[::1]/cb?a"},
		{"http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb"}, {"com.example.app:/cb", "com.example.app:/cb"}, {"javascript:x", "javascript:x"},
		{"http://127.0.0.1/", `http://127.0.0.1:1\@evil.example/`}, {"https://a.b/#", "https://a.b/"}, {"http://127.0.0.1?x", "http://127.0.0.1:22?x"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, registered, asked string) {
		p := Policy{RedirectURIs: []string{registered}}
		if !p.MatchesRedirectURI(asked) {
			return
		}
		a, err := url.Parse(asked)
		if err != nil || a.Scheme == "" || a.User != nil || strings.ContainsAny(asked, "#\\ \"<>\n") {
			t.Fatalf("%q matches", asked)
		}
		if registered == asked {
			return
		}
		r, err := url.Parse(registered)
		if err != nil || a.Scheme != "http" || r.Scheme != "http" || !slices.Contains(loopbacks, a.Hostname()) || a.Hostname() != r.Hostname() ||
			a.EscapedPath() != r.EscapedPath() || a.RawQuery != r.RawQuery {
			t.Fatalf("%q matches %q", asked, registered)
		}
	})
}
