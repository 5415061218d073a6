package stack

import (
	"context"
	"crypto/rand"
	"time"

	"rescind/internal/bench/seed"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/secret"
	"rescind/shared/user"
)

// callback is where the app of a conversation is sent back to: nobody is there,
// and nobody goes there.
const callback = "https://app.example.com/callback"

// Guest is a person with an account, and an app that asks to act for them.
type Guest struct {
	Email, Password string
	App             seed.Caller
}

// GuestStore is what a guest is registered in.
type GuestStore interface {
	client.Store
	user.Keeper
	grant.SubjectStore
}

// NewGuest registers an app of this id and a person.
func NewGuest(ctx context.Context, store GuestStore, id string) (Guest, error) {
	g := Guest{Email: id + "@example.com", Password: rand.Text()}
	var err error
	g.App, err = seed.Client(ctx, store, id, func(p *client.Policy) {
		p.GrantTypes, p.RedirectURIs = append(p.GrantTypes, oauth.GrantAuthorizationCode), []string{callback}
	})
	if err != nil {
		return g, err
	}
	ender := grant.SubjectEnder{Rules: grant.Defaults(time.Now, rand.Reader), Store: store}
	_, err = user.NewAccounts(store, ender, time.Now, rand.Reader).Create(ctx, g.Email, secret.NewText(g.Password))
	return g, err
}
