package sqlite_test

import (
	"path/filepath"
	"testing"

	"rescind/shared/sqlite"
	"rescind/shared/storetest"
)

// file is one database, which each process opens for itself.
type file string

func (f file) Open(t *testing.T) storetest.Store {
	t.Helper()
	return open(t, string(f), sqlite.Options{})
}

func open(t testing.TB, path string, o sqlite.Options) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, o)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func path(t testing.TB) string { return filepath.Join(t.TempDir(), "data", "rescind.db") }

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Backend { return file(path(t)) })
}
