package upstream

import (
	"context"
	"strconv"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// AuthOptions are what a client asked us for and the provider is asked for in
// turn, OpenID Connect Core section 3.1.2.1. How long ago somebody may have
// signed in is the Attempt's MaxAge, for the answer is held to it.
type AuthOptions struct {
	LoginHint string
	Prompt    string
}

// longestHint is that of an email address; a longer one is no use to anyone.
const longestHint = 254

// AuthURL is where the browser goes to sign in.
func (p *Provider) AuthURL(ctx context.Context, a Attempt, o AuthOptions) (string, error) {
	k, err := p.discover(ctx)
	if err != nil {
		return "", err
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(a.Nonce.Reveal()), oauth2.S256ChallengeOption(a.Verifier.Reveal())}
	set := func(name, value string) { options = append(options, oauth2.SetAuthURLParam(name, value)) }
	if o.LoginHint != "" && len(o.LoginHint) <= longestHint {
		set("login_hint", o.LoginHint)
	}
	if o.Prompt != "" {
		set("prompt", o.Prompt)
	}
	if a.MaxAge != nil {
		set("max_age", strconv.FormatInt(*a.MaxAge, 10))
	}
	return k.oauth.AuthCodeURL(a.State.Reveal(), options...), nil
}
