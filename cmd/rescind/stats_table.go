package main

import (
	"fmt"
	"strings"

	"rescind/shared/audit/trail"
)

// column is one of numbers. Where a window is narrow those with the lowest rank
// above 0 go first; 0 stays.
type column struct {
	name  string
	width int
	rank  int
	of    func(trail.Counts) int
}

// hourColumns are the columns of the hours' table.
var hourColumns = []column{
	{"ISSUED", 9, 2, func(c trail.Counts) int { return c.Issues }},
	{"REFRESHED", 9, 1, refreshed},
	{"REUSED", 9, 3, func(c trail.Counts) int { return c.Reuse }},
	{"REVOKED", 9, 4, func(c trail.Counts) int { return c.Revocations }},
	{"REFUSED", 9, 0, func(c trail.Counts) int { return c.Refusals }},
	{"OUTAGES", 9, 0, func(c trail.Counts) int { return c.Outages }},
}

// clientColumns are those of the clients' table, beside the grants alive.
var clientColumns = []column{
	{"ISSUED", 9, 2, hourColumns[0].of},
	{"REFRESHED", 9, 1, refreshed},
	{"REVOKED", 8, 3, hourColumns[3].of},
	{"REFUSED", 8, 0, hourColumns[4].of},
}

func refreshed(c trail.Counts) int { return c.Refreshes + c.Replays }

// fitting gives the columns that a window has room for, and what it leaves;
// any is a window of no width.
func fitting(columns []column, width int) (kept []column, left int) {
	kept = append(kept, columns...)
	if width == 0 {
		width = 1 << 20
	}
	for left = width - taken(kept); left < 0; left = width - taken(kept) {
		for i := range kept { // first narrower, then fewer
			if kept[i].width > len(kept[i].name) {
				kept[i].width = len(kept[i].name)
			}
		}
		if taken(kept) <= width {
			continue
		}
		least := -1
		for i, c := range kept {
			if c.rank > 0 && (least < 0 || c.rank < kept[least].rank) {
				least = i
			}
		}
		if least < 0 {
			return kept, 0
		}
		kept = append(kept[:least], kept[least+1:]...)
	}
	return kept, left
}

func taken(columns []column) (n int) {
	for _, c := range columns {
		n += 1 + c.width
	}
	return n
}

// row writes the cells of columns, right-aligned.
func row(columns []column, cell func(column) string) string {
	var b strings.Builder
	for _, c := range columns {
		fmt.Fprintf(&b, " %*s", c.width, cell(c))
	}
	return b.String()
}

func names(c column) string { return c.name }

// idle tells of a client that a table would have only zeros for.
func idle(alive int, c trail.Counts) bool {
	sum := alive
	for _, col := range clientColumns {
		sum += col.of(c)
	}
	return sum == 0
}

// The name of a client is cut to what a window leaves, from the widest to the
// least that still tells clients apart.
const widestID, leastID = 32, 12
