package main

func init() { sins = append(sins, upstreamSins...) }

var provider = []string{"./shared/upstream"}

// upstreamSins are against signing in at an OpenID provider.
var upstreamSins = []sin{
	{
		Name: "upstream-state-unchecked", What: "a sign-in that was begun in another browser ends in this one",
		File: "shared/upstream/exchange.go", Packages: provider,
		Find: "a.State.IsEmpty() || !a.State.Equal(secret.NewText(state))", Replace: "a.State.IsEmpty()",
	},
	{
		Name: "upstream-issuer-unchecked", What: "an answer of another provider is taken (mix-up)",
		File: "shared/upstream/exchange.go", Packages: provider,
		Find: "&& answer.Issuer != p.cfg.Issuer {", Replace: "&& false {",
	},
	{
		Name: "upstream-verifier-unsent", What: "a code is redeemed without the verifier of its challenge",
		File: "shared/upstream/exchange.go", Packages: provider,
		Find: ", oauth2.VerifierOption(a.Verifier.Reveal()))", Replace: ")",
	},
	{
		Name: "upstream-nonce-unchecked", What: "an ID token of another sign-in is taken",
		File: "shared/upstream/person.go", Packages: provider,
		Find: "	case token.Nonce == \"\" || !a.Nonce.Equal(secret.NewText(token.Nonce)):", Replace: "	case token.Nonce == \"\":",
	},
	{
		Name: "upstream-party-unchecked", What: "an ID token that another client asked for is taken",
		File: "shared/upstream/person.go", Packages: provider,
		Find: "	return party == p.cfg.ClientID", Replace: "	return true",
	},
	{
		Name: "upstream-email-unverified", What: "an email that the provider has not verified is believed",
		File: "shared/upstream/person.go", Packages: provider,
		Find: "	if c.EmailVerified {", Replace: "	if true {",
	},
	{
		Name: "upstream-outage-blames-person", What: "who cannot be looked up because the provider's keys cannot be read is refused",
		File: "shared/upstream/exchange.go", Packages: provider,
		Find: "\"failed to verify signature: fetching keys\"", Replace: "\"never\"",
	},
	{
		Name: "upstream-redirect-followed", What: "a code and our secret go where the provider's token endpoint points",
		File: "shared/upstream/transport.go", Packages: provider,
		Find: "	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }\n", Replace: "",
	},
	{
		Name: "upstream-answer-logged", What: "what a provider's token endpoint echoes is in the error",
		File: "shared/upstream/exchange.go", Packages: provider,
		Find: "it answers %d\", doing, p.cfg.ID, status)\n	}\n	if failed", Replace: "it answers %d: %w\", doing, p.cfg.ID, status, err)\n	}\n	if failed",
	},
}
