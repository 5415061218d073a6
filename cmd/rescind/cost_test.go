package main

import (
	"math"
	"strings"
	"testing"

	"rescind/cmd/rescind/price"
)

func TestCostPrintsWhatThePackageComputes(t *testing.T) {
	o := run(t, "", "cost", "--issues", "1000000", "--introspections", "20000000", "--json")
	if o.status != exitOK {
		t.Fatal(o.stderr)
	}
	v := object(t, o.stdout)
	prices, err := price.In("us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	want := prices.Bill(price.Volumes{Issues: 1_000_000, Introspections: 20_000_000})
	if total, ok := v["total"].(float64); !ok || math.Abs(total-want.Total) > 1e-9 {
		t.Errorf("the total is %v, not %v", v["total"], want.Total)
	}
	if lines, ok := v["operations"].([]any); !ok || len(lines) != 2 || v["region"] != "us-east-1" || v["currency"] != "USD" {
		t.Errorf("%v", v)
	}
	expect(t, text(t, v, "prices_as_of"), price.AsOf)
}

func TestCostAsText(t *testing.T) {
	o := run(t, "", "cost", "--issues", "1000000", "--revocations", "1000", "--region", "us-west-2")
	expect(t, o.stdout, "REQUESTS", "issue ", "revocation ", "us-west-2", "check them", "250000 of these tokens", "562.50 at Amazon Cognito")
	if strings.Contains(o.stdout, "refresh") {
		t.Errorf("it prints what there is none of:\n%s", o.stdout)
	}
	// A thousandth of a cent is not nothing.
	if o := run(t, "", "cost", "--revocations", "1"); strings.Contains(o.stdout, " 0.00 ") || strings.Contains(o.stdout, "Cognito") {
		t.Errorf("%s", o.stdout)
	}
}

func TestCostNeedsNoStore(t *testing.T) {
	if o := run(t, "", "cost", "--refreshes", "1", "--store", "sqlite:/nowhere/at/all"); o.status != exitOK {
		t.Errorf("exit status %d: %s", o.status, o.stderr)
	}
}

func TestWrongVolumesAreRefused(t *testing.T) {
	for line, sentence := range map[string]string{
		"cost":                              "name how many",
		"cost --issues -1":                  "from 0 to",
		"cost --issues 1000000000000000":    "from 0 to",
		"cost --issues many":                "invalid argument",
		"cost --issues 1 --region mars-1":   "us-east-1, us-east-2, us-west-2",
		"cost --issues 1 --region us-east-": "are not known here",
		"cost all":                          "takes no argument",
	} {
		o := run(t, "", strings.Fields(line)...)
		if o.status != exitUsage {
			t.Errorf("%q: exit status %d, %s", line, o.status, o.stderr)
		}
		expect(t, o.sentence(), sentence)
	}
}
