package endpoint_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"rescind/internal/testkit/broken"
	"rescind/shared/token"
)

// redeemAt sends a code to the deployment.
func redeemAt(ctx context.Context, d *deployment, a app, code token.Value) *httptest.ResponseRecorder {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/o/token/",
		strings.NewReader("grant_type=authorization_code&code="+reveal(code)+"&code_verifier="+codeVerifier))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", strings.TrimPrefix(a.basic(), "Authorization: "))
	w := httptest.NewRecorder()
	d.gateway.ServeHTTP(w, r)
	return w
}

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
			nobody := redeemAt(ctx, d, a, code)
			d.store.Hook(nil)
			again := redeemAt(t.Context(), d, a, code)
			if nobody.Code != http.StatusOK || again.Code != http.StatusOK || again.Body.String() != nobody.Body.String() {
				t.Fatalf("the first is answered %d, the second %d, or otherwise", nobody.Code, again.Code)
			}
			if g := d.grant(code.GrantID()); g.Issued != 1 || !g.Revoked.At.IsZero() {
				t.Errorf("%d access tokens were issued, and the grant was ended for %q", g.Issued, g.Revoked.Reason)
			}
			if third := redeemAt(t.Context(), d, a, code); third.Code != http.StatusBadRequest {
				t.Errorf("the third is answered %d", third.Code)
			}
			if g := d.grant(code.GrantID()); g.Revoked.Reason != "code_reuse" {
				t.Errorf("then the grant was ended for %q", g.Revoked.Reason)
			}
		})
	}
}
