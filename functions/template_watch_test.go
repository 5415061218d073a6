package functions_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rescind/shared/metric"
)

// The metrics, and the dimensions beside Stack that alarms and dashboard may
// ask for.
var metrics = map[string][]string{
	metric.Issues: {"", "Endpoint"}, metric.Refreshes: {"", "Endpoint"}, metric.ReuseDetections: {"", "Endpoint"},
	metric.Revocations: {"", "Endpoint"}, metric.FailedAuthentications: {"", "Endpoint"}, metric.FailedSignIns: {"", "Endpoint"}, metric.Outages: {"", "Endpoint"},
	metric.Refusals: {"", "Endpoint", "Reason"}, metric.Latency: {"Endpoint"},
}

func TestTemplateAlarmsAreOfMetricsThatThereAre(t *testing.T) {
	template := resolved(t, "AlarmTopicArn=arn:aws:sns:eu-central-1:123456789012:t")
	seen := map[string]bool{}
	for id, alarm := range template.ofType(t, "AWS::CloudWatch::Alarm") {
		if topic := []any{"arn:aws:sns:eu-central-1:123456789012:t"}; !slices.Equal(alarm["AlarmActions"].([]any), topic) || !slices.Equal(alarm["OKActions"].([]any), topic) {
			t.Errorf("%s tells %v and %v", id, alarm["AlarmActions"], alarm["OKActions"])
		}
		// A service that nobody calls is no alarm, and an idle one sends no data.
		if alarm["TreatMissingData"] != "notBreaching" || alarm["AlarmDescription"] == nil {
			t.Errorf("%s: missing data is %v", id, alarm["TreatMissingData"])
		}
		namespace, name := first(alarm["Namespace"]), first(alarm["MetricName"])
		seen[namespace+" "+name] = true
		for _, m := range asList(alarm["Metrics"]) {
			stat := m.(yamlMap).optional("MetricStat", "Metric")
			seen[first(stat["Namespace"])+" "+first(stat["MetricName"])] = true
		}
		if namespace == metric.Namespace {
			checkDimensions(t, id, name, alarm)
		}
	}
	for _, want := range []string{
		"AWS/ApiGateway 5xx", "AWS/Lambda Throttles", "AWS/Lambda Errors", "AWS/DynamoDB ReadThrottleEvents", "AWS/DynamoDB WriteThrottleEvents",
		metric.Namespace + " " + metric.Outages, metric.Namespace + " " + metric.ReuseDetections,
		metric.Namespace + " " + metric.FailedAuthentications, metric.Namespace + " " + metric.FailedSignIns, metric.Namespace + " " + metric.Latency,
	} {
		if !seen[want] {
			t.Errorf("no alarm of %s", want)
		}
	}
	if len(resolved(t).ofType(t, "AWS::CloudWatch::Alarm")["ReuseAlarm"].optional("AlarmActions")) != 0 {
		t.Error("without a topic an alarm tells somebody")
	}
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}

func checkDimensions(t *testing.T, id, of string, alarm yamlMap) {
	t.Helper()
	beside := ""
	for _, d := range asList(alarm["Dimensions"]) {
		switch name := first(d.(yamlMap)["Name"]); name {
		case "Stack":
			if value := d.(yamlMap).optional("Value"); value["Ref"] != "AWS::StackName" {
				t.Errorf("%s is of the stack %v", id, value)
			}
		default:
			beside = name
		}
	}
	if !slices.Contains(metrics[of], beside) {
		t.Errorf("%s is of %s by %q, which nobody emits", id, of, beside)
	}
}

var substituted = regexp.MustCompile(`\$\{[A-Za-z:]+\}`)

func TestTemplateDashboardShowsMetricsThatThereAre(t *testing.T) {
	template := resolved(t)
	text := template.at(t, "Resources", "Dashboard", "Properties", "DashboardBody", "Fn::Sub").(string)
	var body struct {
		Widgets []struct {
			Properties struct {
				Title   string  `json:"title"`
				Metrics [][]any `json:"metrics"`
			} `json:"properties"`
		} `json:"widgets"`
	}
	if err := json.Unmarshal([]byte(substituted.ReplaceAllString(text, "x")), &body); err != nil {
		t.Fatalf("the dashboard is no JSON: %v", err)
	}
	seen := map[string]bool{}
	for _, w := range body.Widgets {
		for _, row := range w.Properties.Metrics {
			if expression, ok := row[0].(map[string]any); ok {
				if s := first(expression["expression"]); !strings.Contains(s, "{rescind,Stack,Reason}") || !strings.Contains(s, `MetricName="Refusals"`) {
					t.Errorf("%s: %s", w.Properties.Title, s)
				}
				seen["Refusals"] = true
				continue
			}
			if row[0] != metric.Namespace {
				continue
			}
			name, beside := first(row[1]), ""
			if len(row) > 4 {
				beside = first(row[4])
			}
			if row[2] != "Stack" || !slices.Contains(metrics[name], beside) {
				t.Errorf("%s: %v, which nobody emits", w.Properties.Title, row)
			}
			seen[name] = true
		}
	}
	if len(seen) != len(metrics) {
		t.Errorf("the dashboard shows only %v", slices.Sorted(maps.Keys(seen)))
	}
	for _, name := range refersTo(yamlMap{"Fn::Sub": text}) {
		if _, ok := template.optional("Resources")[name]; !ok && !strings.HasPrefix(name, "AWS::") {
			t.Errorf("it refers to %s, which there is not", name)
		}
	}
}

// Without Monitoring nothing is left that costs where nobody calls.
func TestTemplateWithoutMonitoring(t *testing.T) {
	template := resolved(t, "Monitoring=false")
	for id, r := range template.at(t, "Resources").(yamlMap) {
		if strings.HasPrefix(first(r.(yamlMap)["Type"]), "AWS::CloudWatch::") {
			t.Errorf("there is still %s", id)
		}
	}
	if got := template.at(t, "Globals", "Function", "Environment", "Variables", "RESCIND_METRICS"); got != "" {
		t.Errorf("RESCIND_METRICS is %v", got)
	}
	if left := refersTo(template); slices.Contains(left, "OutagesAlarm") {
		t.Error("something still refers to an alarm")
	}
}

func TestTemplateLogs(t *testing.T) {
	template := readTemplate(t)
	groups := template.ofType(t, "AWS::Logs::LogGroup")
	used := map[string]bool{}
	for id, f := range template.ofType(t, "AWS::Serverless::Function") {
		group := first(f.at(t, "LoggingConfig", "LogGroup", "Ref"))
		// Lambda drops lines below its own level: ours must be the only one.
		if used[group] || f.at(t, "LoggingConfig", "LogFormat") != "JSON" || f.at(t, "LoggingConfig", "ApplicationLogLevel") != "DEBUG" {
			t.Errorf("%s logs to %s as %v", id, group, f["LoggingConfig"])
		}
		used[group] = true
	}
	api := template.at(t, "Resources", "Api", "Properties", "AccessLogSettings").(yamlMap)
	used[strings.TrimSuffix(first(api.at(t, "DestinationArn", "Fn::GetAtt")), ".Arn")] = true
	if len(used) != len(groups) {
		t.Errorf("%d log groups are used and %d are there", len(used), len(groups))
	}
	for id := range groups {
		group := template.at(t, "Resources", id).(yamlMap)
		if !used[id] || group["DeletionPolicy"] != "Retain" || group.optional("Properties", "RetentionInDays")["Ref"] != "LogRetentionDays" {
			t.Errorf("%s is unused, not retained or kept for another time", id)
		}
	}
	var line map[string]string
	if err := json.Unmarshal([]byte(first(api["Format"])), &line); err != nil {
		t.Fatalf("the access log's format is no JSON: %v", err)
	}
	// Whatever a caller writes may be a token in the wrong place.
	harmless := []string{"requestId", "requestTimeEpoch", "routeKey", "httpMethod", "status", "identity.sourceIp", "responseLength",
		"responseLatency", "integrationLatency", "integrationStatus", "error.responseType"}
	for member, v := range line {
		if name, ok := strings.CutPrefix(v, "$context."); !ok || !slices.Contains(harmless, name) {
			t.Errorf("the access log has %s, %s", member, v)
		}
	}
}
