package main

import (
	"context"
	"os"

	"rescind/internal/bench/seed"
	"rescind/shared/sqlite"
)

// seeded is a filled store's client and tokens.
type seeded struct {
	seed.Caller
	access  []string // one of each grant
	refresh []string
	app     string // the id of a client that asks users
	session string // the cookie of somebody who has signed in
}

// fill makes the store at path, with grants.
func fill(ctx context.Context, path string, grants int) (*seeded, error) {
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	out := &seeded{}
	if err := out.people(ctx, store); err != nil {
		return nil, err
	}
	c, err := seed.Client(ctx, store, "bench", nil)
	if err != nil {
		return nil, err
	}
	t, err := seed.Fill(ctx, store, seed.Plan{Client: c.ID, Grants: grants, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	out.Caller, out.access, out.refresh = c, t.Access, t.Refresh
	return out, nil
}
