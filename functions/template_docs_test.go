package functions_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"rescind/functions/setup"
	"rescind/shared/audit"
	"rescind/shared/endpoint"
	"rescind/shared/lambdahttp"
	"rescind/shared/metric"
	"rescind/shared/oauth"
)

// section gives a page's text below a heading, up to the next one as high.
func section(t *testing.T, page, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut("\n"+string(readFile(t, "docs", page)), "\n"+heading+"\n")
	if !ok {
		t.Fatalf("docs/%s has no %q", page, heading)
	}
	mark, _, _ := strings.Cut(heading, " ")
	text, _, _ = strings.Cut(text, "\n"+mark+" ")
	return text
}

var quotedName = regexp.MustCompile("`([A-Za-z]+)`")

// tabled gives, by the names in the first cell, what the other cells say.
func tabled(text string) map[string][]string {
	rows := map[string][]string{}
	for line := range strings.Lines(text) {
		if cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | "); strings.HasPrefix(line, "| `") {
			for _, name := range quotedName.FindAllStringSubmatch(cells[0], -1) {
				rows[name[1]] = cells[1:]
			}
		}
	}
	return rows
}

func sortedNames[V any](m map[string]V) string {
	return strings.Join(slices.Sorted(maps.Keys(m)), " ")
}

// docs/deploy.md has every parameter with its default, and no other.
func TestDeployPageHasTheParameters(t *testing.T) {
	parameters := readTemplate(t).at(t, "Parameters").(yamlMap)
	rows := tabled(section(t, "deploy.md", "## All parameters"))
	if got, want := sortedNames(rows), sortedNames(parameters); got != want {
		t.Errorf("docs/deploy.md has the parameters\n%s\nand the template\n%s", got, want)
	}
	for name, cells := range rows {
		if value := fmt.Sprint(parameters.optional(name)["Default"]); !strings.Contains(cells[0], value) {
			t.Errorf("docs/deploy.md says of %s that its default is %s, not %q", name, cells[0], value)
		}
	}
	guided := section(t, "deploy.md", "## Build and deploy")
	routes := 0
	for _, f := range readTemplate(t).ofType(t, "AWS::Serverless::Function") {
		routes += len(f.at(t, "Events").(yamlMap))
	}
	if times := fmt.Sprintf("| Parameter ..., %d times |", len(parameters)); !strings.Contains(guided, times) || routes != 20 || !strings.Contains(guided, "twenty times") {
		t.Errorf("docs/deploy.md must say that sam asks for %d parameters and of %d routes", len(parameters), routes)
	}
}

// It has every output too, and no other.
func TestDeployPageHasTheOutputs(t *testing.T) {
	rows := tabled(section(t, "deploy.md", "## What the stack tells you"))
	if got, want := sortedNames(rows), sortedNames(readTemplate(t).at(t, "Outputs").(yamlMap)); got != want {
		t.Errorf("docs/deploy.md has the outputs\n%s\nand the template\n%s", got, want)
	}
}

// runbook is what docs/operations.md has for an alarm.
func runbook(t *testing.T) string {
	t.Helper()
	return section(t, "operations.md", "## When an alarm rings")
}

// Every alarm is told what it means, what the caller sees, how to look, what to
// do and when it is over; an alarm that is gone is not there.
func TestRunbookHasTheAlarms(t *testing.T) {
	alarms := readTemplate(t).ofType(t, "AWS::CloudWatch::Alarm")
	text, told := runbook(t), map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(text, -1) {
		told[heading[1]] = true
		of := section(t, "operations.md", "### "+heading[1])
		of, _, _ = strings.Cut(of, "\n## ") // the last one's
		for _, part := range []string{"**Means**", " sees** ", "\n```\n# ", "**Do**", "**Over**"} {
			if !strings.Contains(of, part) {
				t.Errorf("docs/operations.md: %s lacks %q", heading[1], part)
			}
		}
		if !strings.Contains(text, "| ["+heading[1]+"](#"+strings.ToLower(heading[1])+") |") {
			t.Errorf("docs/operations.md: the table lacks %s", heading[1])
		}
	}
	if got, want := sortedNames(told), sortedNames(alarms); got != want {
		t.Errorf("docs/operations.md has the alarms\n%s\nand the template\n%s", got, want)
	}
}

// Whatever can leak has a row: what to type, and what ends with it.
func TestRunbookHasTheLeaks(t *testing.T) {
	text := section(t, "operations.md", "## After a leak")
	for _, what := range []string{"one token", "a user's account", "a client's tokens", "a client's secret", "a copy of the store", "an AWS key", "the right to use the tables' KMS key",
		"the key of a caller's certificate", "a signing key"} {
		if !strings.Contains(text, "\n| "+what) {
			t.Errorf("docs/operations.md does not say what to do when %s leaks", what)
		}
	}
}

// query is one of CloudWatch Logs Insights.
type query struct {
	groups []string // the log groups that its first line names
	text   string
}

func queries(t *testing.T) []query {
	t.Helper()
	var all []query
	for _, block := range regexp.MustCompile("(?s)\n```\n# ([^\n]+)\n(.*?)\n```").FindAllStringSubmatch(runbook(t), -1) {
		all = append(all, query{strings.Fields(block[1]), block[2]})
	}
	if len(all) < 8 {
		t.Fatalf("docs/operations.md has %d queries", len(all))
	}
	return all
}

var (
	literals = regexp.MustCompile(`"[^"]*"|/[^/\n]+/`)
	aliases  = regexp.MustCompile(`\bas (\w+)`)
	words    = regexp.MustCompile(`@?[A-Za-z_][A-Za-z0-9_.]*\(?|[0-9]+[a-z]?`)
	language = strings.Fields("fields filter stats sort limit by as and or not in like asc desc")
)

// named are the fields that a query's text names, without those it makes.
func named(text string) []string {
	text = literals.ReplaceAllString(text, "")
	own := slices.Clone(language)
	for _, a := range aliases.FindAllStringSubmatch(text, -1) {
		own = append(own, a[1])
	}
	var fields []string
	for _, w := range words.FindAllString(text, -1) {
		if !strings.HasSuffix(w, "(") && w[0] > '9' && !slices.Contains(own, w) {
			fields = append(fields, w)
		}
	}
	return fields
}

// lambdas are not ours: CloudWatch's own fields, and those of the lines that
// Lambda writes in its JSON format (the platform.report of its Telemetry API).
var lambdas = strings.Fields("@timestamp @message type record.status record.requestId record.metrics.durationMs record.metrics.initDurationMs")

// Every field of a query is one that those log groups have, and every word that
// a line is chosen by is one that we write.
func TestRunbookQueriesAskForWhatIsLogged(t *testing.T) {
	groups := readTemplate(t).ofType(t, "AWS::Logs::LogGroup")
	logged, messages := functionLines(t)
	var access map[string]string
	format := readTemplate(t).at(t, "Resources", "Api", "Properties", "AccessLogSettings", "Format").(string)
	if err := json.Unmarshal([]byte(format), &access); err != nil {
		t.Fatal(err)
	}
	for _, q := range queries(t) {
		for _, g := range q.groups {
			have := slices.Concat(logged, lambdas)
			if g == "AccessLogGroup" {
				have = slices.Concat(slices.Collect(maps.Keys(access)), lambdas[:2])
			}
			if _, ok := groups[g]; !ok {
				t.Errorf("docs/operations.md: there is no log group %s", g)
			}
			fields := named(q.text)
			if len(fields) == 0 {
				t.Errorf("no field was found in\n%s", q.text)
			}
			for _, f := range fields {
				if !slices.Contains(have, f) {
					t.Errorf("docs/operations.md: %s has no field %s, which is asked for by\n%s", g, f, q.text)
				}
			}
		}
		checkChosen(t, q.text, "message", messages)
		checkChosen(t, q.text, "action", []string{string(audit.Reuse), string(audit.Refresh), string(audit.Replay), string(audit.SignIn)})
		checkChosen(t, q.text, "outcome", []string{string(oauth.InvalidClient), string(oauth.TooManyRequests), string(oauth.AccessDenied)})
		checkChosen(t, q.text, "route", []string{endpoint.RouteRevocation})
		checkChosen(t, q.text, "level", []string{slog.LevelError.String()})
	}
}

// checkChosen checks what a query compares a field with, by = or in.
func checkChosen(t *testing.T, text, field string, values []string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`\b`+field+` (?:= ("[^"]*")|in \[([^\]]*)\])`).FindAllStringSubmatch(text, -1) {
		for _, v := range literals.FindAllString(m[1]+m[2], -1) {
			if !slices.Contains(values, strings.Trim(v, `"`)) {
				t.Errorf("docs/operations.md: %s is never %s, as in\n%s", field, v, text)
			}
		}
	}
}

// functionLines gives the fields and the messages of the lines that a function
// writes: those of an event that ends in an outage, through all that stands
// between Lambda and an endpoint, and those of an audit event with every member.
func functionLines(t *testing.T) (fields, messages []string) {
	t.Helper()
	var out bytes.Buffer
	log := setup.NewLogger(&out, slog.LevelDebug)
	service := setup.Service(setup.Settings{Issuer: issuer}, log, time.Now)
	h := metric.New("auth", &out, time.Now).Handler(endpoint.RouteToken, setup.Handler(endpoint.RouteToken, service.Unavailable(endpoint.RouteToken, errors.New("no table"))))
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "r"})
	if _, err := lambdahttp.Handler(h).Invoke(ctx, readFile(t, "events", "token-client-credentials.json")); err != nil {
		t.Fatal(err)
	}
	whole := audit.Event{Time: time.Now()}
	for _, member := range reflect.ValueOf(&whole).Elem().Fields() {
		if member.Kind() == reflect.String {
			member.SetString("x")
		}
	}
	audit.Slog{Logger: log}.Record(ctx, whole)
	d := json.NewDecoder(&out)
	for {
		var line map[string]any
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			return fields, messages
		} else if err != nil {
			t.Fatal(err)
		}
		fields = append(fields, slices.Collect(maps.Keys(line))...)
		if message, ok := line["message"].(string); ok {
			messages = append(messages, message)
		}
	}
}
