package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"time"

	"rescind/internal/bench/load"
	"rescind/internal/bench/seed"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/sqlite"
	"rescind/shared/user"
)

// authorizePage is the operation of a browser: somebody who has signed in is
// asked for consent.
const authorizePage = "authorize page"

const redirectURI = "https://app.example.com/callback"

// people makes an app, and a user who has signed in.
func (t *seeded) people(ctx context.Context, store *sqlite.Store) error {
	app, err := seed.Client(ctx, store, "bench-app", func(p *client.Policy) {
		p.GrantTypes, p.RedirectURIs = []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}, []string{redirectURI}
	})
	if err != nil {
		return err
	}
	rules := grant.Defaults(time.Now, rand.Reader)
	u, err := user.NewAccounts(store, grant.SubjectEnder{Rules: rules, Store: store}, time.Now, rand.Reader).
		Create(ctx, "bench@example.com", secret.NewText("a password for the bench"))
	if err != nil {
		return err
	}
	generation, err := store.Generation(ctx)
	if err != nil {
		return err
	}
	value, _, err := session.Defaults(time.Now, rand.Reader).Start(ctx, store,
		session.Who{Account: u.Key, Subject: u.Subject, Label: u.Email, Epochs: session.Epochs{Store: generation}})
	t.app, t.session = app.ID, value.Reveal()
	return err
}

// browser asks for the page with the buttons, again and again.
func (t *seeded) browser(addr string) load.Maker {
	query := url.Values{"response_type": {"code"}, "client_id": {t.app}, "redirect_uri": {redirectURI}, "scope": {"read"}, "state": {"bench"},
		"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}
	request := load.Get("/o/authorize/?"+query.Encode(), addr, "rescind-session="+t.session)
	return load.Maker{
		Next: func() ([]byte, bool) { return request, true },
		Took: func(body []byte) error {
			if !bytes.Contains(body, []byte(`value="allow"`)) {
				return errors.New("a consent page has no button that allows")
			}
			return nil
		},
	}
}
