package functions_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rescind/events/sample"
	"rescind/functions/setup"
	"rescind/internal/testkit/engine"
	"rescind/internal/testkit/samplestore"
	"rescind/shared/browser"
	"rescind/shared/dynamo"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
	"rescind/shared/granttype"
	"rescind/shared/lambdahttp"
	"rescind/shared/token"
)

// An event is a file of events/, and what events/expected/ says of it.
type event struct {
	name     string
	payload  []byte
	expected expectation
}

// expectation is a file of events/expected/. Body is a JSON object, or "" for
// an empty body; see meets for what may stand in its place.
type expectation struct {
	Function string            `json:"function"`
	Store    bool              `json:"store"` // whether the function reads or writes the store
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"` // among others
	Body     any               `json:"body"`
	Page     []string          `json:"page"`    // what an HTML body holds, in place of Body
	Cookies  []string          `json:"cookies"` // the names of all that are set, in order; "-NAME" is one that is taken away
	Ended    []string          `json:"ended"`   // sample grants that are revoked afterwards
	Alive    []string          `json:"alive"`   // sample grants that are not
}

// readEvents gives all events, sorted by name. None at all is a failure.
func readEvents(t testing.TB) []event {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "events", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	answers, err := filepath.Glob(filepath.Join(root, "events", "expected", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []event
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if name == "env" { // the environment for sam local
			continue
		}
		e := event{name: name, payload: readFile(t, "events", name+".json")}
		d := json.NewDecoder(strings.NewReader(string(readFile(t, "events", "expected", name+".json"))))
		d.DisallowUnknownFields()
		if err := d.Decode(&e.expected); err != nil {
			t.Fatalf("events/expected/%s.json: %v", name, err)
		}
		all = append(all, e)
	}
	if len(all) == 0 || len(all) != len(answers) {
		t.Fatalf("there are %d events and %d answers to them", len(all), len(answers))
	}
	return all
}

// Each function has a success and a failure in each form that AWS or sam sends.
func TestEventsCoverEveryFunctionAndPayload(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range readEvents(t) {
		outcome := "failure"
		if e.expected.Status < 400 {
			outcome = "success"
		}
		seen[e.expected.Function+", "+payloadKind(e.payload)+", "+outcome] = true
	}
	for _, name := range names {
		for _, kind := range []string{"HTTP API", "REST API", "function URL", "sam local"} {
			for _, outcome := range []string{"success", "failure"} {
				if what := name + ", " + kind + ", " + outcome; !seen[what] {
					t.Errorf("no event for: %s", what)
				}
			}
		}
	}
}

func payloadKind(payload []byte) string {
	s := string(payload)
	switch {
	case !strings.Contains(s, `"version": "2.0"`):
		return "REST API"
	case strings.Contains(s, ".lambda-url."):
		return "function URL"
	case strings.Contains(s, `"Host": "127.0.0.1:3000"`):
		return "sam local"
	}
	return "HTTP API"
}

// The events may come in any order: the second run has the opposite one.
func TestEventsInProcess(t *testing.T) {
	events := readEvents(t)
	for _, order := range []string{"forwards", "backwards"} {
		t.Run(order, func(t *testing.T) {
			store := samplestore.Open(t)
			handlers := inProcess(t, store)
			for _, e := range events {
				t.Run(e.name, func(t *testing.T) {
					out, err := handlers[e.expected.Function](t.Context(), e.payload)
					if err != nil {
						t.Fatal(err)
					}
					e.check(t, out, store)
				})
			}
			slices.Reverse(events)
		})
	}
}

type invoke func(context.Context, []byte) ([]byte, error)

// filled is a store with the samples in it.
type filled interface {
	sample.Store
	browser.Store
}

// inProcess wires the handlers to a store as the mains do.
func inProcess(t *testing.T, store filled) map[string]invoke {
	t.Helper()
	log := slog.New(slog.NewJSONHandler(io.Discard, nil))
	s := setup.Service(setup.Settings{Issuer: issuer}, log, time.Now)
	types := []granttype.Type{granttype.ClientCredentials{}, granttype.RefreshToken{}, granttype.AuthorizationCode{}}
	pages, err := browser.New(browser.Standard(s, store, nil))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]invoke{
		endpoint.RouteToken:         lambdahttp.Handler(setup.Handler(endpoint.RouteToken, s.Token(store, types...))).Invoke,
		endpoint.RouteRevocation:    lambdahttp.Handler(setup.Handler(endpoint.RouteRevocation, s.Revocation(store))).Invoke,
		endpoint.RouteIntrospection: lambdahttp.Handler(setup.Handler(endpoint.RouteIntrospection, s.Introspection(store))).Invoke,
		endpoint.RouteBrowser:       lambdahttp.Handler(setup.Handler(endpoint.RouteBrowser, pages)).Invoke,
		endpoint.RouteMetadata:      lambdahttp.Handler(setup.Handler(endpoint.RouteMetadata, s.Metadata(types...))).Invoke,
	}
}

// The compiled programs answer every event, in the environment that
// events/env.json and the template give them. Without a DynamoDB engine they
// answer those that need no store, and say that the table cannot be read.
func TestEventsOnBootstraps(t *testing.T) {
	store, tables := engineStore(t)
	functions := map[string]*deployed{}
	for _, name := range names {
		functions[name] = start(t, name, tables, nil)
	}
	left := 0
	for _, e := range readEvents(t) {
		if e.expected.Store && store == nil {
			left++
			continue
		}
		t.Run(e.name, func(t *testing.T) { e.check(t, functions[e.expected.Function].invoke(t, e.payload), store) })
	}
	if left > 0 {
		t.Run("with a store", func(t *testing.T) { t.Skipf("%d events: no DynamoDB engine; make test-dynamodb", left) })
	}
}

// engineStore gives a store filled with the samples, on tables of this test's
// own, and the environment that leads to it; nil where there is no engine.
func engineStore(t *testing.T) (filled, map[string]string) {
	t.Helper()
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		return nil, nowhere(t)
	}
	client := engine.Client(t, endpoint)
	prefix := "functions-" + rawID()
	tables := dynamo.Tables{Tokens: prefix + "-tokens", Principals: prefix + "-principals"}
	if err := dynamo.CreateTables(t.Context(), client, tables); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dropTables(t, client, tables) })
	store := dynamo.New(client, tables)
	if err := sample.Fill(t.Context(), store, time.Now()); err != nil {
		t.Fatal(err)
	}
	return store, tableEnvironment(endpoint, tables)
}

// stands tells whether a sample grant was revoked.
func stands(t *testing.T, store grant.Store, name string) bool {
	t.Helper()
	rows, err := store.Find(t.Context(), grant.Keys{Grants: []token.GrantID{sample.GrantID(name)}})
	if err != nil {
		t.Fatal(err)
	}
	if rows.Grants[0] == nil {
		t.Fatalf("the grant %q is gone", name)
	}
	return rows.Grants[0].Revoked.At.IsZero()
}
