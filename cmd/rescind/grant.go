package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/token"
)

func (a *app) grantCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "grant",
		Short: "Make grants for users, and look at them",
		Long: `Make grants for users, and look at them. A grant is what a client was allowed for
a user, with all its tokens; ` + "`rescind revoke`" + ` ends it. No token is ever shown but
those just made.`,
	})
	cmd.AddCommand(a.grantCreateCommand(), a.grantShowCommand(), a.grantListCommand())
	return cmd
}

func (a *app) grantCreateCommand() *cobra.Command {
	var id, subject, scopes string
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a grant, with an access token and a refresh token, for a user",
		Long: `Make a grant, with an access token and a refresh token, for a user, and print the
token response (RFC 6749 section 5.1). The client must be on and allowed to use
refresh_token. The grant's id stands in the audit line on standard error.`,
		Example: "  rescind grant create --client phone --subject alice --scopes read",
		Args:    exactly(0, ""),
	}
	flags := cmd.Flags()
	flags.StringVar(&id, "client", "", "the client's `ID`")
	flags.StringVar(&subject, "subject", "", "the user, as resource servers know them: the `SUB` of an introspection")
	flags.StringVar(&scopes, "scopes", "", "the `SCOPES`, separated by spaces (default: the client's default scopes)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if id == "" {
			return usagef("--client is missing; name the client that the grant is for")
		}
		if err := checkClientID(id); err != nil {
			return err
		}
		if err := checkSubject(subject); err != nil {
			return err
		}
		scope, err := scopeFlag("--scopes", scopes)
		if err != nil {
			return err
		}
		return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
			return a.createGrant(ctx, store, id, subject, scope)
		})(cmd, args)
	}
	return cmd
}

// createGrant reads the client and the subject's epoch in one step, before
// what they vouch for: a revocation that comes between ends this grant too.
func (a *app) createGrant(ctx context.Context, store grant.Store, id, subject string, scope oauth.Scope) error {
	rows, err := store.Find(ctx, grant.Keys{Clients: []string{id}, Subjects: []string{subject}})
	if err != nil {
		return err
	}
	c := rows.Clients[0]
	if err := mayHave(c, &scope); err != nil {
		return err
	}
	t, err := a.rules.Issue(ctx, store, grant.Birth{
		Client: c, Generation: rows.Generation, Subject: subject, Epoch: rows.Subjects[0],
		Scope: scope, Audience: c.Policy.Audience, Refresh: true,
	})
	e := audit.Event{Action: audit.Issue, Operation: "grant create", ClientID: id, Subject: subject}
	if !t.Grant.IsZero() {
		e.GrantID = t.Grant.String()
	}
	a.record(ctx, e, err)
	if err != nil {
		return err
	}
	body, err := endpoint.TokenResponse(t)
	if err != nil {
		return fmt.Errorf("encoding the token response: %w", err)
	}
	return a.print(json.RawMessage(body), func(w io.Writer) {
		var b bytes.Buffer
		_ = json.Indent(&b, body, "", "  ") // it was just encoded
		fmt.Fprintln(w, b.String())
	})
}

// mayHave tells why a client can have no grant of this scope, which is its
// default scope where it is empty.
func mayHave(c *client.Client, scope *oauth.Scope) error {
	if c == nil {
		return client.ErrUnknown
	}
	if len(*scope) == 0 {
		*scope = c.Policy.DefaultScope
	}
	switch {
	case c.State == client.Deleted:
		return client.ErrDeleted
	case c.State != client.On:
		return fmt.Errorf("client %s is off; switch it on with `rescind client enable %s`", c.ID, c.ID)
	case !c.Policy.Allows(oauth.GrantRefreshToken):
		return fmt.Errorf("client %s may not use refresh_token; allow it with `rescind client update %s --grant-types %s`",
			c.ID, c.ID, strings.Join(append(append([]string{}, c.Policy.GrantTypes...), oauth.GrantRefreshToken), ","))
	case len(*scope) == 0:
		return usagef("client %s has no default scopes; name some with --scopes", c.ID)
	case !scope.Within(c.Policy.Scope):
		return usagef("client %s may have %q, and not all of --scopes; ask for less, or allow more with `rescind client update`", c.ID, c.Policy.Scope)
	}
	return nil
}

const grantArgument = "the grant's id"

func (a *app) grantShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Show one grant: what it is, and whether it is alive",
		Args:  exactly(1, grantArgument),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseGrant(args[0])
			if err != nil {
				return err
			}
			return a.withStore(func(ctx context.Context, store operatorStore, _ []string) error {
				views, err := a.viewGrants(ctx, store, []token.GrantID{id})
				if err != nil {
					return err
				}
				if len(views) == 0 {
					return fmt.Errorf("there is no grant %s: it never was, or ended and was cleaned away; `rescind grant list --subject SUB` shows a user's", id)
				}
				return a.print(views[0], func(w io.Writer) { views[0].write(w) })
			})(cmd, args)
		},
	}
}

func parseGrant(s string) (token.GrantID, error) {
	id, ok := token.ParseGrantID(s)
	if !ok {
		return id, usagef("a grant's id has 32 hexadecimal digits, as `rescind grant list` and the audit lines show it; for a token use `rescind revoke --token -`")
	}
	return id, nil
}
