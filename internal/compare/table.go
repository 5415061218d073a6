package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// write prints the report as Markdown.
func (r *Report) write(w io.Writer) {
	fmt.Fprintf(w, "%s; the load comes from the same %d cores, one server at a time. %d connections, %d grants in each store, %g s for each figure after a warm-up; an fsync takes %s (p50).\n\n",
		r.Machine, r.Cores, r.Connections, r.Grants, r.Seconds, milliseconds(r.Sync))
	fmt.Fprint(w, "All clients authenticate with client_secret_basic, no secret is kept under a slow password hash, and every answer is checked. ",
		"× is the figure divided by that of "+ours+".\n\n")
	r.servers(w)
	for _, name := range operations {
		r.operation(w, name)
	}
	r.remarks(w)
	for _, v := range r.Verdicts {
		fmt.Fprintf(w, "- %s\n", v)
	}
}

func (r *Report) servers(w io.Writer) {
	fmt.Fprint(w, "| server | version | run as | durability | memory | × |\n|---|---|---|---|--:|--:|\n")
	for _, row := range r.Rows {
		memory := "-"
		if row.Proportional > 0 {
			memory = fmt.Sprintf("%.0f MB", float64(row.Proportional)/1e6)
		}
		version := strings.TrimSpace(row.Package + " " + row.Version)
		if row.Runtime != "" {
			version += ", " + row.Runtime
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", row.Name, cell(version), cell(row.Setup), cell(row.Durability), memory, factor(row.Memory))
	}
	fmt.Fprintln(w)
}

func (r *Report) operation(w io.Writer, name string) {
	fmt.Fprintf(w, "| %s | per second | × | p50 | × | p99 | × |\n|---|--:|--:|--:|--:|--:|--:|\n", name)
	for _, row := range r.Rows {
		o, ok := row.Operations[name]
		if !ok || !o.measured() {
			fmt.Fprintf(w, "| %s | - | - | - | - | - | - |\n", row.Name)
			continue
		}
		fmt.Fprintf(w, "| %s | %.0f | %s | %s | %s | %s | %s |\n", row.Name, o.Result.PerSecond, factor(o.Rate),
			milliseconds(o.Result.P50), factor(o.P50), milliseconds(o.Result.P99), factor(o.P99))
	}
	fmt.Fprintln(w)
}

// remarks says what was done for each server, and why a figure is missing.
func (r *Report) remarks(w io.Writer) {
	said := map[string]bool{}
	for _, row := range r.Rows {
		for _, note := range row.Notes {
			if key := row.Package + note; !said[key] {
				said[key] = true
				fmt.Fprintf(w, "- %s: %s\n", row.Name, note)
			}
		}
		if row.Reason != "" {
			fmt.Fprintf(w, "- %s was not measured: %s\n", row.Name, row.Reason)
		}
		for _, name := range operations {
			if o := row.Operations[name]; o.Reason != "" {
				fmt.Fprintf(w, "- %s was not measured at %s: %s\n", row.Name, name, o.Reason)
			}
		}
	}
	fmt.Fprintln(w)
}

func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

func factor(f float64) string {
	switch {
	case f == 0:
		return "-"
	case f < 0.1:
		return fmt.Sprintf("%.3f", f)
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}
