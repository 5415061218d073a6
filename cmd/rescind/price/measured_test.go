package price_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"rescind/cmd/rescind/price"
	"rescind/functions/setup"
	"rescind/internal/explicit/sam"
	"rescind/internal/testkit/samplestore"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/lambdahttp"
	"rescind/shared/metric"
)

// perLine is what CloudWatch Logs adds to each line.
const perLine = 26

// The functions' lines, as they write them, are as long as the price says: not
// longer, and not shorter by a fifth.
func TestLogBytesAreThoseOfRealLines(t *testing.T) {
	for _, c := range []struct {
		route, event string
		operation    price.Operation
	}{
		{endpoint.RouteToken, "token-client-credentials.json", price.Issue},
		{endpoint.RouteToken, "token-refresh.json", price.Refresh},
		{endpoint.RouteIntrospection, "introspection-active.json", price.Introspection},
		{endpoint.RouteRevocation, "revocation-access-token.json", price.Revocation},
	} {
		t.Run(c.event, func(t *testing.T) {
			lines := logged(t, c.route, c.event)
			bytes := len(lines) + perLine*strings.Count(lines, "\n")
			if strings.Contains(lines, `"outage"`) || strings.Contains(lines, `"refuse"`) {
				t.Fatalf("the request failed: %s", lines)
			}
			checkBytes(t, bytes, c.operation.LogBytes, lines)
		})
	}
	if price.UserIssue.LogBytes < price.Issue.LogBytes {
		t.Error("an issue with a subject logs more than one without")
	}
}

func checkBytes(t *testing.T, measured, said int, lines string) {
	t.Helper()
	if measured > said || measured < said*4/5 {
		t.Errorf("%d bytes, and the price says %d: %s", measured, said, lines)
	}
}

// logged is what a function logs for an event.
func logged(t *testing.T, route, event string) string {
	t.Helper()
	store := samplestore.Open(t)
	payload, err := os.ReadFile(filepath.Join("..", "..", "..", "events", event))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "8f6c2f5e-3b0a-4b53-9f6a-1f0d7c9e2a44"})
	if _, err := handler(route, store, &log).Invoke(ctx, payload); err != nil {
		t.Fatal(err)
	}
	return log.String()
}

// handler is wired as the mains wire it, but for where its lines go.
func handler(route string, store grant.Store, log *bytes.Buffer) interface {
	Invoke(context.Context, []byte) ([]byte, error)
} {
	s := setup.Service(setup.Settings{Issuer: "https://auth.example.com"}, setup.NewLogger(log, slog.LevelInfo), time.Now)
	h := s.Token(store, granttype.ClientCredentials{}, granttype.RefreshToken{})
	switch route {
	case endpoint.RouteRevocation:
		h = s.Revocation(store)
	case endpoint.RouteIntrospection:
		h = s.Introspection(store)
	}
	return lambdahttp.Handler(metric.New("rescind-prod", log, time.Now).Handler(route, setup.Handler(route, h)))
}

// template reads template.yaml.
func template(t *testing.T) sam.Map {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := sam.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAccessLogBytesAreThoseOfTheTemplate(t *testing.T) {
	format, ok := template(t).In("Resources", "Api", "Properties", "AccessLogSettings")["Format"].(string)
	if !ok {
		t.Fatal("the template has no format of access logs")
	}
	line := strings.NewReplacer(
		"$context.requestId", "JKJaXmPLvHcESHA=", "$context.requestTimeEpoch", "1794510238390", "$context.routeKey", "ANY /o/revoke_token/",
		"$context.httpMethod", "POST", "$context.status", "200", "$context.identity.sourceIp", "203.0.113.107", "$context.responseLength", "1234",
		"$context.responseLatency", "12", "$context.integrationLatency", "11", "$context.integrationStatus", "200", "$context.error.responseType", "-",
	).Replace(format)
	if strings.Contains(line, "$") {
		t.Fatalf("the format has something that this test does not know: %s", line)
	}
	checkBytes(t, len(line)+perLine, price.AccessBytes, line)
}

func TestMonitoringIsThatOfTheTemplate(t *testing.T) {
	metrics, dashboards := 0, 0
	resources := template(t).In("Resources")
	for name := range resources {
		resource := resources.In(name)
		switch resource["Type"] {
		case "AWS::CloudWatch::Alarm":
			queries, isMath := resource.In("Properties")["Metrics"].([]any)
			if !isMath {
				metrics++
			}
			for _, q := range queries {
				if query, _ := q.(sam.Map); query["MetricStat"] != nil {
					metrics++
				}
			}
		case "AWS::CloudWatch::Dashboard":
			dashboards++
		}
	}
	if metrics != price.AlarmMetrics || dashboards != price.Dashboards {
		t.Errorf("alarms look at %d metrics, dashboards %d; the price says %d and %d", metrics, dashboards, price.AlarmMetrics, price.Dashboards)
	}
	if memory := template(t).In("Globals", "Function")["MemorySize"]; memory != uint64(price.MemoryGB*1024) && memory != int(price.MemoryGB*1024) {
		t.Errorf("the functions have %v MB (%T)", memory, memory)
	}
}
