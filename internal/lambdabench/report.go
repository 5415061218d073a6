package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// report is what was measured; times in nanoseconds, sizes in bytes.
type report struct {
	Cores   int       `json:"cores"`
	Arch    string    `json:"arch"`
	Go      string    `json:"go"`
	Engine  string    `json:"engine"`
	Sizes   []size    `json:"sizes"`
	Full    []figures `json:"full_speed"`
	Slow    []figures `json:"at_0.15_core,omitempty"`
	NoGroup string    `json:"why_not_at_0.15_core,omitempty"`
}

type size struct {
	Name    string `json:"function"`
	Program int64  `json:"program"`
	Zip     int64  `json:"zip"`
}

// figures are one function's, each a median but Peak. InitBeforeRead is until
// it first connects to its table; 0 where it has none.
type figures struct {
	Name           string        `json:"function"`
	InitBeforeRead time.Duration `json:"init_before_read"`
	Init           time.Duration `json:"init"`
	First          time.Duration `json:"first_request"`
	Warm           time.Duration `json:"warm_request"`
	Idle           time.Duration `json:"warm_request_without_database"`
	Peak           int64         `json:"peak_memory"`
}

func (r *report) markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cores, %s, %s; %s over HTTPS, on the same cores.\n\n", r.Cores, r.Arch, r.Go, r.Engine)
	b.WriteString("| function | program | zip | target |\n|---|--:|--:|---|\n")
	for _, s := range r.Sizes {
		fmt.Fprintf(&b, "| %s | %.1f MB | %.1f MB | zip under %.1f MB |\n", s.Name, float64(s.Program)/1e6, float64(s.Zip)/1e6, float64(maxZip(s.Name))/1e6)
	}
	table(&b, fmt.Sprintf("At full speed. Targets: init under %d ms before the first read and %d ms with it, the first request within %d times a warm one, under %d ms without the database, under %.0f MB.",
		maxInitBeforeRead.Milliseconds(), maxInit.Milliseconds(), maxFirst, maxIdle.Milliseconds(), maxPeak/1e6), r.Full)
	if r.NoGroup != "" {
		fmt.Fprintf(&b, "\nNot measured at 0.15 core: %s.\n", r.NoGroup)
	} else {
		table(&b, "At 0.15 core.", r.Slow)
	}
	b.WriteByte('\n')
	for _, late := range r.late() {
		fmt.Fprintf(&b, "Beyond its target on this machine: %s.\n", late)
	}
	good, bad := r.judged()
	for _, fault := range bad {
		fmt.Fprintf(&b, "FAILED: %s.\n", fault)
	}
	fmt.Fprintf(&b, "%d passed, %d failed\nDynamoDB: run on %s, over HTTPS\n", good, len(bad), r.Engine)
	_, err := io.WriteString(w, b.String())
	return err
}

func table(b *strings.Builder, title string, all []figures) {
	fmt.Fprintf(b, "\n%s\n\n| function | init before the read | init | first request | warm | first / warm | without the database | peak memory |\n|---|--:|--:|--:|--:|--:|--:|--:|\n", title)
	for _, f := range all {
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %.1f | %s | %.1f MB |\n", f.Name, ms(f.InitBeforeRead), ms(f.Init), ms(f.First), ms(f.Warm),
			float64(f.First)/float64(max(1, f.Warm)), ms(f.Idle), float64(f.Peak)/1e6)
	}
}

func ms(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
