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
}

// fill makes the store at path, with grants.
func fill(ctx context.Context, path string, grants int) (*seeded, error) {
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	c, err := seed.Client(ctx, store, "bench", nil)
	if err != nil {
		return nil, err
	}
	t, err := seed.Fill(ctx, store, seed.Plan{Client: c.ID, Grants: grants, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	return &seeded{Caller: c, access: t.Access, refresh: t.Refresh}, nil
}
