package census

import (
	"context"
	"slices"

	"rescind/shared/grant"
	"rescind/shared/token"
)

// WalkPage is about how many grants a step of a walk reads.
const WalkPage = 500

// Walk gives every grant of the store, by reading the whole table. progress,
// unless nil, is called after each page with the number read so far.
func Walk(ctx context.Context, store Store, progress func(n int)) Pages {
	return func(yield func([]*grant.Grant, error) bool) {
		from, read := grant.Cursor(""), 0
		for {
			page, next, err := store.WalkGrants(ctx, from, WalkPage)
			if err != nil {
				yield(nil, err)
				return
			}
			if read += len(page); progress != nil {
				progress(read)
			}
			if !yield(page, nil) || next == "" {
				return
			}
			from = next
		}
	}
}

// List is one of the lists of a grant.Lister, for one subject or client.
type List func(ctx context.Context, after token.GrantID, limit int) ([]token.GrantID, error)

// Listed gives the grants of a list, each read consistently. A grant that the
// list still has and the store no longer is left out.
func Listed(ctx context.Context, store grant.Finder, list List) Pages {
	return func(yield func([]*grant.Grant, error) bool) {
		for after := (token.GrantID{}); ; {
			ids, err := list(ctx, after, findRoom)
			if err != nil {
				yield(nil, err)
				return
			}
			page, err := Read(ctx, store, ids)
			if !yield(page, err) || err != nil || len(ids) < findRoom {
				return
			}
			after = ids[len(ids)-1]
		}
	}
}

// Read reads the grants with these ids, as many as there are.
func Read(ctx context.Context, store grant.Finder, ids []token.GrantID) ([]*grant.Grant, error) {
	var found []*grant.Grant
	for some := range slices.Chunk(ids, findRoom) {
		rows, err := store.Find(ctx, grant.Keys{Grants: some})
		if err != nil {
			return nil, err
		}
		for _, g := range rows.Grants {
			if g != nil {
				found = append(found, g)
			}
		}
	}
	return found, nil
}
