package endpoint_test

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
)

// TestFailedAuthenticationsAreEqual: whoever cannot authenticate is told the
// same, byte for byte, whatever the reason (RFC 6749 section 5.2).
func TestFailedAuthenticationsAreEqual(t *testing.T) {
	d := deploy(t, onSQLite{}, defaultIssuer)
	good := d.register("good", confidential())
	off := d.register("off", confidential())
	_, err := d.manager().Disable(t.Context(), off.id)
	d.must(err, "disabling")
	gone := d.register("gone", confidential())
	_, err = d.manager().Delete(t.Context(), gone.id)
	d.must(err, "deleting")
	spa := d.register("spa", public())
	pin := func(method string) app {
		return d.register(method, func() client.Policy { p := confidential(); p.TokenEndpointAuthMethod = method; return p }())
	}
	basicOnly, postOnly := pin(oauth.AuthBasic), pin(oauth.AuthPost)
	for _, path := range []string{"/o/token/", "/o/revoke_token/", "/o/introspect/"} {
		want := ""
		for _, failing := range []struct{ name, id, text, only string }{
			{"a wrong secret", good.id, "wrong", ""},
			{"an unknown client", "nobody", "wrong", ""},
			{"an unknown client with a secret of ours", "nobody", good.text.Reveal(), ""},
			{"another client's secret", good.id, off.text.Reveal(), ""},
			{"a client that is off", off.id, off.text.Reveal(), ""},
			{"a client that was deleted", gone.id, gone.text.Reveal(), ""},
			{"a public client with a secret", spa.id, "wrong", ""},
			{"a client pinned to Basic", basicOnly.id, basicOnly.text.Reveal(), "body"},
			{"a client pinned to the body", postOnly.id, postOnly.text.Reveal(), "basic"},
			{"an id that cannot be", "no such id", "wrong", ""},
			{"an id that is too long", strings.Repeat("a", 129), "wrong", ""},
			{"a secret that is too long", good.id, strings.Repeat("a", 257), ""},
			{"an id that is a token of ours", "rsc_at_" + strings.Repeat("A", 70), "wrong", ""},
		} {
			for _, by := range []string{"basic", "body"} {
				if failing.only != "" && failing.only != by {
					continue
				}
				body := "grant_type=client_credentials&token=x"
				header := []string{"X-Request-Id: same"}
				if by == "basic" {
					pair := url.QueryEscape(failing.id) + ":" + url.QueryEscape(failing.text)
					header = append(header, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
				} else {
					body += "&client_id=" + url.QueryEscape(failing.id) + "&client_secret=" + url.QueryEscape(failing.text)
				}
				d.clock.Advance(time.Minute) // the bucket is full again
				got := wholeAnswer(t, d, post(path, body, header...))
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("%s, %s in the %s: the answer is\n%q\nand not\n%q", path, failing.name, by, got, want)
				}
			}
		}
		if !strings.HasPrefix(want, "HTTP/1.1 401 ") {
			t.Errorf("%s: the answer is %q", path, want)
		}
	}
}

// wholeAnswer is every byte of it, but for the date.
func wholeAnswer(t *testing.T, d *deployment, r request) string {
	t.Helper()
	raw, _, err := exchange(d.gateway, "192.0.2.1", r.bytes())
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		if !strings.HasPrefix(line, "Date: ") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\r\n")
}

// TestGuessingIsThrottledBySource: after ten failures the eleventh guess is
// 429, known client or not; the right secret, another source and another
// client are not locked out, and time gives one more attempt.
func TestGuessingIsThrottledBySource(t *testing.T) {
	d := deploy(t, onSQLite{}, defaultIssuer)
	a, b := d.register("app", confidential()), d.register("other", confidential())
	before := d.dump()
	try := func(id, text, from string) int {
		r := post("/o/revoke_token/", "token=x", basicHeader(id, text))
		r.from = from
		return overHTTP(t, d.gateway, r).status
	}
	for _, id := range []string{a.id, "nobody"} {
		for range 10 {
			if got := try(id, "wrong", "192.0.2.1"); got != 401 {
				t.Fatalf("a wrong secret is answered %d", got)
			}
		}
		if got := try(id, "wrong", "192.0.2.1"); got != 429 {
			t.Errorf("the eleventh wrong secret of %s is answered %d", id, got)
		}
	}
	good := a.text.Reveal()
	for _, tt := range []struct {
		name, id, text, from string
		want                 int
	}{
		{"the right secret from the throttled source, which others may share,", a.id, good, "192.0.2.1", 200},
		{"a wrong secret from there", a.id, "wrong", "192.0.2.1", 429},
		{"another source", a.id, good, "198.51.100.1", 200},
		{"another source with a wrong secret", a.id, "wrong", "198.51.100.1", 401},
		{"another client from the same source", b.id, b.text.Reveal(), "192.0.2.1", 200},
	} {
		if got := try(tt.id, tt.text, tt.from); got != tt.want {
			t.Errorf("%s is answered %d and should be %d", tt.name, got, tt.want)
		}
	}
	d.clock.Advance(6 * time.Second)
	if got := try(a.id, good, "192.0.2.1"); got != 200 {
		t.Errorf("six seconds later the right secret is answered %d", got)
	}
	if d.dump() != before {
		t.Error("failed attempts changed the store")
	}
}
