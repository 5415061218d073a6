package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
)

// seeded is a filled store's clients and tokens.
type seeded struct {
	basic   string // the machine client's credentials, base64
	id      string
	access  []string // one of each grant
	refresh []string
}

// seed fills the store at path with grants, through the same rules and store
// as the server's, and reports its progress.
func seed(ctx context.Context, path string, grants int) (*seeded, error) {
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	m := client.Manager{Store: store, Now: time.Now, Rand: rand.Reader}
	scope := oauth.Scope{"read", "write"}
	c, text, err := m.Create(ctx, "bench", client.Policy{
		Name: "bench", Type: client.Confidential, Scope: scope, DefaultScope: scope,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken},
	})
	if err != nil {
		return nil, err
	}
	s := &seeded{
		id:     c.ID,
		basic:  base64.StdEncoding.EncodeToString([]byte(c.ID + ":" + text.Reveal())),
		access: make([]string, grants), refresh: make([]string, grants),
	}
	rules := grant.Defaults(time.Now, rand.Reader)
	rows, err := store.Find(ctx, grant.Keys{Clients: []string{c.ID}})
	if err != nil {
		return nil, err
	}
	var next, done atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, 64)
	for range 64 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < grants; i = int(next.Add(1)) - 1 {
				t, err := rules.Issue(ctx, store, grant.Birth{Client: rows.Clients[0], Generation: rows.Generation, Scope: scope, Refresh: true})
				if err != nil {
					failed <- err
					return
				}
				s.access[i], s.refresh[i] = t.Access.Text().Reveal(), t.Refresh.Text().Reveal()
				if n := done.Add(1); n%10_000 == 0 {
					fmt.Fprintf(os.Stderr, "\rfilling the store: %d of %d grants", n, grants)
				}
			}
		})
	}
	wg.Wait()
	fmt.Fprintln(os.Stderr)
	select {
	case err := <-failed:
		return nil, err
	default:
		return s, nil
	}
}
