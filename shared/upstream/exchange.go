package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"rescind/shared/secret"
)

// skew is how far a provider's clock, or that of another machine of ours, may
// be from this one's.
const skew = time.Minute

// longestCode keeps what is sent on within reason.
const longestCode = 4096

// Answer is what the provider sent back through the browser, RFC 6749 section
// 4.1.2 and RFC 9207: the parameters' values, none of them trusted.
type Answer struct{ State, Code, Issuer, Error string }

// Person is who signed in.
type Person struct {
	Issuer   string    // of the provider, as it is configured
	Subject  string    // unique at that issuer, and never given twice
	Email    string    // empty unless the provider has verified it
	Name     string    // as the provider gives it, or their user name there; for display only
	AuthTime time.Time // when they signed in there; zero where the provider does not say
}

// Exchange ends an attempt: it checks the answer, redeems the code and checks
// the ID token. The steps are numbered, and none looks at what a later one has
// not been reached for.
func (p *Provider) Exchange(ctx context.Context, a Attempt, answer Answer) (Person, error) {
	// 1. The browser is the one that began, with this provider, not long ago.
	if err := p.begun(a, answer.State); err != nil {
		return Person{}, err
	}
	// 2. The answer is this provider's, errors too.
	k, err := p.discover(ctx)
	if err != nil {
		return Person{}, err
	}
	if (answer.Issuer != "" || k.sendsIss) && answer.Issuer != p.cfg.Issuer {
		return Person{}, &Refused{Reason: WrongIssuer} // RFC 9207 section 2.4
	}
	// 3. It is a code.
	switch {
	case answer.Error != "":
		return Person{}, refusedBy(answer.Error)
	case answer.Code == "" || len(answer.Code) > longestCode:
		return Person{}, &Refused{Reason: NoCode}
	}
	// 4. The code was given for our challenge.
	raw, err := p.redeem(ctx, k, a, answer.Code)
	if err != nil {
		return Person{}, err
	}
	// 5. The ID token is the provider's, for us, for this attempt.
	return p.person(ctx, k, a, raw)
}

func (p *Provider) begun(a Attempt, state string) error {
	age := p.now().Sub(a.At)
	switch {
	case a.Provider != p.cfg.ID:
		return &Refused{Reason: OtherProvider}
	case age < -skew || age > Lifetime:
		return &Refused{Reason: TooLate}
	case a.State.IsEmpty() || !a.State.Equal(secret.NewText(state)):
		return &Refused{Reason: WrongState}
	}
	return nil
}

// redeem gives the code for tokens, and hands on the ID token alone.
func (p *Provider) redeem(ctx context.Context, k *known, a Attempt, code string) (secret.Text, error) {
	c := k.oauth
	c.ClientSecret = p.cfg.ClientSecret.Reveal()
	tokens, err := c.Exchange(oidc.ClientContext(ctx, p.client), code, oauth2.VerifierOption(a.Verifier.Reveal()))
	if err != nil {
		return secret.Text{}, p.redeemError(err)
	}
	raw, _ := tokens.Extra("id_token").(string) // where there is none, the empty text is no ID token either
	return secret.NewText(raw), nil
}

// redeemError sorts what the token endpoint answered. Only invalid_grant is
// about the code; all else, invalid_client above all, is about us or about the
// provider and needs an operator. The library's own texts quote bodies.
func (p *Provider) redeemError(err error) error {
	const doing = "redeeming a code at the upstream provider"
	if answer := (*oauth2.RetrieveError)(nil); errors.As(err, &answer) {
		status := answer.Response.StatusCode
		switch code := answer.ErrorCode; {
		case code == "invalid_grant" && status < 500:
			return &Refused{Reason: UsedCode}
		case known6749(code):
			return fmt.Errorf("%s %s: it answers %d, %s", doing, p.cfg.ID, status, code)
		}
		return fmt.Errorf("%s %s: it answers %d", doing, p.cfg.ID, status)
	}
	if failed := (*url.Error)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%s %s: %s", doing, p.cfg.ID, brief(failed)) // the URL is the endpoint's
	}
	return fmt.Errorf("%s %s: its answer cannot be read", doing, p.cfg.ID)
}

// known6749 are the words of RFC 6749 section 5.2, which may be logged.
func known6749(code string) bool {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope":
		return true
	}
	return false
}

// verify has the library check signature, issuer, audience and expiry.
func (p *Provider) verify(ctx context.Context, k *known, raw secret.Text) (*oidc.IDToken, error) {
	token, err := k.verifier.Verify(oidc.ClientContext(ctx, p.client), raw.Reveal())
	switch {
	case err == nil:
		return token, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case strings.HasPrefix(err.Error(), "failed to verify signature: fetching keys"):
		// The library wraps this one without handing it on; a test notices another text.
		return nil, fmt.Errorf("asking the upstream provider %s for its keys: %s", p.cfg.ID, brief(err))
	}
	return nil, &Refused{Reason: BadIDToken}
}
