package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"rescind/functions/setup"
	"rescind/shared/endpoint"
	"rescind/shared/page"
	"rescind/shared/upstream"
)

const goodIssuer = setup.Issuer + "=https://auth.example.com"

func TestRead(t *testing.T) {
	both := []string{goodIssuer, setup.TokensTable + "=t", setup.PrincipalsTable + "=p", setup.LogLevel + "=warn", "AWS_REGION=x", "PATH=/bin"}
	got, err := setup.Read(both, setup.Tables)
	want := setup.Settings{Issuer: "https://auth.example.com", TokensTable: "t", PrincipalsTable: "p", LogLevel: slog.LevelWarn}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
	got, err = setup.Read([]string{goodIssuer}, setup.NoTables)
	if want := (setup.Settings{Issuer: "https://auth.example.com"}); err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestReadNamesTheVariable(t *testing.T) {
	for _, tc := range []struct {
		need    setup.Need
		environ []string
		names   string
	}{
		{setup.NoTables, nil, setup.Issuer + " is missing"},
		{setup.NoTables, []string{setup.Issuer + "="}, setup.Issuer + " is missing"},
		{setup.NoTables, []string{setup.Issuer + "=auth.example.com"}, setup.Issuer + " is wrong"},
		{setup.NoTables, []string{setup.Issuer + "=http://s3cret.example.com"}, setup.Issuer + " is wrong"},
		{setup.NoTables, []string{goodIssuer, setup.LogLevel + "=s3cret"}, setup.LogLevel + " is wrong"},
		{setup.NoTables, []string{goodIssuer, setup.TokensTable + "=s3cret"}, setup.TokensTable + " is not one"},
		{setup.Tables, []string{goodIssuer, setup.UpstreamClientSecret + "=s3cret"}, setup.UpstreamClientSecret + " is not one"},
		{setup.TablesAndUpstream, []string{goodIssuer, "RESCIND_UPSTREAM_SECRET=s3cret"}, "RESCIND_UPSTREAM_SECRET is not one"},
		{setup.Tables, []string{goodIssuer, setup.TokensTable + "=t"}, setup.PrincipalsTable + " is missing"},
		{setup.Tables, []string{goodIssuer, "RESCIND_TOKEN_TABLE=s3cret", setup.PrincipalsTable + "=p"}, "RESCIND_TOKEN_TABLE is not one"},
	} {
		_, err := setup.Read(tc.environ, tc.need)
		if err == nil {
			t.Errorf("%v is taken", tc.environ)
			continue
		}
		if s := err.Error(); !strings.Contains(s, tc.names) || strings.Contains(s, "s3cret") || strings.Contains(s, "\n") {
			t.Errorf("%v: %s", tc.environ, s)
		}
	}
}

func TestHandlerSetsTheDeadline(t *testing.T) {
	for route, most := range map[string]time.Duration{endpoint.RouteToken: setup.ReadDeadline, endpoint.RouteBrowser: setup.PageDeadline} {
		var left time.Duration
		h := setup.Handler(route, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			deadline, _ := r.Context().Deadline()
			left = time.Until(deadline)
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", nil))
		if left <= most/2 || left > most {
			t.Errorf("%s: %s are left", route, left)
		}
	}
}

func TestLoggerAddsTheInvocation(t *testing.T) {
	var b bytes.Buffer
	log := setup.NewLogger(&b, slog.LevelInfo).With("a", 1)
	ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "id"})
	log.DebugContext(ctx, "unseen")
	log.InfoContext(ctx, "seen")
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("not one line of JSON: %s", b.String())
	}
	if line["message"] != "seen" || line["level"] != "INFO" || line["lambda_request_id"] != "id" || line["a"] != 1.0 || line["timestamp"] == nil {
		t.Errorf("the line is %v", line)
	}
}

// TestLanguagesAreThoseOfThePages: the metadata function has no pages to ask.
func TestLanguagesAreThoseOfThePages(t *testing.T) {
	pages, err := page.New(endpoint.PathStyle)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := setup.Languages(), pages.Languages(); !slices.Equal(got, want) {
		t.Errorf("the metadata names %q, and there are pages in %q", got, want)
	}
}

// TestTheUpstreamsVariablesAreThoseThatAreRead: this package only lets them pass.
func TestTheUpstreamsVariablesAreThoseThatAreRead(t *testing.T) {
	var asked []string
	if _, err := upstream.FromEnv(func(name string) string { asked = append(asked, name); return "" }); err != nil {
		t.Fatal(err)
	}
	slices.Sort(asked)
	want := []string{setup.UpstreamClientID, setup.UpstreamClientSecret, setup.UpstreamIssuer, setup.UpstreamName}
	if got := slices.Compact(asked); !slices.Equal(got, want) {
		t.Errorf("package upstream reads %q, and the function takes %q", got, want)
	}
}
