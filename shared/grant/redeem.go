package grant

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/token"
)

// RedeemRequest is a code's redemption (RFC 6749 section 4.1.3) whose client
// has authenticated; Grant and Generation are of the same read as the client.
type RedeemRequest struct {
	Client      client.Authenticated
	Code        token.Value
	Grant       *Grant
	Generation  int64
	Verifier    secret.Text   // PKCE, RFC 7636 section 4.5
	RedirectURI secret.Digest // of the redirect_uri parameter
	Resource    []string      // empty: as granted; RFC 8707 section 2.2
}

// Redeem exchanges a code for tokens, once. A second redemption that is valid
// in every other respect ends the grant (RFC 6749 section 4.1.2); one with the
// wrong client, redirect URI or verifier ends nothing, and nor does one where the
// first answer was an outage, or reached nobody because the caller had gone.
// Errors: *Refused, or an outage.
func (r Rules) Redeem(ctx context.Context, s RefreshStore, req RedeemRequest) (Tokens, error) {
	return r.attempt(ctx, s, req.Client, req.Code, req.Grant, req.Generation,
		func(g *Grant, cur Current) (plan, error) { return r.planRedeem(g, cur, req) })
}

func (r Rules) planRedeem(g *Grant, cur Current, req RedeemRequest) (plan, error) {
	now := r.now()
	if req.Code.Kind() != token.Code || !req.Code.Digest().Equal(g.Code.Digest) {
		return plan{}, invalidGrant("forged")
	}
	if g.ClientID != req.Client.ID() {
		return plan{}, invalidGrant("another_client")
	}
	if !req.RedirectURI.Equal(g.Code.RedirectURI) {
		return plan{}, invalidGrant("another_redirect_uri")
	}
	if !verifies(req.Verifier, g.Code.Challenge) {
		return plan{}, invalidGrant("wrong_code_verifier")
	}
	if dead := g.Dead(cur, now); dead != "" {
		return plan{}, invalidGrant(dead)
	}
	slot, err := r.newSlot(g, cur.Client.Policy, nil, req.Resource, now)
	if err != nil {
		return plan{}, err
	}
	if t, ok := r.untold(g, now); ok {
		return plan{tokens: t}, nil
	}
	if g.Code.Used { // also after its expiry: the code stays known for the grant's life for this
		return plan{reuse: "code_reuse"}, nil
	}
	if !now.Before(g.Code.Expires) {
		return plan{}, invalidGrant(DeadExpired)
	}
	return r.planFirst(g, cur, slot, req)
}

// planFirst issues the grant's first access and refresh token and marks the
// code as used, all in one change.
func (r Rules) planFirst(g *Grant, cur Current, slot Slot, req RedeemRequest) (plan, error) {
	op, err := secret.NewOp(r.Rand)
	if err != nil {
		return plan{}, err
	}
	access, err := token.NewAccess(g.ID, r.Rand)
	if err != nil {
		return plan{}, err
	}
	refresh := token.Value{}
	if cur.Client.Policy.Allows(oauth.GrantRefreshToken) {
		if refresh, err = token.NewRefresh(g.ID, r.Rand); err != nil {
			return plan{}, err
		}
	}
	p := r.planAccess(g, cur.Client.Policy, slot, access, refresh)
	p.change.If.ClientID, p.change.If.UnusedCode = g.ClientID, req.Code.Digest()
	p.change.UseCode, p.change.Op, p.ours.op, p.once = true, op, op, true
	if refresh.Kind() == token.Refresh {
		p.change.Rotation, p.change.Family = &Rotated{Refresh: refresh.Digest()}, refresh.Family()
	}
	return p, nil
}

// untold gives the tokens of a redemption that landed and whose answer reached
// nobody, for as long as nothing else was done with them.
func (r Rules) untold(g *Grant, now time.Time) (Tokens, bool) {
	if !g.Code.Used {
		return Tokens{}, false
	}
	t, ok := r.Unsettled.take(g.Op, now)
	n := g.FindAccess(t.Access.Digest())
	if !ok || n < 0 || !t.Refresh.Digest().Equal(g.Refresh) {
		return Tokens{}, false
	}
	return r.tokens(g, g.Access[n], t.Access, t.Refresh, now), true
}

// verifies checks S256, RFC 7636 section 4.6. A grant without a challenge
// takes no verifier (RFC 9700 section 2.1.1).
func verifies(verifier secret.Text, challenge string) bool {
	if challenge == "" || verifier.IsEmpty() {
		return challenge == "" && verifier.IsEmpty()
	}
	sum := sha256.Sum256([]byte(verifier.Reveal()))
	got := secret.NewText(base64.RawURLEncoding.EncodeToString(sum[:]))
	return got.Equal(secret.NewText(challenge))
}
