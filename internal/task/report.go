package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// A count of tests. A test with subtests stands for them and is not counted
// itself, unless it failed or was skipped and none of them says so.
type count struct{ passed, failed, skipped int }

func (c count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action, Package, Test, Output string
}

// report turns the events of `go test -json` back into what `go test` prints,
// with the output of failing tests in full, and counts.
type report struct {
	count
	out      io.Writer
	packages map[string]*packageRun
}

type packageRun struct {
	output []string
	groups map[string]*group // running top-level tests by name
	failed int
}

// group is a top-level test and all its subtests, in order of their start.
type group struct {
	order []*testRun
	named map[string]*testRun
}

type testRun struct {
	name, action string // action: pass, fail, skip, or empty while it runs
	output       []string
	parent       bool
}

func newReport(out io.Writer) *report {
	return &report{out: out, packages: map[string]*packageRun{}}
}

// read takes all events from r. Lines that are none (the go command's own
// complaints) go through unchanged.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if line[0] == '{' && json.Unmarshal(line, &e) == nil {
				r.handle(e)
			} else {
				fmt.Fprintf(r.out, "%s", line)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) handle(e event) {
	if e.Action == "build-output" {
		fmt.Fprint(r.out, e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &packageRun{groups: map[string]*group{}}
		r.packages[e.Package] = p
	}
	if e.Test != "" {
		r.handleTest(p, e)
		return
	}
	switch e.Action {
	case "output":
		p.output = append(p.output, e.Output)
	case "pass", "fail", "skip":
		r.endPackage(p, e.Action)
		delete(r.packages, e.Package)
	}
}

func (r *report) handleTest(p *packageRun, e event) {
	top, _, _ := strings.Cut(e.Test, "/")
	g := p.groups[top]
	if g == nil {
		g = &group{named: map[string]*testRun{}}
		p.groups[top] = g
	}
	t := g.test(e.Test)
	switch e.Action {
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") { // RUN, PAUSE, CONT, NAME: framing
			t.output = append(t.output, e.Output)
		}
	case "pass", "fail", "skip":
		t.action = e.Action
		if e.Test == top {
			r.endGroup(p, g)
			delete(p.groups, top)
		}
	}
}

func (g *group) test(name string) *testRun {
	if t := g.named[name]; t != nil {
		return t
	}
	t := &testRun{name: name}
	g.named[name] = t
	g.order = append(g.order, t)
	// A subtest's own name may hold slashes: only what has run is a parent.
	for i, c := range name {
		if above := g.named[name[:i]]; c == '/' && above != nil {
			above.parent = true
		}
	}
	return t
}

func (r *report) endGroup(p *packageRun, g *group) {
	told := map[string]bool{} // results already counted further down
	for _, t := range g.order {
		if !t.parent {
			told[t.action] = true
			r.add(p, t.action)
		}
	}
	for _, t := range g.order {
		if t.parent && t.action != "pass" && !told[t.action] {
			told[t.action] = true
			r.add(p, t.action)
		}
		if t.action == "fail" || t.action == "" {
			r.printTest(t)
		}
	}
}

// add counts one test; one that never ended has failed.
func (r *report) add(p *packageRun, action string) {
	switch action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped++
	default:
		r.failed++
		p.failed++
	}
}

// printTest puts the verdict before the output, as `go test` does without -v.
func (r *report) printTest(t *testRun) {
	if t.action == "" {
		fmt.Fprintf(r.out, "--- FAIL: %s (did not end)\n", t.name)
	}
	verdict := func(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " "), "--- FAIL: ") }
	for _, line := range t.output {
		if verdict(line) {
			fmt.Fprint(r.out, line)
		}
	}
	for _, line := range t.output {
		if !verdict(line) {
			fmt.Fprint(r.out, line)
		}
	}
}

func (r *report) endPackage(p *packageRun, action string) {
	for _, g := range p.groups { // still running when the package ended
		r.endGroup(p, g)
	}
	if action == "fail" && p.failed == 0 { // it did not build, or TestMain gave up
		r.failed++
	}
	for _, line := range p.output {
		// A passing package prints its one line; what it wrote besides is hidden
		// without -v, as by the go command.
		if action == "fail" || strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "?   \t") {
			fmt.Fprint(r.out, line)
		}
	}
}
