package main

import (
	"fmt"
	"slices"
	"time"
)

// sample is what the server took at one moment.
type sample struct {
	At          time.Duration `json:"at_ns"` // since the soak began
	Resident    int64         `json:"resident_bytes"`
	Descriptors int           `json:"descriptors"`
	Threads     int           `json:"threads"`
	Store       int64         `json:"store_bytes"`
	Log         int64         `json:"write_ahead_log_bytes"`
}

// bound is how much a series may rise from its first third to its last: a
// share of what it was, or the slack where that is more.
type bound struct {
	share float64
	slack float64
}

// series is one thing that must not grow. Its figures are medians, so that one
// garbage collection or checkpoint decides nothing.
type series struct {
	Name    string  `json:"name"`
	First   float64 `json:"median_of_first_third"`
	Last    float64 `json:"median_of_last_third"`
	Max     float64 `json:"max"`
	Allowed float64 `json:"allowed"`
	Flat    bool    `json:"flat"`
	bytes   bool
}

// leastSamples is how many a verdict needs.
const leastSamples = 6

// flat judges a series of samples. Too few are not flat: nothing was shown.
func flat(name string, values []float64, b bound) series {
	s := series{Name: name}
	if len(values) < leastSamples {
		return s
	}
	third := len(values) / 3
	s.First, s.Last, s.Max = median(values[:third]), median(values[len(values)-third:]), slices.Max(values)
	s.Allowed = s.First + max(s.First*b.share, b.slack)
	s.Flat = s.Last <= s.Allowed
	return s
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

const (
	mega = 1e6
	// warmShare of the soak passes before the samples count: caches fill, the
	// heap finds its size.
	warmShare = 0.2
)

// judge gives the verdict on each series; file tells whether there is a file.
func judge(all []sample, whole time.Duration, file bool) []series {
	var rss, fds, threads, store, log []float64
	for _, s := range all {
		if float64(s.At) < float64(whole)*warmShare {
			continue
		}
		rss, fds = append(rss, float64(s.Resident)), append(fds, float64(s.Descriptors))
		threads = append(threads, float64(s.Threads))
		store, log = append(store, float64(s.Store)), append(log, float64(s.Log))
	}
	descriptors := bound{0, 4}
	if !file {
		descriptors.slack = 64 // the SDK keeps up to so many connections that idle
	}
	out := []series{
		flat("resident memory", rss, bound{0.10, 4 * mega}),
		flat("descriptors", fds, descriptors),
		flat("threads", threads, bound{0, 4}),
	}
	out[0].bytes = true
	if file {
		// A revoked row is a fifth longer than one just born, and the rows of
		// earlier days were never revoked: so a few percent. Were nothing
		// removed, it would rise by a fourth at the least.
		// The log's size is its largest so far: it depends on how long a reader
		// once kept a checkpoint from its end, and is bounded, not constant.
		s, l := flat("store file", store, bound{0.10, 1 * mega}), flat("write-ahead log", log, bound{0.50, 16 * mega})
		s.bytes, l.bytes = true, true
		out = append(out, s, l)
	}
	return out
}

func (s series) figure(v float64) string {
	if s.bytes {
		return fmt.Sprintf("%.1f MB", v/mega)
	}
	return fmt.Sprintf("%.0f", v)
}

func (s series) String() string {
	return fmt.Sprintf("%s in the first third, %s in the last, at most %s; allowed %s",
		s.figure(s.First), s.figure(s.Last), s.figure(s.Max), s.figure(s.Allowed))
}
