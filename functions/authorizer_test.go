package functions_test

import (
	"encoding/json"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"rescind/functions/setup"
	"rescind/internal/testkit/runtimeapi"
	"rescind/shared/grant"
)

// authorizing starts the authorizer, whose environment is not the template's.
func authorizing(t *testing.T, env map[string]string) (*runtimeapi.Function, error) {
	t.Helper()
	program := bootstrap(t, "authorizer")
	if runtime.GOOS != "linux" {
		t.Skip("the functions run on Linux only")
	}
	return runtimeapi.Start(t.Context(), program, env)
}

// failure is the text of the error that a function ended with; "" where it gave
// an answer.
func failure(t *testing.T, r runtimeapi.Result) string {
	t.Helper()
	if len(r.Err) == 0 {
		return ""
	}
	var failed struct {
		Message string `json:"errorMessage"`
	}
	if err := json.Unmarshal(r.Err, &failed); err != nil {
		t.Fatal(err)
	}
	return failed.Message
}

func TestAuthorizersEnvironment(t *testing.T) {
	for _, tc := range []struct{ says, variable, value string }{
		{"RESCIND_TOKENS_TABLE is missing", setup.TokensTable, ""},
		{"RESCIND_ROUTE_SCOPES is wrong", setup.RouteScopes, `{"GET /a": "s3cret`},
		{"RESCIND_LOG_LEVEL is wrong", setup.LogLevel, "s3cret"},
		{"RESCIND_ISSUER is not one", setup.Issuer, "https://auth.example.com"},
		{"RESCIND_ROUTES_SCOPE is not one", "RESCIND_ROUTES_SCOPE", "{}"},
	} {
		f, err := authorizing(t, with(nowhere(t), tc.variable, tc.value))
		if err == nil {
			_ = f.Stop()
			t.Errorf("%s: it starts", tc.says)
			continue
		}
		if s := err.Error(); !strings.Contains(s, "the environment variable "+tc.says) || strings.Contains(s, "\n") || strings.Contains(s, "s3cret") {
			t.Errorf("it says: %s", s)
		}
	}
}

// TestAuthorizersOutage: with no table nothing passes, and no token is blamed.
func TestAuthorizersOutage(t *testing.T) {
	f, err := authorizing(t, nowhere(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
		if value.Match(f.Logs()) || !strings.Contains(string(f.Logs()), `"message":"outage"`) {
			t.Error("the log holds a token, or no outage")
		}
	}()
	for authorization, want := range map[string]string{
		"Bearer " + sampleToken(t): "the access token could not be checked",
		"Bearer junk":              "Unauthorized",
		"":                         "Unauthorized",
	} {
		event, err := json.Marshal(map[string]any{"version": "2.0", "type": "REQUEST", "routeKey": "GET /notes",
			"headers": map[string]string{"authorization": authorization}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := f.Invoke(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		if said := failure(t, r); said != want || len(r.Payload) != 0 {
			t.Errorf("it says %q, not %q", said, want)
		}
	}
}

// sampleToken is an access token of a sample event.
func sampleToken(t *testing.T) string {
	t.Helper()
	found := value.Find(readFile(t, "events", "introspection-resource-server-sam.json"))
	if found == nil {
		t.Fatal("the sample event holds no token")
	}
	return string(found)
}

// TestAuthorizersPolicy: the example gives the authorizer the verbs of the
// store interface that its main is wired with, on both tables, and no other.
func TestAuthorizersPolicy(t *testing.T) {
	if main := string(readFile(t, "functions", "authorizer", "main.go")); !strings.Contains(main, "var store grant.Finder = ") {
		t.Fatal("the authorizer's store is no grant.Finder: see what its policy must allow")
	}
	for table, verbs := range verbsOf(t, reflect.TypeFor[grant.Finder]()) {
		if !reflect.DeepEqual(verbs, []string{"BatchGetItem", "GetItem"}) {
			t.Errorf("it may %v on %s", verbs, table)
		}
	}
	template := string(readFile(t, "examples", "notes", "template.yaml"))
	if strings.Count(template, "dynamodb:") != strings.Count(template, "Action: [dynamodb:GetItem, dynamodb:BatchGetItem]")*2+2 { // two verbs, two ARNs
		t.Error("examples/notes/template.yaml allows its authorizer more or less than to read")
	}
}
