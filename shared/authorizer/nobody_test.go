package authorizer_test

import (
	"context"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
)

// nobody is a store without a row.
type nobody struct{}

func (nobody) Find(_ context.Context, keys grant.Keys) (grant.Rows, error) {
	return grant.Rows{Clients: make([]*client.Client, len(keys.Clients)), Grants: make([]*grant.Grant, len(keys.Grants)),
		Subjects: make([]int64, len(keys.Subjects))}, nil
}

func endSubject(t *testing.T, w *world, subject string) error {
	t.Helper()
	w.now = w.now.Add(time.Millisecond)
	_, err := w.a.Rules.RevokeSubject(t.Context(), w.store, subject)
	return err
}
