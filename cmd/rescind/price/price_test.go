package price_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rescind/cmd/rescind/price"
)

func here(t *testing.T) price.Prices {
	t.Helper()
	p, err := price.In("us-east-1")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9*max(1, math.Abs(b)) }

// A million issues by hand: two steps of 5 ms and 5 ms of its own are 15 ms of
// a quarter of a GB, and so on.
func TestAMillionIssues(t *testing.T) {
	l := here(t).Cost(price.Issue, 1_000_000)
	for name, v := range map[string][2]float64{
		"gateway":  {l.Gateway, 1.00},
		"lambda":   {l.Lambda, 0.20 + 0.015*0.25*13.3334},
		"dynamodb": {l.DynamoDB, 0.125 + 0.625},
		"logs":     {l.Logs, float64(price.Issue.LogBytes+420+280) / 1000 * 0.50},
		"total":    {l.Total, l.Gateway + l.Lambda + l.DynamoDB + l.Logs},
	} {
		if !near(v[0], v[1]) {
			t.Errorf("%s is %v, not %v", name, v[0], v[1])
		}
	}
}

func TestBillIsTheSumOfWhatThereIs(t *testing.T) {
	p := here(t)
	b := p.Bill(price.Volumes{Issues: 10, UserIssues: 20, Introspections: 30, Refreshes: 40, Revocations: 50})
	var requests int64
	var total float64
	for _, l := range b.Lines {
		requests, total = requests+l.Requests, total+l.Total
	}
	if len(b.Lines) != 5 || requests != 150 || !near(total, b.Total) {
		t.Errorf("%d lines of %d requests for %v: %v", len(b.Lines), requests, total, b.Total)
	}
	if !near(b.Monitoring, 52*0.30+float64(price.AlarmMetrics)*0.10+3) {
		t.Errorf("monitoring costs %v", b.Monitoring)
	}
	b = p.Bill(price.Volumes{Revocations: 2_000_000})
	if len(b.Lines) != 1 || b.Beside != nil || !near(b.Total, 2*p.Cost(price.Revocation, 1_000_000).Total) {
		t.Errorf("%+v", b)
	}
	if b = p.Bill(price.Volumes{}); b.Total != 0 || len(b.Lines) != 0 {
		t.Errorf("nothing costs %+v", b)
	}
}

func TestBesideCognitoWithinItsFirstPrice(t *testing.T) {
	p := here(t)
	for n, want := range map[int64]price.Comparison{
		1_000:     {Requests: 1_000, Cognito: 2.25},
		250_000:   {Requests: 250_000, Cognito: 562.50},
		9_000_000: {Requests: 250_000, Cognito: 562.50},
	} {
		b := p.Bill(price.Volumes{Issues: n})
		want.Here = p.Cost(price.Issue, want.Requests).Total
		if b.Beside == nil || *b.Beside != want {
			t.Errorf("%d: %+v, not %+v", n, b.Beside, want)
		}
	}
}

func TestUnknownRegionIsRefused(t *testing.T) {
	if _, err := price.In("mars-1"); err == nil || !strings.Contains(err.Error(), "us-east-1, us-east-2, us-west-2") {
		t.Errorf("%v", err)
	}
	for _, region := range price.Regions {
		if _, err := price.In(region); err != nil {
			t.Error(err)
		}
	}
}

func page(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var all = []price.Operation{price.Issue, price.UserIssue, price.Introspection, price.Refresh, price.Revocation}

// The page's tables are what is computed here.
func TestPageOfCosts(t *testing.T) {
	p, text := here(t), page(t, "cost.md")
	var b strings.Builder
	for _, o := range all {
		l := p.Cost(o, 1_000_000)
		fmt.Fprintf(&b, "| %s | %.2f | %.2f | %.2f | %.2f | **%.2f** |\n", l.Operation, l.Gateway, l.Lambda, l.DynamoDB, l.Logs, l.Total)
	}
	fmt.Fprintln(&b)
	expect(t, text, b.String())
	b.Reset()
	for _, o := range all {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d ms | %d |\n", o.Name, o.Steps, o.Reads, o.Writes, o.Millis(), o.AllLogBytes())
	}
	fmt.Fprintln(&b)
	expect(t, text, b.String())
	bill := p.Bill(price.Volumes{Issues: price.CognitoTier})
	expect(t, text,
		"AWS's list prices in us-east-1, as of "+price.AsOf,
		fmt.Sprintf("$%.2f a month", bill.Monitoring),
		fmt.Sprintf("| %d,000 token requests for machines | $%.2f | $%.2f |\n", bill.Beside.Requests/1000, bill.Beside.Here, bill.Beside.Cognito),
	)
	for name, v := range map[string]float64{
		"million read request units": p.ReadUnits, "million write request units": p.WriteUnits, "million invocations": p.LambdaRequests,
		"million GB-seconds": p.GBSeconds, "million requests to an HTTP API": p.APIRequests, "GB into CloudWatch Logs": p.LogGB,
		"custom metric": p.Metric, "metric of an alarm": p.Alarm, "dashboard": p.Dashboard, "thousand M2M token requests": p.CognitoTokens,
	} {
		want := fmt.Sprintf("| %s | $%.2f |", name, v)
		if !strings.Contains(text, want) && !strings.Contains(text, strings.Replace(want, fmt.Sprintf("%.2f", v), fmt.Sprint(v), 1)) {
			t.Errorf("docs/cost.md lacks %s", want)
		}
	}
}

// What is counted elsewhere is counted so here.
func TestUnitsAreThoseThatAreCounted(t *testing.T) {
	text := page(t, "performance.md")
	row := func(name string, o price.Operation) string {
		return fmt.Sprintf("| %s | %d | %d | %d |", name, o.Steps, o.Reads, o.Writes)
	}
	expect(t, text,
		fmt.Sprintf("| issue | %d | %d | %d (%d with a subject: two index entries) |", price.Issue.Steps, price.Issue.Reads, price.Issue.Writes, price.UserIssue.Writes),
		row("redeem or refresh, with a subject", price.Refresh),
		row("revoke a token or grant", price.Revocation),
		fmt.Sprintf("| introspect one's own token / as a resource server | %d | 3 / %d | %d |", price.Introspection.Steps, price.Introspection.Reads, price.Introspection.Writes),
	)
	expect(t, page(t, "metrics.md"), fmt.Sprintf("%d at most", price.CustomMetrics))
}

func expect(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, part := range want {
		if !strings.Contains(text, part) {
			t.Errorf("it lacks\n%s", part)
		}
	}
}
