package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"rescind/shared/audit/trail"
)

func writeLines(w io.Writer, lines []string) {
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
}

// lines is the view as text, cut to a window of that size; 0 is any.
func (v statsView) lines(width, height int) []string {
	all := []string{fmt.Sprintf("%s at %s", v.Store, stamp(v.Time)), v.grantsLine(), ""}
	hours := v.hourLines(width)
	clients := v.clientLines(width)
	changed, refusals := v.changeLines(), v.refusalLines()
	if height > 0 {
		// The hours get half of the window, the newest of them; then the clients.
		hours = newest(hours, max(4, (height-len(all))/2))
		room := max(0, height-len(all)-len(hours)-1)
		refusals = first(refusals, min(len(refusals), room/3))
		if len(refusals) > 0 {
			room -= len(refusals) + 1
		}
		if changed = first(changed, min(len(changed), room/3)); len(changed) == 1 { // a heading alone
			changed = nil
		}
		if len(changed) > 0 {
			room -= len(changed) + 1
		}
		clients = first(clients, max(0, room))
	}
	all = append(all, hours...)
	for _, part := range [][]string{clients, changed, refusals} {
		if len(part) > 0 {
			all = append(append(all, ""), part...)
		}
	}
	if height > 0 && len(all) > height {
		all = all[:height]
	}
	for i, line := range all {
		if width > 0 && utf8.RuneCountInString(line) > width {
			all[i] = string([]rune(line)[:width-1]) + "…"
		}
	}
	return all
}

func first(lines []string, n int) []string { return lines[:min(n, len(lines))] }

// newest keeps the heading and the last line, the sum, and of the lines between
// the last ones.
func newest(lines []string, n int) []string {
	if len(lines) <= n || n < 3 {
		return lines
	}
	return append(slices.Clone(lines[:2]), lines[len(lines)-(n-2):]...)
}

func (v statsView) grantsLine() string {
	switch g := v.Grants; {
	case v.failed != nil:
		return "Grants alive: unknown, " + redact(explain(v.failed))
	case g == nil && v.reading > 0:
		return fmt.Sprintf("Grants alive: counting, %s read", thousands(v.reading))
	case g == nil:
		return "Grants alive: not counted"
	default:
		ended := 0
		for _, n := range g.Ended {
			ended += n
		}
		took := max(time.Millisecond, time.Duration(g.Took*float64(time.Second)).Round(time.Millisecond))
		return fmt.Sprintf("Grants alive: %s (and %s that ended and are still kept); counted %s, in %s",
			thousands(g.Alive), thousands(ended), ago(v.Time.Sub(g.At)), took)
	}
}

func ago(d time.Duration) string {
	if d < time.Second {
		return "just now"
	}
	return d.Round(time.Second).String() + " ago"
}

func (v statsView) hourLines(width int) []string {
	if v.Trail == nil {
		return []string{"The last hours: " + v.Unknown + "."}
	}
	title := "The last hours (UTC), from " + v.Source + ":"
	hours := v.Trail.Hours
	if first := v.Trail.First; first.After(v.Trail.From) {
		title = fmt.Sprintf("The last hours (UTC), from %s, which begins %s:", v.Source, first.Format("2006-01-02 15:04"))
		hours = slices.DeleteFunc(slices.Clone(hours), func(h trail.Hour) bool { return h.Start.Add(time.Hour).Before(first) })
	} else if first.IsZero() {
		return []string{title, "  no event" + v.oddLines()}
	}
	busiest := 1
	for _, h := range hours {
		busiest = max(busiest, h.Events())
	}
	columns, left := fitting(hourColumns, room(width, hourWidth))
	drawn := func(h trail.Hour) string {
		if left <= barLength {
			return ""
		}
		return " " + bar(h.Events(), busiest)
	}
	head := fmt.Sprintf("%-*s", hourWidth, "HOUR") + row(columns, names)
	if left > barLength {
		head += " ACTIVITY"
	}
	lines := []string{title, head}
	numbers := func(name string, c trail.Counts) string {
		return fmt.Sprintf("%-*s", hourWidth, name) + row(columns, func(col column) string { return thousands(col.of(c)) })
	}
	for _, h := range hours {
		lines = append(lines, strings.TrimRight(numbers(h.Start.Format("01-02 15:04"), h.Counts)+drawn(h), " "))
	}
	lines = append(lines, numbers("all", v.Trail.Total))
	if odd := v.oddLines(); odd != "" {
		lines[0] = strings.TrimSuffix(title, ":") + odd + ":"
	}
	return lines
}

// oddLines says what was left out, if anything should have been an event.
func (v statsView) oddLines() string {
	if v.Trail.Torn == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s torn lines were left out)", thousands(v.Trail.Torn))
}

// hourWidth is the length of an hour's name.
const hourWidth = 11

// room is what a window has left beside n columns; 0 is any.
func room(width, n int) int {
	if width == 0 {
		return 0
	}
	return max(1, width-n)
}

// barLength fits beside the table into 80 columns.
const barLength = 8

func bar(n, most int) string {
	if n == 0 {
		return ""
	}
	return strings.Repeat("#", max(1, n*barLength/most))
}

func (v statsView) clientLines(width int) []string {
	ids := map[string]bool{}
	alive := map[string]int{}
	if v.Grants != nil {
		alive = v.Grants.ByClient
		for id := range alive {
			ids[id] = true
		}
	}
	did := map[string]trail.Counts{}
	if v.Trail != nil {
		did = v.Trail.ByClient
		for id := range did {
			ids[id] = true
		}
	}
	maps.DeleteFunc(ids, func(id string, _ bool) bool { return idle(alive[id], did[id]) })
	if len(ids) == 0 || v.top == 0 {
		return nil
	}
	sorted := slices.SortedFunc(maps.Keys(ids), func(a, b string) int {
		return cmp.Or(cmp.Compare(alive[b], alive[a]), cmp.Compare(did[b].Events(), did[a].Events()), cmp.Compare(a, b))
	})
	columns, left := fitting(append([]column{{name: "ALIVE", width: 9}}, clientColumns...), room(width, leastID))
	wide := min(widestID, leastID+left)
	lines := []string{fmt.Sprintf("%-*s", wide, "CLIENT") + row(columns, names)}
	for _, id := range sorted[:min(v.top, len(sorted))] {
		c := did[id]
		lines = append(lines, fmt.Sprintf("%-*s", wide, fit(cmp.Or(id, "(none)"), wide))+row(columns, func(col column) string {
			if col.of == nil {
				return known(v.Grants != nil, alive[id])
			}
			return known(v.Trail != nil, col.of(c))
		}))
	}
	if more := len(sorted) - v.top; more > 0 {
		lines = append(lines, fmt.Sprintf("and %s more; see them with --top", thousands(more)))
	}
	return lines
}

func (v statsView) refusalLines() []string {
	if v.Trail == nil || len(v.Trail.Refusals) == 0 || v.top == 0 {
		return nil
	}
	why := v.Trail.Refusals
	sorted := slices.SortedFunc(maps.Keys(why), func(a, b string) int { return cmp.Or(cmp.Compare(why[b], why[a]), cmp.Compare(a, b)) })
	lines := []string{"REFUSED WHY"}
	for _, one := range sorted[:min(v.top, len(sorted))] {
		lines = append(lines, fmt.Sprintf("%7s %s", thousands(why[one]), redact(one)))
	}
	return lines
}

func known(is bool, n int) string {
	if !is {
		return "-"
	}
	return thousands(n)
}

func fit(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// thousands writes 1234567 as 1,234,567.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
