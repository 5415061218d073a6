package interleave_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"rescind/internal/testkit/engine"
	"rescind/shared/grant"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

// fullRun, in the environment, has every schedule and fault tried over the
// real stores too, which takes minutes.
const fullRun = "RESCIND_INTERLEAVE_FULL"

func TestMain(m *testing.M) { os.Exit(engine.Main(m)) }

// over sets each stage in a real store, with rows of its own. A store's many
// stages at a time share its syncs.
func over(t *testing.T, s grant.Store) stages {
	return func(in setting) func() *stage {
		return func() *stage {
			sc := in.make()
			if err := sc.put(s); err != nil {
				panic("setting a scene in a store: " + err.Error()) // not in the test's goroutine
			}
			return &stage{sc, s, func() snapshot {
				rows, err := s.Find(context.Background(), grant.Keys{Clients: []string{sc.app.id}, Grants: []token.GrantID{sc.id}, Subjects: []string{sc.subject}})
				if err != nil {
					panic("looking at the rows: " + err.Error())
				}
				return snapshot{rows.Grants[0], rows.Clients[0], rows.Subjects[0]}
			}}
		}
	}
}

const together = 48 // stages at a time in a real store

func TestPairsOverSQLite(t *testing.T) {
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	some := everyNth(40)
	if os.Getenv(fullRun) != "" {
		some = everyFault
	}
	all, began := newTally(), time.Now()
	all.all(pairs(), over(t, s), together, some)
	all.report(t, "SQLite")
	t.Logf("%v", time.Since(began).Round(time.Millisecond))
}
