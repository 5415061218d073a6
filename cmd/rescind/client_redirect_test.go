package main

import (
	"fmt"
	"strings"
	"testing"
)

func TestAClientSaysWhereItsUsersComeBackTo(t *testing.T) {
	w := newWorld(t)
	made := w.json("client", "create", "--id", "page", "--name", "Page", "--type", "public", "--scopes", "read",
		"--redirect-uri", "https://page.example/back?from=a,b", "--redirect-uri", "http://127.0.0.1/back", "--allowed-origin", "https://page.example")
	changed := w.json("client", "update", "page", "--allowed-origin", "http://localhost:5173", "--allowed-origin", "https://page.example")
	emptied := w.json("client", "update", "page", "--allowed-origin", "", "--redirect-uri", "", "--grant-types", "refresh_token")
	for _, row := range []struct {
		v            map[string]any
		member, want string
	}{
		{made, "grant_types", "[authorization_code refresh_token]"}, {made, "redirect_uris", "[https://page.example/back?from=a,b http://127.0.0.1/back]"},
		{made, "allowed_origins", "[https://page.example]"}, {changed, "allowed_origins", "[http://localhost:5173 https://page.example]"},
		{changed, "redirect_uris", "[https://page.example/back?from=a,b http://127.0.0.1/back]"},
		{emptied, "allowed_origins", "[]"}, {emptied, "redirect_uris", "[]"},
	} {
		if got := fmt.Sprint(row.v[row.member]); got != row.want {
			t.Errorf("%s is %s, not %s", row.member, got, row.want)
		}
	}
	w.ok("client", "update", "page", "--redirect-uri", "com.example.page:/back", "--allowed-origin", "https://page.example")
	expect(t, w.ok("client", "show", "page"), "redirect_uri", "com.example.page:/back", "allowed_origins", "https://page.example")
}

// TestWrongRedirectsAreRefused before anything is written, and leave a client
// as it was.
func TestWrongRedirectsAreRefused(t *testing.T) {
	w := newWorld(t)
	w.ok("client", "create", "--id", "page", "--name", "Page", "--type", "public", "--redirect-uri", "https://page.example/back")
	before := w.ok("client", "show", "page")
	for _, tt := range []struct{ flag, value, says string }{
		{"--redirect-uri", "http://page.example/back", "use https"},
		{"--redirect-uri", "javascript:alert(1)", "domain name backwards"},
		{"--redirect-uri", "https://page.example/#x", "no fragment"},
		{"--redirect-uri", "", "at least one redirect URI"},
		{"--redirect-uri", "https://page.example/rsc_at_x", "looks like a token"},
		{"--redirect-uri", "https://page.example/" + strings.Repeat("x", 2048), "2048"},
		{"--allowed-origin", "https://page.example/", "as browsers send it"},
		{"--allowed-origin", "*", "as browsers send it"},
		{"--grant-types", "implicit", "not offered"},
	} {
		if o := w.try("client", "update", "page", tt.flag, tt.value); o.status != exitUsage || !strings.Contains(o.stderr, tt.says) {
			t.Errorf("%s %.40q: status %d, %s", tt.flag, tt.value, o.status, o.stderr)
		}
	}
	if after := w.ok("client", "show", "page"); after != before {
		t.Errorf("a refused change changed something:\n%s", after)
	}
	if o := w.try("client", "create", "--name", "n", "--grant-types", "authorization_code"); o.status != exitUsage {
		t.Errorf("a client whose users come back to nowhere: status %d", o.status)
	}
}

// TestRedirectsMoveWithTheirClient, out and in again.
func TestRedirectsMoveWithTheirClient(t *testing.T) {
	from, to := newWorld(t), newWorld(t)
	from.ok("client", "create", "--id", "page", "--name", "Page", "--type", "public", "--scopes", "read",
		"--redirect-uri", "https://page.example/back", "--redirect-uri", "com.example.page:/back", "--allowed-origin", "https://page.example")
	to.okWith(from.ok("client", "export"), "client", "import", "-")
	for _, member := range []string{"redirect_uris", "allowed_origins", "grant_types"} {
		a, b := fmt.Sprint(from.json("client", "show", "page")[member]), fmt.Sprint(to.json("client", "show", "page")[member])
		if a != b || a == "[]" {
			t.Errorf("%s was %s and is %s", member, a, b)
		}
	}
}
