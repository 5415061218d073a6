// Package samplestore gives tests a real store that holds the clients and grants
// of the sample events. It must not know what the events ask, nor be part of
// what runs.
package samplestore

import (
	"path/filepath"
	"testing"
	"time"

	"rescind/events/sample"
	"rescind/shared/sqlite"
)

// Open fills a SQLite store of the test's own, which ends with the test.
func Open(t testing.TB) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "data", "rescind.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := sample.Fill(t.Context(), store, time.Now()); err != nil {
		t.Fatal(err)
	}
	return store
}
