package client

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

func TestAttemptsRunOutAndComeBack(t *testing.T) {
	a := NewAttempts(3, 10*time.Second)
	for n := range 3 {
		if wait := a.Wait("app", "here", noon); wait != 0 {
			t.Errorf("attempt %d must wait %v", n+1, wait)
		}
		a.Failed("app", "here", noon)
	}
	for after, want := range map[time.Duration]time.Duration{
		0: 10 * time.Second, 4 * time.Second: 6 * time.Second, 10 * time.Second: 0, time.Hour: 0, -time.Hour: 10 * time.Second,
	} {
		if wait := a.Wait("app", "here", noon.Add(after)); (wait - want).Abs() > time.Millisecond {
			t.Errorf("after %v the wait is %v, not %v", after, wait, want)
		}
	}
	later := noon.Add(time.Hour)
	for range 3 {
		if a.Wait("app", "here", later) != 0 {
			t.Error("a long rest does not refill the bucket")
		}
		a.Failed("app", "here", later)
	}
	if a.Wait("app", "here", later) == 0 {
		t.Error("a long rest refills the bucket beyond its brim")
	}
}

func TestNobodyElseIsLockedOut(t *testing.T) {
	a := NewAttempts(1, time.Minute)
	for range 50 {
		a.Failed("app", "attacker", noon)
	}
	if a.Wait("app", "attacker", noon) != time.Minute {
		t.Error("failures while locked out prolong the wait")
	}
	if a.Wait("app", "owner", noon) != 0 || a.Wait("other", "attacker", noon) != 0 {
		t.Error("another source, or another client, is locked out")
	}
}

func TestMemoryOfAttemptsIsBounded(t *testing.T) {
	a := NewAttempts(2, time.Minute)
	a.most = 100
	for n := range 1000 {
		a.Failed("app", fmt.Sprint(n), noon)
		if len(a.buckets) > a.most {
			t.Fatalf("%d buckets are kept", len(a.buckets))
		}
	}
	// Those that are full again go first.
	a = NewAttempts(2, time.Minute)
	a.most = 100
	for n := range 99 {
		a.Failed("app", fmt.Sprint(n), noon)
	}
	later := noon.Add(time.Hour)
	for range 2 {
		a.Failed("app", "attacker", later)
	}
	a.Failed("app", "another", later)
	if len(a.buckets) > 3 || a.Wait("app", "attacker", later) == 0 {
		t.Errorf("%d buckets are kept, and an empty one may be forgotten before full ones", len(a.buckets))
	}
}

func TestAttemptsAreSafeForMany(t *testing.T) {
	a := NewAttempts(1000, time.Hour)
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			for range 100 {
				a.Wait("app", "here", noon)
				a.Failed("app", "here", noon)
			}
		})
	}
	all.Wait()
	if a.Wait("app", "here", noon) == 0 {
		t.Error("failures were lost")
	}
}
