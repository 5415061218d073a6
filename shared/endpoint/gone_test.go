package endpoint_test

import (
	"context"
	"net/http"
	"testing"

	"rescind/internal/testkit/broken"
)

// TestWhoWentAwaySendsTheCodeAgain: a client that gave up waiting while its code
// was redeemed heard nothing. It gets the very tokens when it comes back, once;
// who comes after that ends the grant (RFC 6749 section 4.1.2).
func TestWhoWentAwaySendsTheCodeAgain(t *testing.T) {
	for _, on := range backends(t) {
		t.Run(on.name(), func(t *testing.T) {
			d := deploy(t, on, defaultIssuer)
			a := d.register("app", confidential())
			code := d.issueCode(a, "alice"+d.suffix, scopeOf("read"), nil, "", true)
			ctx, goAway := context.WithCancel(t.Context())
			d.store.Hook(func(c broken.Call) {
				if c.Verb == broken.Replace {
					goAway()
				}
			})
			request := redeeming(code, a)
			nobody := overHTTP(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.gateway.ServeHTTP(w, r.WithContext(ctx)) }), request)
			d.store.Hook(nil)
			again := overHTTP(t, d.gateway, request)
			if nobody.status != http.StatusOK || again.status != http.StatusOK || again.body != nobody.body {
				t.Fatalf("the first is answered %d, the second %d, or otherwise", nobody.status, again.status)
			}
			if g := d.grant(code.GrantID()); g.Issued != 1 || !g.Revoked.At.IsZero() {
				t.Errorf("%d access tokens were issued, and the grant was ended for %q", g.Issued, g.Revoked.Reason)
			}
			if third := overHTTP(t, d.gateway, request); third.status != http.StatusBadRequest {
				t.Errorf("the third is answered %d", third.status)
			}
			if g := d.grant(code.GrantID()); g.Revoked.Reason != "code_reuse" {
				t.Errorf("then the grant was ended for %q", g.Revoked.Reason)
			}
		})
	}
}
