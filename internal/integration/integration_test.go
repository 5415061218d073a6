package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"rescind/internal/integration/processes"
)

func TestCommandLine(t *testing.T) {
	o, err := parse(nil)
	if err != nil || o.rounds != 10_000 || !o.parts[partSuite] || !o.parts[partProcesses] || !o.parts[partStorms] || o.parts[partStack] {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err = parse([]string{"--stack"}); err != nil || !o.parts[partStack] || !o.parts[partSuite] {
		t.Errorf("--stack: %+v, %v", o, err)
	}
	if o, err = parse([]string{"--only", "storms,processes"}); err != nil || o.parts[partSuite] || !o.parts[partStorms] || !o.parts[partProcesses] {
		t.Errorf("--only: %+v, %v", o, err)
	}
	for _, args := range [][]string{{"--only", "rounds"}, {"--rounds", "0"}, {"--storms", "-1"}, {"--parallel", "0"}, {"more"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

// The task's count is taken out of its report, and all else handed on.
func TestReadTask(t *testing.T) {
	var out bytes.Buffer
	s, counted := readTask(strings.NewReader("ok  \trescind/x\t1s\n--- FAIL: TestY\n12 passed, 3 failed, 4 skipped\nDynamoDB: run on x\nexit status 1"), &out)
	if s != (suite{12, 3, 4}) || !counted {
		t.Errorf("%+v, %t", s, counted)
	}
	if out.String() != "ok  \trescind/x\t1s\n--- FAIL: TestY\nexit status 1" {
		t.Errorf("handed on: %q", out.String())
	}
	if _, counted := readTask(strings.NewReader("no tests\n"), &out); counted {
		t.Error("a report without a count is one")
	}
}

func TestReport(t *testing.T) {
	r := &report{Engine: "run on x", Notes: []string{}, Processes: &processes.Rounds{Rounds: 3}}
	r.part(partProcesses, nil)
	r.part(partStorms, errors.New("why"))
	var out bytes.Buffer
	if err := r.print(&out, false); err != nil {
		t.Fatal(err)
	}
	if want := "storms: FAILED: why\n1 passed, 1 failed, 0 skipped\nDynamoDB: run on x\n"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	out.Reset()
	if err := r.print(&out, true); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Failed != 1 || back.Processes.Rounds != 3 {
		t.Errorf("%s, %v", out.String(), err)
	}
}
