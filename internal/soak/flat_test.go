package main

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestFlat(t *testing.T) {
	noisy := func(n int, at func(i int) float64) []float64 {
		r := rand.New(rand.NewPCG(1, 2))
		out := make([]float64, n)
		for i := range out {
			out[i] = at(i) * (1 + 0.03*r.Float64())
		}
		return out
	}
	rss := bound{0.10, 4 * mega}
	for _, c := range []struct {
		name   string
		values []float64
		bound  bound
		flat   bool
	}{
		{"noise", noisy(180, func(int) float64 { return 80 * mega }), rss, true},
		{"one spike near the end", noisy(180, func(i int) float64 {
			if i == 170 {
				return 300 * mega
			}
			return 80 * mega
		}), rss, true},
		{"a rising series", noisy(180, func(i int) float64 { return (80 + float64(i)/4) * mega }), rss, false},
		{"a step that stays", noisy(180, func(i int) float64 { return (80 + float64(i/100)*20) * mega }), rss, false},
		{"a falling series", noisy(180, func(i int) float64 { return (80 - float64(i)/10) * mega }), rss, true},
		{"a descriptor each ten samples", noisy(180, func(i int) float64 { return float64(40 + i/10) }), bound{0, 4}, false},
		{"too few to tell", []float64{1, 1, 1}, rss, false},
		{"none", nil, rss, false},
	} {
		if got := flat(c.name, c.values, c.bound); got.Flat != c.flat {
			t.Errorf("%s: flat is %t: %s", c.name, got.Flat, got)
		}
	}
}

func TestWarmingUpDoesNotCount(t *testing.T) {
	var all []sample
	for i := range 100 {
		s := sample{At: time.Duration(i) * time.Second, Resident: 80 * mega, Descriptors: 40, Threads: 10, Store: 50 * mega, Log: 4 * mega}
		if i < 20 {
			s.Resident, s.Store = int64(i)*4*mega, int64(i)*2*mega
		}
		all = append(all, s)
	}
	for _, s := range judge(all, 100*time.Second, true) {
		if !s.Flat {
			t.Errorf("%s: %s", s.Name, s)
		}
	}
	if n := len(judge(all, 100*time.Second, false)); n != 3 {
		t.Errorf("without a file %d series are judged", n)
	}
}

func TestAReservoirKeepsAFairSample(t *testing.T) {
	const offered, most, rounds = 400, 40, 200
	first := 0
	for range rounds {
		r := reservoir{most: most}
		entries := make([]entry, offered)
		for i := range entries {
			r.offer(&entries[i])
		}
		if len(r.held) != most {
			t.Fatalf("%d are held", len(r.held))
		}
		for _, e := range r.held {
			for i := range offered / 2 {
				if e == &entries[i] {
					first++
				}
			}
		}
	}
	if share := float64(first) / (most * rounds); share < 0.4 || share > 0.6 {
		t.Errorf("%.2f of the sample are of the first half", share)
	}
}

func TestCommandLine(t *testing.T) {
	for _, bad := range []string{"--for 1s", "--rate-share 0", "--rate-share 1.1", "--store redis", "--lines 1", "--markdown --json", "more"} {
		if _, err := parse(strings.Fields(bad)); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
	if o, err := parse([]string{"--for", "1h"}); err != nil || o.whole != time.Hour || o.share != 0.7 || o.brief() != 10*time.Second {
		t.Errorf("%+v, %v", o, err)
	}
}
