package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"strings"

	"rescind/shared/audit"
	"rescind/shared/client"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// The demo clients' ids begin so; random characters follow. That is how a
// later start finds them.
const (
	demoIDs          = "demo-"
	demoConfidential = demoIDs + "confidential-"
	demoPublic       = demoIDs + "public-"
)

// demoRedirect is where the demo clients' users come back to: an app on this
// machine, on whatever port it listens (RFC 8252 section 7.3).
const demoRedirect = "http://127.0.0.1/callback"

// demo is the two demo clients. Its secret is there only on the start that
// made the confidential one.
type demo struct {
	confidential, public *client.Client
	secret               secret.Text
	user                 demoUser
}

// prepareDemo finds the demo clients and the demo user, or makes those that were
// never there. A deleted one is not made again: somebody wanted it gone.
func (a *app) prepareDemo(ctx context.Context, store operatorStore) (demo, error) {
	d, err := findDemo(ctx, store)
	if err != nil {
		return d, err
	}
	if d.confidential == nil {
		d.confidential, d.secret, err = a.registerDemo(ctx, store, demoConfidential, client.Policy{
			Name: "Demo, confidential", Type: client.Confidential,
			GrantTypes:   []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken, oauth.GrantAuthorizationCode},
			RedirectURIs: []string{demoRedirect},
			Scope:        oauth.Scope{"read", "write", oauth.ScopeIntrospection}, DefaultScope: oauth.Scope{"read"},
		})
	}
	if err == nil && d.public == nil {
		d.public, _, err = a.registerDemo(ctx, store, demoPublic, client.Policy{
			Name: "Demo, public", Type: client.Public,
			GrantTypes:   []string{oauth.GrantRefreshToken, oauth.GrantAuthorizationCode},
			RedirectURIs: []string{demoRedirect},
			Scope:        oauth.Scope{"read", "write"}, DefaultScope: oauth.Scope{"read"},
		})
	}
	if err == nil {
		d.user, err = a.prepareDemoUser(ctx, store)
	}
	return d, err
}

func (a *app) registerDemo(ctx context.Context, store client.Store, prefix string, p client.Policy) (*client.Client, secret.Text, error) {
	id := prefix + strings.ToLower(rand.Text()[:8])
	c, text, err := a.manager(store).Create(ctx, id, p)
	a.record(ctx, audit.Event{Action: audit.Client, Operation: "serve --demo", ClientID: id, Reason: "created"}, err)
	return c, text, err
}

// findDemo looks through the ids that begin as theirs do. Where there are
// several, one that is on is preferred, and a deleted one comes last.
func findDemo(ctx context.Context, store client.Store) (demo, error) {
	var d demo
	for after := demoIDs; ; {
		page, err := store.ListClients(ctx, after, listPage)
		if err != nil {
			return demo{}, err
		}
		for _, c := range page {
			switch {
			case !strings.HasPrefix(c.ID, demoIDs):
				return d, nil
			case strings.HasPrefix(c.ID, demoConfidential):
				d.confidential = better(d.confidential, c)
			case strings.HasPrefix(c.ID, demoPublic):
				d.public = better(d.public, c)
			}
		}
		if len(page) < listPage {
			return d, nil
		}
		after = page[len(page)-1].ID
	}
}

func better(a, b *client.Client) *client.Client {
	rank := map[client.State]int{client.Deleted: 0, client.Off: 1, client.On: 2}
	if a == nil || rank[b.State] > rank[a.State] {
		return b
	}
	return a
}

// bannerView is the banner as JSON.
type bannerView struct {
	Issuer      string          `json:"issuer"`
	Addresses   []string        `json:"addresses"`
	Store       string          `json:"store"`
	DemoClients []*demoView     `json:"demo_clients,omitempty"`
	DemoUsers   []*demoUserView `json:"demo_users,omitempty"`
}

type demoView struct {
	ID     string `json:"client_id"`
	Secret string `json:"client_secret,omitempty"` // on the start that made it
	Type   string `json:"client_type"`
	State  string `json:"state"`

	RedirectURIs []string `json:"redirect_uris,omitempty"`
}

func (a *app) printBanner(s site, listeners []net.Listener, d demo) error {
	v := bannerView{Issuer: s.issuer, Store: s.store, DemoUsers: d.user.view()}
	for _, l := range listeners {
		v.Addresses = append(v.Addresses, l.Addr().String())
	}
	if d.confidential != nil {
		v.DemoClients = []*demoView{
			{d.confidential.ID, d.secret.Reveal(), client.Confidential, string(d.confidential.State), d.confidential.Policy.RedirectURIs},
			{d.public.ID, "", client.Public, string(d.public.State), d.public.Policy.RedirectURIs},
		}
	}
	return a.print(v, func(w io.Writer) {
		fmt.Fprintf(w, "rescind serves %s (on %s; store %s)\n", s.issuer, strings.Join(v.Addresses, " and "), s.store)
		if !s.addr.isLocal() {
			fmt.Fprintln(w, "Other machines can reach this port, and it speaks plain HTTP: put TLS in front of it, and name that URL with --issuer.")
		}
		switch {
		case d.confidential == nil:
		case !d.secret.IsEmpty():
			writeFirst(w, s, d)
		default:
			writeLater(w, s, d)
		}
		d.user.write(w, s)
		fmt.Fprintln(w, "\nCtrl-C stops it.")
	})
}

// writeFirst shows the secret, this once, and three lines that work when
// pasted into a shell one after the other.
func writeFirst(w io.Writer, s site, d demo) {
	credentials := "client_id=" + d.confidential.ID + "&client_secret=" + d.secret.Reveal()
	fmt.Fprintf(w, `
Two demo clients were registered. The secret is shown this once:

  confidential   client_id      %s
                 client_secret  %s
  public         client_id      %s

Three lines to paste: get a token, introspect it, revoke it.

TOKEN=$(curl -s --data "grant_type=client_credentials&%s" %s/o/token/ | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl --data "token=$TOKEN&%s" %s/o/introspect/
curl --data "token=$TOKEN&%s" %s/o/revoke_token/
`, d.confidential.ID, d.secret.Reveal(), d.public.ID,
		credentials, s.base(), credentials, s.base(), credentials, s.base())
	writeAuthorize(w, s, d)
}

func writeAuthorize(w io.Writer, s site, d demo) {
	fmt.Fprintf(w, "\nTokens for a user: be the public client in another terminal, and open what it prints in a browser.\n\n  %s\n",
		s.authorizeLine(d.public.ID))
}

// authorizeLine is the command line of a client of this server. It needs no
// store.
func (s site) authorizeLine(id string) string {
	line := "go run ./cmd/rescind authorize --client " + id
	if s.issuer != defaultIssuer {
		line += " --issuer " + quote(s.issuer)
	}
	return line
}

// writeLater says what became of the demo clients, and how to get a new secret
// and a user's tokens.
func writeLater(w io.Writer, s site, d demo) {
	fmt.Fprintf(w, "\nThe demo clients: %s (%s) and %s (%s).\n", d.confidential.ID, d.confidential.State, d.public.ID, d.public.State)
	switch d.confidential.State {
	case client.Deleted:
		fmt.Fprintf(w, "Register one of your own:\n\n%s\n", s.command(`client create --name mine --scopes "read write"`))
	case client.Off:
		fmt.Fprintf(w, "Switch it on again:\n\n%s\n", s.command("client enable "+d.confidential.ID))
	default:
		fmt.Fprintf(w, "The secret was shown when they were registered. Get a new one, which works beside it:\n\n%s\n", s.command("client rotate-secret "+d.confidential.ID))
	}
	if d.public.State == client.On {
		writeAuthorize(w, s, d)
	}
}

// command is a command line for this very store, as whoever typed make can
// type it too.
func (s site) command(rest string) string {
	line := "go run ./cmd/rescind " + rest
	if s.store != defaultStore {
		line += " --store " + quote(s.store)
	}
	return line
}

// quote is for a shell.
func quote(s string) string {
	plain := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_-./:", r)
	}
	if !strings.ContainsFunc(s, plain) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// listPage is how many clients are read at a time.
const listPage = 100
