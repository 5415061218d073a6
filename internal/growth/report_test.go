package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func sizesOf(name string, all ...spent) []*counts {
	var out []*counts
	for i, s := range all {
		out = append(out, &counts{Grants: 10 + i, Operations: map[string]spent{name: s}})
	}
	return out
}

func TestWhatGrowsIsFound(t *testing.T) {
	for _, c := range []struct {
		name string
		op   string
		all  []spent
		ok   bool
	}{
		{"the same", "issue", []spent{{2, 1, 1}, {2, 1, 1}, {2, 1, 1}}, true},
		{"one more request", "issue", []spent{{2, 1, 1}, {2, 1, 1}, {3, 1, 1}}, false},
		{"a write more", "revoke a client", []spent{{2, 1, 1}, {2, 1, 2}}, false},
		{"half a read less", "introspect", []spent{{2, 1, 0}, {2, 0.5, 0}}, false},
		{"a listing that costs less", "list a page of a client", []spent{{16, 8, 0}, {1, 0.5, 0}}, true},
		{"a listing that costs more", "list a page of a client", []spent{{1, 0.5, 0}, {2, 1, 0}}, false},
		{"nothing counted", "issue", []spent{{}, {}}, false},
	} {
		if got := same(c.op, sizesOf(c.op, c.all...)); got.OK != c.ok {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestUsualLeavesOutTheOddOne(t *testing.T) {
	odd, plain := spent{2, 3, 1}, spent{2, 1, 1}
	if got := usual([]spent{odd, plain, plain}); got != plain {
		t.Errorf("%s", got)
	}
	if got := usual([]spent{plain, plain, odd}); got != plain {
		t.Errorf("%s", got)
	}
}

func TestTablesHoldEveryOperationAndSize(t *testing.T) {
	r := &report{Machine: "a machine", Engine: "an engine"}
	for _, n := range []int{10, 1000} {
		times, costs := &timings{Grants: n, Operations: map[string]timing{}}, &counts{Grants: n, Operations: map[string]spent{}}
		for _, name := range timed {
			times.Operations[name] = timing{Single: latency{time.Millisecond * time.Duration(n/10), time.Second}}
		}
		for _, name := range counted {
			costs.Operations[name] = spent{n, 1, 1}
		}
		r.SQLite, r.Dynamo = append(r.SQLite, times), append(r.Dynamo, costs)
	}
	var b bytes.Buffer
	r.markdown(&b)
	for _, want := range append(append([]string{"10 grants", "1000 grants", "100.00", "DIFFERENT", "FAILED"}, timed...), counted...) {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	for line := range strings.Lines(b.String()) {
		if strings.HasPrefix(line, "|") && strings.Count(line, "|") != 5 {
			t.Errorf("a row of another width: %s", line)
		}
	}
	passed, failed := tally(r.checks())
	if passed != 0 || failed != len(counted) {
		t.Errorf("%d passed, %d failed", passed, failed)
	}
}

func TestSizes(t *testing.T) {
	if got, err := sizes("1000, 10"); err != nil || len(got) != 2 || got[0] != 10 {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := sizes(""); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"9", "ten", "10,,20", "-5"} {
		if _, err := sizes(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
