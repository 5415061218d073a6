package main

import (
	"fmt"
	"math"
	"time"

	"rescind/internal/bench/load"
)

// Report is all that one run measured.
type Report struct {
	Machine     string        `json:"machine"`
	Cores       int           `json:"cores"`
	Sync        time.Duration `json:"fsync_p50_ns"`
	Connections int           `json:"connections"`
	Grants      int           `json:"grants"`
	Seconds     float64       `json:"seconds"`
	Rows        []Row         `json:"servers"`
	Verdicts    []Verdict     `json:"verdicts"`
}

// Row is one server, as it was run.
type Row struct {
	Name         string             `json:"name"`
	Language     string             `json:"language"`
	Package      string             `json:"package"`
	Version      string             `json:"version,omitempty"`
	Runtime      string             `json:"runtime,omitempty"`
	Setup        string             `json:"setup"`
	Durable      bool               `json:"durable"`
	Durability   string             `json:"durability"`
	Notes        []string           `json:"notes,omitempty"`
	Reason       string             `json:"not_measured,omitempty"`
	Operations   map[string]Outcome `json:"operations,omitempty"`
	Processes    int                `json:"processes,omitempty"`
	Resident     int64              `json:"resident_bytes,omitempty"`     // summed over the processes
	Proportional int64              `json:"proportional_bytes,omitempty"` // shared pages counted once
	Memory       float64            `json:"memory_ratio,omitempty"`       // proportional_bytes by rescind's
}

// Outcome is what one operation took, or why it was not measured. The ratios
// are the figure divided by that of rescind on SQLite; 0 where there is none.
type Outcome struct {
	load.Result
	Reason string  `json:"not_measured,omitempty"`
	Rate   float64 `json:"rate_ratio,omitempty"`
	P50    float64 `json:"p50_ratio,omitempty"`
	P99    float64 `json:"p99_ratio,omitempty"`
}

func (o Outcome) measured() bool { return o.Result.PerSecond > 0 }

// Verdict is a claim and whether the figures bear it out.
type Verdict struct {
	Claim  string  `json:"claim"`
	Holds  bool    `json:"holds"`
	Factor float64 `json:"smallest_factor"` // rescind's rate by the other's, where that is smallest; 0: nothing to compare
	Where  string  `json:"where,omitempty"` // that operation and server
	Needed float64 `json:"needed_factor"`   // Factor must reach it
}

func (v Verdict) String() string {
	if v.Factor == 0 {
		return v.Claim + ": not measured"
	}
	word := "no"
	if v.Holds {
		word = "yes"
	}
	return fmt.Sprintf("%s: %s (at least %.1f times; the least at %s)", v.Claim, word, v.Factor, v.Where)
}

func (r *Report) baseline() *Row {
	for i := range r.Rows {
		if r.Rows[i].Name == ours {
			return &r.Rows[i]
		}
	}
	return nil
}

// complete says whether all that the ratios need was measured, and what not.
func (r *Report) complete() error {
	base := r.baseline()
	switch {
	case base == nil:
		return fmt.Errorf("%s was not measured", ours)
	case base.Reason != "":
		return fmt.Errorf("%s was not measured: %s", ours, base.Reason)
	}
	for _, name := range operations {
		if o := base.Operations[name]; !o.measured() {
			return fmt.Errorf("%s was not measured at %s: %s", ours, name, o.Reason)
		}
	}
	return nil
}

// judge fills in the ratios and the verdicts.
func (r *Report) judge() {
	base := r.baseline()
	if base == nil {
		return
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		row.Memory = ratio(float64(row.Proportional), float64(base.Proportional))
		for name, o := range row.Operations {
			b := base.Operations[name]
			o.Rate = ratio(o.Result.PerSecond, b.Result.PerSecond)
			o.P50 = ratio(float64(o.Result.P50), float64(b.Result.P50))
			o.P99 = ratio(float64(o.Result.P99), float64(b.Result.P99))
			row.Operations[name] = o
		}
	}
	node := func(row Row) bool { return row.Language == "node" || row.Language == "python" }
	r.Verdicts = []Verdict{
		r.verdict("three times the best Node or Python server, at equal durability", 3, func(row Row) bool { return node(row) && row.Durable }),
		r.verdict("three times the best Node or Python server, even one that keeps all in memory", 3, node),
		r.verdict("ahead of every Go server at equal durability", 1, func(row Row) bool { return row.Language == "go" && row.Durable }),
	}
}

// verdict looks at every operation of the rows that are meant. Where the
// smallest factor is exactly 1, nobody is ahead.
func (r *Report) verdict(claim string, needed float64, meant func(Row) bool) Verdict {
	v := Verdict{Claim: claim, Needed: needed, Factor: math.Inf(1)}
	for _, row := range r.Rows {
		if row.Package == r.baseline().Package || !meant(row) {
			continue
		}
		for _, name := range operations {
			if o := row.Operations[name]; o.Rate > 0 && 1/o.Rate < v.Factor {
				v.Factor, v.Where = 1/o.Rate, name+", "+row.Name
			}
		}
	}
	if math.IsInf(v.Factor, 1) {
		v.Factor = 0
	}
	v.Holds = v.Factor >= needed && v.Factor > 1
	return v
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}
