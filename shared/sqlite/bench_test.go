package sqlite_test

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
	"rescind/shared/token"
)

// filled is a store with a client and n grants.
func filled(b *testing.B, n int) (*sqlite.Store, []grant.Tokens) {
	b.Helper()
	s := open(b, path(b), sqlite.Options{})
	_, _, err := client.Manager{Store: s, Now: time.Now, Rand: rand.Reader}.Create(b.Context(), "client", client.Policy{
		Name: "app", Type: client.Confidential, GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken},
		Scope: oauth.Scope{"read", "write"}, Audience: []string{"https://api.example"},
	})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan []grant.Tokens)
	const at = 100 // at a time
	for range at {
		go func() { done <- born(b, s, n/at) }()
	}
	var all []grant.Tokens
	for range at {
		all = append(all, <-done...)
	}
	return s, all
}

// BenchmarkFind reads what an introspection reads first.
func BenchmarkFind(b *testing.B) {
	s, all := filled(b, 100_000)
	find := func() {
		rows, err := s.Find(context.Background(), grant.Keys{
			Clients: []string{"client"}, Grants: []token.GrantID{all[mathrand.IntN(len(all))].Grant}})
		if err != nil || rows.Clients[0] == nil || rows.Grants[0] == nil {
			b.Fatal(rows, err)
		}
	}
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			find()
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				find()
			}
		})
	})
}

// BenchmarkCreate issues with as many at a time as the load tool has
// connections; each answer waits for its sync.
func BenchmarkCreate(b *testing.B) {
	s, _ := filled(b, 100_000)
	b.Run("one", func(b *testing.B) {
		for b.Loop() {
			born(b, s, 1)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		b.ReportAllocs()
		b.SetParallelism(16)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				born(b, s, 1)
			}
		})
	})
}

func BenchmarkRefresh(b *testing.B) {
	s, all := filled(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		id := all[mathrand.IntN(len(all))].Grant
		rows, err := s.Find(context.Background(), grant.Keys{Grants: []token.GrantID{id}})
		if err != nil {
			b.Fatal(err)
		}
		g, issued := rows.Grants[0], rows.Grants[0].Issued
		err = s.Replace(context.Background(), grant.Change{ID: id, If: grant.Condition{Refresh: g.Refresh, Issued: &issued},
			Slot: &grant.Filled{N: int(issued % grant.Slots), Slot: g.Access[0], Issued: issued + 1}, IdleEnd: g.IdleEnd})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRevoke revokes with as many at a time.
func BenchmarkRevoke(b *testing.B) {
	s, all := filled(b, 20_000)
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := s.Deny(context.Background(), grant.Denial{JTI: rand.Text(), At: time.Now(), Reason: "asked", ExpiresAt: time.Now().Add(time.Hour)})
			if err == nil {
				_, err = s.Revoke(context.Background(), all[mathrand.IntN(len(all))].Grant, "", grant.Revocation{At: time.Now(), Reason: "asked"})
			}
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSum is what every page costs that is written to the log or read.
func BenchmarkSum(b *testing.B) {
	page := make([]byte, 4096)
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			sqlite.PutSum(page, 17)
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			if !sqlite.SumIsRight(page) {
				b.Fatal("wrong")
			}
		}
	})
}
