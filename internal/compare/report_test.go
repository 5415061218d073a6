package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"rescind/internal/bench/load"
)

// row has the same rate at every operation but those given.
func row(name, language, pkg string, durable bool, rate float64, other map[string]float64) Row {
	r := Row{Name: name, Language: language, Package: pkg, Durable: durable, Proportional: int64(rate) * 1000, Operations: map[string]Outcome{}}
	for _, op := range operations {
		one := rate
		if v, ok := other[op]; ok {
			one = v
		}
		o := Outcome{Reason: "it does not offer it"}
		if one > 0 {
			o = Outcome{Result: load.Result{Operations: 10, PerSecond: one, P50: time.Millisecond, P99: 2 * time.Millisecond}}
		}
		r.Operations[op] = o
	}
	return r
}

func judged(more ...Row) *Report {
	r := &Report{Rows: append([]Row{row(ours, "go", "rescind", true, 900, nil),
		row(oursDynamo, "go", "rescind", false, 9000, nil)}, more...)}
	r.judge()
	return r
}

func TestRatios(t *testing.T) {
	r := judged(row("a", "node", "a", true, 300, map[string]float64{refresh: 450, issue: 0}))
	a := r.Rows[2]
	if got := a.Operations[introspection].Rate; math.Abs(got-1.0/3) > 1e-9 {
		t.Errorf("rate %f", got)
	}
	if got := a.Operations[refresh]; got.Rate != 0.5 || got.P50 != 1 || got.P99 != 1 {
		t.Errorf("%+v", got)
	}
	if got := a.Operations[issue]; got.Rate != 0 || got.measured() {
		t.Errorf("what was not measured has the ratio %f", got.Rate)
	}
	if math.Abs(a.Memory-1.0/3) > 1e-9 || r.Rows[0].Memory != 1 {
		t.Errorf("memory %f, %f", a.Memory, r.Rows[0].Memory)
	}
}

func TestVerdicts(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rows  []Row
		holds [3]bool
		where [3]string
	}{
		{"nobody", nil, [3]bool{}, [3]string{}},
		{"slow", []Row{row("n", "node", "n", true, 300, nil), row("g", "go", "g", true, 800, nil)},
			[3]bool{true, true, true}, [3]string{"introspection, n", "introspection, n", "introspection, g"}},
		{"one operation is fast", []Row{row("n", "node", "n", true, 100, map[string]float64{issue: 301}), row("g", "go", "g", true, 100, map[string]float64{revocation: 901})},
			[3]bool{}, [3]string{"issue, n", "issue, n", "revocation, g"}},
		{"a tie is not ahead", []Row{row("g", "go", "g", true, 900, nil)}, [3]bool{}, [3]string{"", "", "introspection, g"}},
		{"what keeps all in memory counts for the second alone", []Row{row("p", "python", "p", true, 10, nil), row("m", "node", "m", false, 5000, nil), row("g", "go", "g", false, 5000, nil)},
			[3]bool{true, false, false}, [3]string{"introspection, p", "introspection, m", ""}},
		{"an operation that is not offered is passed over", []Row{row("g", "go", "g", true, 0, map[string]float64{issue: 450})},
			[3]bool{false, false, true}, [3]string{"", "", "issue, g"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i, v := range judged(tt.rows...).Verdicts {
				if v.Holds != tt.holds[i] || v.Where != tt.where[i] {
					t.Errorf("%s; want %t at %q", v, tt.holds[i], tt.where[i])
				}
				if text := v.String(); (v.Factor == 0) != strings.HasSuffix(text, "not measured") {
					t.Error(text)
				}
			}
		})
	}
}

func TestAReportIsIncompleteWithoutOurs(t *testing.T) {
	if err := judged().complete(); err != nil {
		t.Error(err)
	}
	whole := judged()
	whole.Rows[0].Operations[refresh] = Outcome{Reason: "it stumbled"}
	without := &Report{Rows: []Row{row("a", "go", "a", true, 1, nil)}}
	without.judge()
	failed := &Report{Rows: []Row{{Name: ours, Reason: "no disk"}}}
	for want, r := range map[string]*Report{"it stumbled": whole, "was not measured": without, "no disk": failed} {
		if err := r.complete(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestTheTableHoldsEverything(t *testing.T) {
	gone := Row{Name: "gone", Language: "node", Package: "gone", Version: "1.0", Setup: "a|b", Durability: "file", Reason: "it could not be installed: no npm"}
	noted := row("noted", "go", "noted", true, 450, map[string]float64{refresh: 0})
	noted.Notes = []string{"a note"}
	r := judged(noted, gone)
	r.Cores, r.Seconds = 2, 5
	var b strings.Builder
	r.write(&b)
	text := b.String()
	for _, want := range []string{
		"| noted | 450 | 0.50 | 1.00 ms | 1.00 | 2.00 ms | 1.00 |",
		"| noted | - | - | - | - | - | - |",
		"| gone | gone 1.0 | a\\|b | file | - | - |",
		"- gone was not measured: it could not be installed: no npm",
		"- noted was not measured at refresh: it does not offer it",
		"- noted: a note",
		"ahead of every Go server at equal durability: yes (at least 2.0 times",
		"three times the best Node or Python server, at equal durability: not measured",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if n := strings.Count(text, "| rescind-sqlite | 900 | 1.00 |"); n != len(operations) {
		t.Errorf("ours stands in %d tables", n)
	}
}

func TestTheReportIsJSON(t *testing.T) {
	b, err := json.Marshal(judged(Row{Name: "gone", Reason: "no npm"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"operations_per_second":900`, `"rate_ratio":1`, `"not_measured":"no npm"`, `"verdicts":[`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is not in %s", want, b)
		}
	}
}
