// Package seed fills a store with a client and its grants, through the same
// rules and store as the server's. It knows no server and no HTTP.
package seed

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
)

// Writers is how many goroutines fill a store: enough that SQLite's group of
// writes shares each sync.
const Writers = 64

// Scope is what every client and grant made here has.
var Scope = oauth.Scope{"read", "write"}

// Caller is a confidential client with its credentials.
type Caller struct {
	ID    string
	Basic string // id and secret as in an Authorization header, base64
}

// Client registers a confidential client that may issue, refresh, revoke and
// introspect; edit, where not nil, changes its policy first.
func Client(ctx context.Context, store client.Store, id string, edit func(*client.Policy)) (Caller, error) {
	p := client.Policy{
		Name: id, Type: client.Confidential, Scope: Scope, DefaultScope: Scope,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken},
	}
	if edit != nil {
		edit(&p)
	}
	m := client.Manager{Store: store, Now: time.Now, Rand: rand.Reader}
	c, text, err := m.Create(ctx, id, p)
	if err != nil {
		return Caller{}, fmt.Errorf("registering the client %q: %w", id, err)
	}
	return Caller{ID: c.ID, Basic: base64.StdEncoding.EncodeToString([]byte(c.ID + ":" + text.Reveal()))}, nil
}

// Plan says which grants to make.
type Plan struct {
	Client  string // its id
	Grants  int
	Keep    int                // of how many, the first, the tokens are given back; 0: of all
	Bare    bool               // without refresh tokens
	Subject func(i int) string // of the i-th grant; nil: none has one
	// Born is when the i-th is born; nil: now. They are made in the order of i,
	// or nearly.
	Born     func(i int) time.Time
	Progress io.Writer // hears how far it is; nil: nobody
}

// Tokens are an access token and a refresh token of each grant kept, as text.
type Tokens struct {
	Access  []string
	Refresh []string
}

// Fill makes the grants. It ends at the first error, or when ctx ends.
func Fill(ctx context.Context, store grant.Store, p Plan) (*Tokens, error) {
	if p.Keep == 0 {
		p.Keep = p.Grants
	}
	if p.Progress == nil {
		p.Progress = io.Discard
	}
	rows, err := store.Find(ctx, grant.Keys{Clients: []string{p.Client}})
	if err != nil {
		return nil, err
	}
	if rows.Clients[0] == nil {
		return nil, errors.New("filling the store: its client is not registered")
	}
	kept := min(p.Keep, p.Grants)
	f := &filling{Plan: p, rules: grant.Defaults(time.Now, rand.Reader), store: store,
		birth: grant.Birth{Client: rows.Clients[0], Generation: rows.Generation, Scope: Scope, Refresh: !p.Bare},
		out:   &Tokens{Access: make([]string, kept), Refresh: make([]string, kept)}}
	return f.out, f.run(ctx)
}

type filling struct {
	Plan
	rules grant.Rules
	store grant.Store
	birth grant.Birth
	out   *Tokens
	next  atomic.Int64
}

func (f *filling) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for range min(Writers, f.Grants) {
		wg.Go(func() {
			for i := int(f.next.Add(1)) - 1; i < f.Grants && ctx.Err() == nil; i = int(f.next.Add(1)) - 1 {
				if err := f.one(ctx, i); err != nil {
					cancel(fmt.Errorf("filling the store: %w", err))
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			fmt.Fprintf(f.Progress, "\rfilling the store: %d of %d grants\n", min(int(f.next.Load()), f.Grants), f.Grants)
			return context.Cause(ctx)
		case <-tick.C:
			fmt.Fprintf(f.Progress, "\rfilling the store: %d of %d grants", min(int(f.next.Load()), f.Grants), f.Grants)
		}
	}
}

func (f *filling) one(ctx context.Context, i int) error {
	b := f.birth
	if f.Subject != nil {
		b.Subject = f.Subject(i)
	}
	rules := f.rules
	if f.Born != nil {
		born := f.Born(i)
		rules.Now = func() time.Time { return born }
	}
	t, err := rules.Issue(ctx, f.store, b)
	if err != nil {
		return err
	}
	if i < len(f.out.Access) {
		f.out.Access[i] = t.Access.Text().Reveal()
		if b.Refresh {
			f.out.Refresh[i] = t.Refresh.Text().Reveal()
		}
	}
	return nil
}
