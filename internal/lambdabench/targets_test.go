package main

import (
	"strings"
	"testing"
	"time"
)

// within is a report of one function that meets every target, some barely.
func within() *report {
	const ms = time.Millisecond
	return &report{Engine: "an engine", Sizes: []size{{"token", 9_000_000, maxZip("token") - 1}},
		Full: []figures{{Name: "token", InitBeforeRead: 7 * ms, Init: 29 * ms, First: 6 * ms, Warm: 2 * ms, Idle: ms - 1, Peak: maxPeak - 1}},
		Slow: []figures{{Name: "token", InitBeforeRead: 100 * ms, Init: 200 * ms, First: 90 * ms, Warm: ms, Idle: 9 * ms, Peak: maxPeak - 1}}}
}

func TestTargets(t *testing.T) {
	for name, tc := range map[string]struct {
		edit func(*report)
		says []string // lines of the report, among others
	}{
		"all are met":      {func(*report) {}, []string{"2 passed, 0 failed", "DynamoDB: run on an engine, over HTTPS"}},
		"a large zip":      {func(r *report) { r.Sizes[0].Zip++ }, []string{"FAILED: the zip of token has 4500000 bytes, and 4500000 are the most.", "1 passed, 1 failed"}},
		"much memory":      {func(r *report) { r.Full[0].Peak++ }, []string{"FAILED: token takes 30000000 bytes of memory, and 30000000 are the most.", "1 passed, 1 failed"}},
		"memory not known": {func(r *report) { r.Full[0].Peak = 0 }, []string{"1 passed, 0 failed"}},
		"a late init": {func(r *report) { r.Full[0].Init *= 2 },
			[]string{"Beyond its target on this machine: init of token, 58.00 ms, where 30.00 ms is the most.", "2 passed, 0 failed"}},
		"a late first request": {func(r *report) { r.Full[0].First++ },
			[]string{"Beyond its target on this machine: the first request of token, 6.00 ms, where 6.00 ms is the most.", "2 passed, 0 failed"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := within()
			tc.edit(r)
			var out strings.Builder
			if err := r.markdown(&out); err != nil {
				t.Fatal(err)
			}
			for _, line := range tc.says {
				if !strings.Contains(out.String(), "\n"+line+"\n") {
					t.Errorf("it does not say %q:\n%s", line, out.String())
				}
			}
			if beyond := strings.Contains(out.String(), "Beyond"); beyond != strings.Contains(tc.says[0], "Beyond") {
				t.Errorf("times are called beyond their targets: %t", beyond)
			}
		})
	}
}
