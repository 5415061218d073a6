package main

import (
	"bytes"
	"encoding/json"
	"errors"
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
