package census

import (
	"context"
	"slices"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
)

// findRoom is how many keys one Find may have: DynamoDB reads a hundred items
// in one request, and the store adds rows of its own.
const findRoom = 90

// Judge says of each grant why it is dead, or "" where it lives. The clients,
// the subjects and the store's generation that decide are read now, after the
// grants: what had ended by then is dead.
func Judge(ctx context.Context, store grant.Finder, grants []*grant.Grant, now time.Time) ([]string, error) {
	if len(grants) == 0 {
		return nil, nil
	}
	by, err := read(ctx, store, grants)
	if err != nil {
		return nil, err
	}
	dead := make([]string, len(grants))
	for i, g := range grants {
		cur := grant.Current{Client: by.clients[g.ClientID], Subject: by.subjects[g.Subject], Store: by.generation}
		dead[i] = g.Dead(cur, now)
	}
	return dead, nil
}

// judges are the rows that decide over some grants.
type judges struct {
	clients    map[string]*client.Client
	subjects   map[string]int64
	generation int64
}

// read reads each client and subject once. A grant without a subject has no
// subject's epoch.
func read(ctx context.Context, store grant.Finder, grants []*grant.Grant) (judges, error) {
	by := judges{clients: map[string]*client.Client{}, subjects: map[string]int64{}}
	var ids, subjects []string
	for _, g := range grants {
		if _, seen := by.clients[g.ClientID]; !seen {
			by.clients[g.ClientID] = nil
			ids = append(ids, g.ClientID)
		}
		if _, seen := by.subjects[g.Subject]; !seen && g.Subject != "" {
			by.subjects[g.Subject] = 0
			subjects = append(subjects, g.Subject)
		}
	}
	for some := range slices.Chunk(ids, findRoom) {
		rows, err := store.Find(ctx, grant.Keys{Clients: some})
		if err != nil {
			return judges{}, err
		}
		for i, id := range some {
			by.clients[id] = rows.Clients[i]
		}
		by.generation = max(by.generation, rows.Generation)
	}
	for some := range slices.Chunk(subjects, findRoom) {
		rows, err := store.Find(ctx, grant.Keys{Subjects: some})
		if err != nil {
			return judges{}, err
		}
		for i, subject := range some {
			by.subjects[subject] = rows.Subjects[i]
		}
		by.generation = max(by.generation, rows.Generation)
	}
	return by, nil
}
