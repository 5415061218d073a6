package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/oauth"
)

// policyFlags are the flags that create and update share.
type policyFlags struct {
	name           string
	grantTypes     []string
	scopes         string
	defaultScopes  string
	redirectURIs   []string
	origins        []string
	audience       []string
	resourceServer bool
	accessLifetime time.Duration
	idleLifetime   time.Duration
	totalLifetime  time.Duration
	rotation       string
	revokes        string
	authMethod     string
}

func (f *policyFlags) register(flags *pflag.FlagSet) {
	flags.SortFlags = false
	flags.StringVar(&f.name, "name", "", "a `NAME` for people")
	flags.StringSliceVar(&f.grantTypes, "grant-types", nil, "`TYPES`, separated by commas: client_credentials, refresh_token, authorization_code\n"+
		"(created without: authorization_code and refresh_token if there is a redirect URI, else\nclient_credentials, and refresh_token for a public client)")
	flags.StringArrayVar(&f.redirectURIs, "redirect-uri", nil, "a `URI` where its users come back to: https, http to 127.0.0.1 or [::1] with any port, or an\n"+
		"app's own scheme; may be repeated")
	flags.StringArrayVar(&f.origins, "allowed-origin", nil, "an `ORIGIN` whose scripts may read what it is answered (CORS), such as https://app.example.com;\nmay be repeated")
	flags.StringVar(&f.scopes, "scopes", "", "all `SCOPES` it may have, separated by spaces")
	flags.StringVar(&f.defaultScopes, "default-scopes", "", "the `SCOPES` it gets when it asks for none; \"\" for none\n"+
		"(created without: all of --scopes)")
	flags.StringArrayVar(&f.audience, "audience", nil, "a `URL` that its tokens are for; for a resource server, one that it is; may be repeated")
	flags.BoolVar(&f.resourceServer, "resource-server", false, "let it introspect every client's access tokens for its audience")
	flags.DurationVar(&f.accessLifetime, "access-token-lifetime", 0, "an access token's lifetime, a `DURATION` such as 15m; 0 for the deployment's, 1h")
	flags.DurationVar(&f.idleLifetime, "refresh-idle-lifetime", 0, "an unused refresh token's lifetime, a `DURATION`; 0 for the deployment's, 720h")
	flags.DurationVar(&f.totalLifetime, "refresh-total-lifetime", 0, "a grant's lifetime in all, a `DURATION`; 0 for the deployment's, 2160h")
	flags.StringVar(&f.rotation, "refresh-rotation", client.RotateAlways, "`WHEN` refreshing replaces the refresh token: always, or never (confidential clients only)")
	flags.StringVar(&f.revokes, "revoke-access-token", client.RevokesGrant, "`WHAT` the client's revoking an access token ends: its whole grant, or that token alone")
	flags.StringVar(&f.authMethod, "auth-method", "", "the one `METHOD` it may authenticate with: client_secret_basic or client_secret_post; \"\" for both")
}

// apply changes those members of a policy whose flags were given.
func (f *policyFlags) apply(flags *pflag.FlagSet, p *client.Policy) error {
	given := flags.Changed
	var err error
	if given("name") {
		p.Name = f.name
	}
	if given("grant-types") {
		p.GrantTypes = f.grantTypes
	}
	if given("scopes") {
		if p.Scope, err = scopeFlag("--scopes", f.scopes); err != nil {
			return err
		}
	}
	if given("default-scopes") {
		if p.DefaultScope, err = scopeFlag("--default-scopes", f.defaultScopes); err != nil {
			return err
		}
	}
	if given("redirect-uri") {
		p.RedirectURIs = listFlag(f.redirectURIs)
	}
	if given("allowed-origin") {
		p.AllowedOrigins = listFlag(f.origins)
	}
	if given("audience") {
		p.Audience = listFlag(f.audience)
	}
	if given("resource-server") {
		p.ResourceServer = f.resourceServer
	}
	if given("access-token-lifetime") {
		p.AccessTokenLifetime = f.accessLifetime
	}
	if given("refresh-idle-lifetime") {
		p.RefreshIdleLifetime = f.idleLifetime
	}
	if given("refresh-total-lifetime") {
		p.RefreshTotalLifetime = f.totalLifetime
	}
	if given("refresh-rotation") {
		p.RefreshRotation = f.rotation
	}
	if given("revoke-access-token") {
		p.RevokeAccessToken = f.revokes
	}
	if given("auth-method") {
		p.TokenEndpointAuthMethod = f.authMethod
	}
	return checkPolicy(*p)
}

// checkPolicy refuses what cannot be registered: the command line is wrong.
func checkPolicy(p client.Policy) error {
	if p.Name == "" {
		return usagef("--name is missing or empty; give the client a name that people know it by")
	}
	if err := checkWord("--name", p.Name, maxName); err != nil {
		return err
	}
	for what, words := range map[string][]string{"--scopes": p.Scope, "--audience": p.Audience, "--redirect-uri": p.RedirectURIs, "--allowed-origin": p.AllowedOrigins} {
		most := 512
		if what == "--redirect-uri" {
			most = 2048
		}
		for _, word := range words {
			if err := checkWord(what, word, most); err != nil {
				return err
			}
		}
	}
	if err := p.Check(); err != nil {
		return usagef("%w", err)
	}
	return nil
}

// listFlag is a flag that may be repeated; one that is given once and is empty
// empties the list.
func listFlag(all []string) []string {
	if len(all) == 1 && all[0] == "" {
		return nil
	}
	return all
}

func scopeFlag(flag, s string) (oauth.Scope, error) {
	scope, ok := oauth.ParseScope(s)
	if !ok {
		return nil, usagef("%s must be words separated by single spaces, such as \"read write\"", flag)
	}
	return scope, nil
}

func (a *app) clientCreateCommand() *cobra.Command {
	var f policyFlags
	var id, kind string
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Register a client",
		Long: `Register a client. A confidential client gets a secret, which is shown this
once; a public client (an app or a page that cannot keep one) gets none.`,
		Example: "  rescind client create --id billing --name Billing --scopes \"read write\" --default-scopes read\n" +
			"  rescind client create --id phone --name \"Phone app\" --type public --redirect-uri com.example.phone:/back --scopes read\n" +
			"  rescind client create --id api --name API --resource-server --audience https://api.example.com",
		Args: exactly(0, ""),
	}
	flags := cmd.Flags()
	f.register(flags)
	flags.StringVar(&id, "id", "", "the client_id, `ID` (default: 26 random characters)")
	flags.StringVar(&kind, "type", client.Confidential, "the `TYPE`: confidential or public")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := newPolicy(&f, flags, kind)
		if err != nil {
			return err
		}
		if id == "" {
			id = rand.Text()
		}
		if err := checkClientID(id); err != nil {
			return err
		}
		return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			return a.createClient(ctx, store, id, p)
		})(cmd, args)
	}
	return cmd
}

// newPolicy is what the flags of create say, with what they leave out.
func newPolicy(f *policyFlags, flags *pflag.FlagSet, kind string) (client.Policy, error) {
	p := client.Policy{Type: kind, GrantTypes: []string{oauth.GrantClientCredentials}}
	switch {
	case len(listFlag(f.redirectURIs)) > 0:
		p.GrantTypes = []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}
	case kind == client.Public:
		p.GrantTypes = []string{oauth.GrantRefreshToken}
	}
	var err error
	if p.DefaultScope, err = scopeFlag("--scopes", f.scopes); err != nil {
		return p, err
	}
	return p, f.apply(flags, &p)
}

func (a *app) createClient(ctx context.Context, store client.Store, id string, p client.Policy) error {
	c, text, err := a.manager(store).Create(ctx, id, p)
	a.record(ctx, audit.Event{Action: audit.Client, Operation: "client create", ClientID: id, Reason: "created"}, err)
	if err != nil {
		return err
	}
	sentence := "The client was registered."
	if !text.IsEmpty() {
		sentence = "The client was registered. The secret is shown this once."
	}
	v := view(c)
	v.reveal(text)
	return a.printClient(v, sentence)
}

func (a *app) clientUpdateCommand() *cobra.Command {
	var f policyFlags
	cmd := &cobra.Command{
		Use:   "update ID",
		Short: "Change a client: only what a flag names",
		Long: `Change a client: only what a flag names. Grants that were made keep their scope
and their lifetimes; what else the client may do counts from now on.`,
		Example: "  rescind client update billing --access-token-lifetime 15m --default-scopes \"\"",
		Args:    exactly(1, clientArgument),
	}
	flags := cmd.Flags()
	f.register(flags)
	// What create takes without a flag, update leaves as it is: it has no defaults.
	for _, name := range []string{"refresh-rotation", "revoke-access-token"} {
		flags.Lookup(name).DefValue = ""
	}
	for _, name := range []string{"grant-types", "default-scopes"} {
		flag := flags.Lookup(name)
		flag.Usage, _, _ = strings.Cut(flag.Usage, "\n(created without")
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		changes := 0
		flags.Visit(func(flag *pflag.Flag) {
			if cmd.InheritedFlags().Lookup(flag.Name) == nil {
				changes++
			}
		})
		if changes == 0 {
			return usagef("nothing to change was named; see `%s --help` for the flags", cmd.CommandPath())
		}
		return a.withStore(func(ctx context.Context, store operatorStore, args []string) error {
			if err := checkClientID(args[0]); err != nil {
				return err
			}
			c, err := a.manager(store).Update(ctx, args[0], func(p *client.Policy) error { return f.apply(flags, p) })
			a.record(ctx, audit.Event{Action: audit.Client, Operation: "client update", ClientID: args[0]}, err)
			if err != nil {
				return err
			}
			return a.printClient(view(c), fmt.Sprintf("Client %s was changed.", c.ID))
		})(cmd, args)
	}
	return cmd
}
