package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// check is one thing that must hold.
type check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
}

type report struct {
	Machine string     `json:"machine"`
	SQLite  []*timings `json:"sqlite"`
	Engine  string     `json:"engine,omitempty"` // empty: none, and nothing counted
	Dynamo  []*counts  `json:"dynamodb"`
}

// checks judges what was counted, and brings what was asked.
func (r *report) checks() (list []check) {
	for _, t := range r.SQLite {
		list = append(list, t.Checks...)
	}
	for _, name := range counted {
		if len(r.Dynamo) > 0 {
			list = append(list, same(name, r.Dynamo))
		}
	}
	for _, c := range r.Dynamo {
		list = append(list, c.Checks...)
	}
	return list
}

// same wants an operation to cost at every size what it does at the first.
func same(name string, sizes []*counts) check {
	first, ok := sizes[0].Operations[name], true
	for _, c := range sizes[1:] {
		s := c.Operations[name]
		if mayFall[name] {
			ok = ok && s.Requests <= first.Requests && s.Reads <= first.Reads && s.Writes <= first.Writes
		} else {
			ok = ok && s == first
		}
	}
	what := "costs the same"
	if mayFall[name] {
		what = "costs no more"
	}
	last := sizes[len(sizes)-1]
	return check{fmt.Sprintf("DynamoDB: to %s %s at each size", name, what), ok && first.Requests > 0,
		fmt.Sprintf("%s at %d, %s at %d", first, sizes[0].Grants, last.Operations[name], last.Grants)}
}

func (s spent) String() string {
	return fmt.Sprintf("%d requests, %g RCU, %g WCU", s.Requests, s.Reads, s.Writes)
}

// ms has more digits where two would not show anything.
func ms(d time.Duration) string {
	if d < 100*time.Microsecond {
		return fmt.Sprintf("%.3f", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.2f", d.Seconds()*1000)
}

// markdown prints the tables. On a terminal they read as well as any.
func (r *report) markdown(w io.Writer) {
	if n := len(r.SQLite); n > 0 {
		fmt.Fprintf(w, "SQLite on %s; milliseconds, p50 / p99 of one connection", r.Machine)
		fmt.Fprint(w, "; in brackets the same at a moderate rate from several connections. The last column is the p50 of the largest size over that of the smallest.\n\n")
		r.table(w, timed, "ratio", func(name string, i int) string { return r.SQLite[i].Operations[name].String() },
			func(name string) string {
				first, last := r.SQLite[0].Operations[name].Single.P50, r.SQLite[n-1].Operations[name].Single.P50
				return fmt.Sprintf("%.2f", float64(last)/float64(max(first, 1)))
			}, func(i int) int { return r.SQLite[i].Grants }, n)
	}
	if n := len(r.Dynamo); n > 0 {
		fmt.Fprintf(w, "\n%s; requests on the wire, and capacity units as the engine reports them.\n\n", r.Engine)
		r.table(w, counted, "verdict", func(name string, i int) string { return r.Dynamo[i].Operations[name].String() },
			func(name string) string {
				switch ok := same(name, r.Dynamo).OK; {
				case ok && mayFall[name]:
					return "no more"
				case ok:
					return "same"
				}
				return "DIFFERENT"
			}, func(i int) int { return r.Dynamo[i].Grants }, n)
	}
	fmt.Fprintln(w)
	for _, c := range r.checks() {
		verdict := "ok"
		if !c.OK {
			verdict = "FAILED"
		}
		fmt.Fprintf(w, "- %s: %s (%s)\n", verdict, c.Name, c.Detail)
	}
	if r.Engine == "" {
		fmt.Fprintln(w, "- not counted: DynamoDB, for there is no engine; make test-dynamodb fetches one")
	}
}

func (r *report) table(w io.Writer, rows []string, last string, cell func(string, int) string, end func(string) string, grants func(int) int, sizes int) {
	fmt.Fprint(w, "| operation |")
	for i := range sizes {
		fmt.Fprintf(w, " %d grants |", grants(i))
	}
	fmt.Fprintf(w, " %s |\n|---|%s---|\n", last, strings.Repeat("---|", sizes))
	for _, name := range rows {
		fmt.Fprintf(w, "| %s |", name)
		for i := range sizes {
			fmt.Fprintf(w, " %s |", cell(name, i))
		}
		fmt.Fprintf(w, " %s |\n", end(name))
	}
}

func (t timing) String() string {
	s := ms(t.Single.P50) + " / " + ms(t.Single.P99)
	if t.Moderate != nil {
		s += fmt.Sprintf(" (%s / %s)", ms(t.Moderate.P50), ms(t.Moderate.P99))
	}
	return s
}

func (r *report) json(w io.Writer) error {
	passed, failed := tally(r.checks())
	return json.NewEncoder(w).Encode(struct {
		*report
		Checks         []check `json:"checks"`
		Passed, Failed int
	}{r, r.checks(), passed, failed})
}

func tally(list []check) (passed, failed int) {
	for _, c := range list {
		if c.OK {
			passed++
		} else {
			failed++
		}
	}
	return passed, failed
}
