package sqlite_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"rescind/shared/sqlite"
	"rescind/shared/sqlite/faultvfs"
)

// losses, in the environment, is how often the power fails in TestPowerFails.
const (
	losses     = "RESCIND_POWER_LOSSES"
	someLosses = 60
)

var power = sync.OnceValues(func() (*faultvfs.Power, error) { return faultvfs.RegisterPower("power") })

func powered(t *testing.T) (*faultvfs.Power, sqlite.Options) {
	t.Helper()
	v, err := power()
	if err != nil {
		t.Fatal(err)
	}
	return v, sqlite.Options{VFS: "power", Fatal: func(error) {}, Logger: slog.New(slog.DiscardHandler)}
}

// untilDark writes, in several goroutines, until the power fails, and tells
// how many of them ended otherwise.
func untilDark(t *testing.T, v *faultvfs.Power, p string, o sqlite.Options, l *ledger, seed uint64) {
	t.Helper()
	if err := v.Stands(filepath.Dir(p)); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), p, o)
	if err != nil {
		if !v.Failed() {
			t.Fatalf("opening: %v", err)
		}
		return
	}
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			if err := l.fill(context.Background(), s, seed+uint64(i)); !v.Failed() {
				t.Errorf("a write fails while there is power: %v", err)
			}
		})
	}
	// Another process moves the log into the file, and has it begin anew.
	all.Go(func() {
		for how := 0; !v.Failed(); how++ {
			_ = sqlite.ExecOn(p, "power", `PRAGMA wal_checkpoint(`+[]string{"PASSIVE", "FULL", "RESTART", "TRUNCATE"}[how%4]+`)`) // busy, or dark
			time.Sleep(time.Millisecond)
		}
	})
	all.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// leaveRest is what a power failure does to the files that SQLite did not write
// through the VFS: the log's index may be anything, and the count of commits
// beside the database may be an older one. It is written after the commit that
// it counts was synced, so a later one cannot be there.
func leaveRest(t *testing.T, p string, r *rand.Rand) {
	t.Helper()
	junk := make([]byte, 1+r.IntN(70_000))
	for i := range junk {
		junk[i] = byte(r.Uint32())
	}
	var err error
	switch r.IntN(3) {
	case 0:
		err = os.WriteFile(p+"-shm", junk, 0o600)
	case 1:
		err = os.Remove(p + "-shm")
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	switch r.IntN(3) {
	case 0:
		err = os.Remove(p + "-turn")
	case 1:
		err = os.Truncate(p+"-turn", 0)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}

// TestPowerFailsAtAnyMoment has the power fail at random steps of SQLite's
// work: writes, truncations, syncs, while writers write, while the log is moved
// into the file and begins anew, and while what the last failure left is
// recovered. Whatever part of what was not synced is lost then, the file opens
// without an operator, is whole, and holds all that was acknowledged.
func TestPowerFailsAtAnyMoment(t *testing.T) {
	n, seed := someLosses, rand.Uint64()
	if text := os.Getenv(losses); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatalf("%s: %v", losses, err)
		}
	}
	v, o := powered(t)
	r := rand.New(rand.NewPCG(seed, 0))
	p, l, began := path(t), &ledger{}, time.Now()
	took, unsynced := map[faultvfs.Loss]int{}, 0
	for i := range n {
		if i%25 == 24 { // a file of its own, so that all of it can be checked each time
			l.sound(t, p, 0, sqlite.Options{})
			p, l = path(t), &ledger{}
		}
		steps := 1 + r.Int64N(1500)
		if i%3 == 0 { // while it is made or recovered, or soon after
			steps = 1 + r.Int64N(60)
		}
		from := l.size()
		v.FailAt(steps, r.IntN(2) == 0)
		untilDark(t, v, p, o, l, r.Uint64())
		loss := faultvfs.Loss(i % 5)
		lost, err := v.Restore(loss, r)
		if err != nil {
			t.Fatal(err)
		}
		unsynced += lost
		took[loss]++
		leaveRest(t, p, r)
		if r.IntN(2) == 0 { // else it is recovered in the next round, and may fail in that
			l.sound(t, p, from, sqlite.Options{})
		}
		if t.Failed() {
			t.Fatalf("round %d of seed %d: the power failed at step %d, and %s", i, seed, steps, loss)
		}
	}
	l.sound(t, p, 0, sqlite.Options{})
	t.Logf("the power failed %d times (%v), with %d changes not synced; none of what was acknowledged is lost; %v",
		n, took, unsynced, time.Since(began).Round(time.Millisecond))
}

// TestThePowerFailsWhileTheFileIsMade has it fail at every single step of that.
func TestThePowerFailsWhileTheFileIsMade(t *testing.T) {
	v, o := powered(t)
	r, before := rand.New(rand.NewPCG(1, 2)), v.Steps()
	open(t, path(t), o)
	all := v.Steps() - before
	for step := int64(1); step <= all; step++ {
		for loss := faultvfs.LoseAll; loss <= faultvfs.LoseLast; loss++ {
			p := path(t)
			v.FailAt(step, step%2 == 0)
			if s, err := sqlite.Open(t.Context(), p, o); err == nil {
				_ = s.Close() // in which it failed
			}
			if !v.Failed() {
				t.Fatalf("step %d of %d was not reached", step, all)
			}
			if _, err := v.Restore(loss, r); err != nil {
				t.Fatal(err)
			}
			leaveRest(t, p, r)
			s, err := sqlite.Open(t.Context(), p, sqlite.Options{})
			if err != nil {
				t.Errorf("at step %d, where %s: %v", step, loss, err)
				continue
			}
			born(t, s, 1)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("the power failed at each of %d steps, in each of 5 ways", all)
}

// TestADiskThatLiesIsFound: without it, nobody knows that the test above can
// find anything.
func TestADiskThatLiesIsFound(t *testing.T) {
	v, o := powered(t)
	p, l := path(t), &ledger{}
	open(t, p, sqlite.Options{}).Close()
	v.Lie(true)
	defer v.Lie(false)
	v.FailAt(400, false)
	untilDark(t, v, p, o, l, 1)
	if _, err := v.Restore(faultvfs.LoseAll, rand.New(rand.NewPCG(1, 1))); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), p, sqlite.Options{})
	if errors.Is(err, sqlite.ErrCopied) {
		t.Logf("the count of commits beside the file tells: %v", err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if lost, err := l.missing(t.Context(), s, 0); err != nil || len(lost) == 0 || l.size() == 0 {
		t.Errorf("%d of %d are missing after a power failure without syncs (%v)", len(lost), l.size(), err)
	}
}
