package grant

import (
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// created takes one grant and shows it.
type created struct{ g *Grant }

func (c *created) Create(_ context.Context, g *Grant) error { c.g = g; return nil }

func (*created) Find(context.Context, Keys) (Rows, error) {
	return Rows{}, errors.New("nothing should be read")
}

func TestLifetimesAtBirth(t *testing.T) {
	const day = 24 * time.Hour
	for _, c := range []struct {
		name              string
		policy            client.Policy
		refresh           bool
		access, idle, all time.Duration // since birth; idle 0 is none
	}{
		{"a machine's", client.Policy{}, false, time.Hour, 0, time.Hour},
		{"a machine's with a long lifetime, longer than any refresh token's", client.Policy{AccessTokenLifetime: 365 * day}, false, 365 * day, 0, 365 * day},
		{"a machine's with a short lifetime", client.Policy{AccessTokenLifetime: time.Second}, false, time.Second, 0, time.Second},
		{"a user's", client.Policy{}, true, time.Hour, 30 * day, 90 * day},
		{"a user's with lifetimes of its own", client.Policy{AccessTokenLifetime: time.Minute, RefreshIdleLifetime: day, RefreshTotalLifetime: 2 * day}, true, time.Minute, day, 2 * day},
		{"a user's whose access token would outlive it", client.Policy{AccessTokenLifetime: 10 * day, RefreshTotalLifetime: day}, true, day, day, day},
	} {
		r := Defaults(func() time.Time { return noon.Add(999 * time.Microsecond) }, rand.Reader)
		s := &created{}
		got, err := r.Issue(t.Context(), s, Birth{Client: &client.Client{ID: "app", Epoch: 7, Policy: c.policy}, Generation: 3, Epoch: 5, Refresh: c.refresh,
			Scope: oauth.Scope{"a"}, Subject: "s"})
		if err != nil {
			t.Fatal(err)
		}
		g := s.g
		if !g.Born.Equal(noon) || g.Access[0].Expires.Sub(noon) != c.access || got.ExpiresIn != int64(c.access/time.Second) || g.AbsoluteEnd.Sub(noon) != c.all {
			t.Errorf("%s: access %v, in all %v, expires_in %d", c.name, g.Access[0].Expires.Sub(noon), g.AbsoluteEnd.Sub(noon), got.ExpiresIn)
		}
		if idle := g.IdleEnd.Sub(noon); c.idle == 0 != g.IdleEnd.IsZero() || c.idle != 0 && idle != c.idle {
			t.Errorf("%s: idle %v", c.name, idle)
		}
		if kept := g.ExpiresAt.Sub(g.AbsoluteEnd); kept < 24*time.Hour || kept > 25*time.Hour || g.ExpiresAt.Nanosecond() != 0 {
			t.Errorf("%s: the item is kept %v after its end", c.name, kept)
		}
		if (got.Refresh.Kind() == token.Refresh) != c.refresh || g.Family.IsZero() == c.refresh || g.Epochs != (Epochs{7, 5, 3}) || g.Op.IsZero() {
			t.Errorf("%s: the refresh token, the epochs or the op are wrong", c.name)
		}
		if got.Grant != g.ID || got.Access.GrantID() != g.ID || g.Access[0].Digest != got.Access.Digest() || g.Issued != 1 {
			t.Errorf("%s: the access token is not the grant's", c.name)
		}
	}
}

func TestAnExpiryNeverDecreases(t *testing.T) {
	already := noon.Add(72 * time.Hour)
	if got := expiry(already, noon); !got.Equal(already) {
		t.Errorf("it moved from %v to %v", already, got)
	}
	if got := expiry(noon, noon.Add(time.Millisecond)); !got.Equal(noon.Add(24*time.Hour + time.Second)) {
		t.Errorf("it is %v, and should be a day later in whole seconds, rounded up", got)
	}
}

func TestACodeIsRedeemedByWhoHoldsAllOfIt(t *testing.T) {
	const verifier, challenge = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" // RFC 7636 appendix B
	uri := secret.NewText("https://app.example/back").Digest()
	c := &client.Client{ID: "app", State: client.On, Policy: client.Policy{GrantTypes: []string{oauth.GrantRefreshToken}}}
	now := noon
	r := Defaults(func() time.Time { return now }, rand.Reader)
	for _, x := range []struct {
		name string
		edit func(g *Grant, req *RedeemRequest)
		want string // "redeem", "reuse" or the refusal's reason
	}{
		{"all of it", func(*Grant, *RedeemRequest) {}, "redeem"},
		{"all of it, without PKCE on both sides", func(g *Grant, req *RedeemRequest) { g.Code.Challenge, req.Verifier = "", secret.Text{} }, "redeem"},
		{"a verifier that nobody asked for", func(g *Grant, _ *RedeemRequest) { g.Code.Challenge = "" }, "wrong_code_verifier"},
		{"no verifier", func(_ *Grant, req *RedeemRequest) { req.Verifier = secret.Text{} }, "wrong_code_verifier"},
		{"the challenge as verifier", func(_ *Grant, req *RedeemRequest) { req.Verifier = secret.NewText(challenge) }, "wrong_code_verifier"},
		{"another redirect URI", func(_ *Grant, req *RedeemRequest) { req.RedirectURI[0]++ }, "another_redirect_uri"},
		{"another code", func(g *Grant, _ *RedeemRequest) { g.Code.Digest[0]++ }, "forged"},
		{"a grant without a code", func(g *Grant, _ *RedeemRequest) { g.Code = Code{} }, "forged"},
		{"another client", func(g *Grant, _ *RedeemRequest) { g.ClientID = "another" }, "another_client"},
		{"a revoked grant", func(g *Grant, _ *RedeemRequest) { g.Revoked.At = noon }, DeadRevoked},
		{"an expired code", func(g *Grant, _ *RedeemRequest) { g.Code.Expires = noon }, DeadExpired},
		{"a used code", func(g *Grant, _ *RedeemRequest) { g.Code.Used = true }, "reuse"},
		{"a used code with another verifier", func(g *Grant, req *RedeemRequest) { g.Code.Used, req.Verifier = true, secret.NewText("x") }, "wrong_code_verifier"},
		{"a used code of a revoked grant", func(g *Grant, _ *RedeemRequest) { g.Code.Used, g.Revoked.At = true, noon }, DeadRevoked},
	} {
		s := &created{}
		code, err := r.IssueCode(t.Context(), s, Birth{Client: c, Subject: "s", Scope: oauth.Scope{"a"}}, CodeRequest{challenge, uri})
		if err != nil {
			t.Fatal(err)
		}
		if !s.g.Code.Expires.Equal(noon.Add(time.Minute)) || s.g.ExpiresAt.After(noon.Add(25*time.Hour)) {
			t.Errorf("the code ends at %v, its item at %v", s.g.Code.Expires, s.g.ExpiresAt)
		}
		req := RedeemRequest{Client: proofOf(t, "app"), Code: code, Verifier: secret.NewText(verifier), RedirectURI: uri}
		x.edit(s.g, &req)
		p, err := r.planRedeem(s.g, Current{Client: c}, req)
		got := reasonOf(err)
		switch {
		case err != nil:
		case p.reuse == "code_reuse":
			got = "reuse"
		case p.change != nil:
			got = "redeem"
		}
		if got != x.want {
			t.Errorf("%s: %s, %v", x.name, got, err)
		}
		if ch := p.change; ch != nil && (!ch.UseCode || ch.If.UnusedCode != code.Digest() || ch.If.ClientID != "app" || ch.Rotation.Refresh != p.tokens.Refresh.Digest() ||
			ch.Family != p.tokens.Refresh.Family() || ch.ExpiresAt.Before(s.g.AbsoluteEnd) || ch.Op.IsZero()) {
			t.Errorf("%s: the change is not the whole redemption", x.name)
		}
	}
}
