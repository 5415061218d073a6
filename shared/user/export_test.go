package user

import (
	"sync/atomic"
	"time"

	"rescind/shared/secret"
)

// CountHashes has argon2id run at its least cost, and counts how often it runs
// at which.
func (a *Accounts) CountHashes() *Hashes {
	n := &Hashes{}
	a.hashes.run = func(password string, salt []byte, c cost, size int) []byte {
		n.all.Add(1)
		if c == current {
			n.current.Add(1)
		}
		if n.During != nil {
			n.During()
		}
		return derive(password, salt, cost{8, 1, 1}, size)
	}
	return n
}

// Hashes counts.
type Hashes struct {
	all, current atomic.Int64
	During       func() // runs within each
}

// Since gives how many ran since the last call, and how many of them at
// today's cost.
func (n *Hashes) Since() (all, current int64) { return n.all.Swap(0), n.current.Swap(0) }

// Cheaper is a hash of the password at less than today's cost.
func Cheaper(password string) secret.Text {
	c := cost{16 * 1024, 2, 1}
	salt := []byte("a salt of some bytes")
	return kept{c, salt, derive(password, salt, cost{8, 1, 1}, sumSize)}.text()
}

// IsStale tells whether a kept hash is to be replaced.
func IsStale(hash secret.Text) bool {
	k, err := parseKept(hash)
	return err != nil || k.isStale()
}

// Buckets counts what the throttle remembers.
func (a *Accounts) Buckets() int {
	return len(a.guesses.pairs.all) + len(a.guesses.sources.all) + len(a.guesses.accounts.all) + len(a.guesses.known)
}

// The throttle's figures.
const (
	PairBurst, PairRefill, SourceBurst, AccountBurst               = pairBurst, pairRefill, sourceBurst, accountBurst
	AttackedPause                                    time.Duration = attackedPause
	MostBuckets                                                    = mostBuckets
)
