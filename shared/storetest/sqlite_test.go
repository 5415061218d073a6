package storetest_test

import (
	"path/filepath"
	"testing"

	"rescind/shared/sqlite"
	"rescind/shared/storetest"
)

// open gives a fresh database and two processes on it.
func open(t *testing.T) storetest.Env {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rescind.db")
	opened := func() storetest.Store {
		s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatalf("opening: %v", err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	return storetest.Env{Store: opened(), Other: opened()}
}
