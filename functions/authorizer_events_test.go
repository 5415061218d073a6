package functions_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rescind/functions/setup"
	"rescind/internal/testkit/samplestore"
	"rescind/shared/authorizer"
	"rescind/shared/grant"
)

// What events/README.md says that the authorizer's events expect.
const (
	itemsAudience = "https://api.example.com"
	itemsScopes   = `{"GET /items": "read", "DELETE /items": "admin"}`
)

// authorizerEvent is a file of events/authorizer/, and one of its expected/: an
// answer or an error.
type authorizerEvent struct {
	name     string
	payload  []byte
	expected struct {
		Answer any    `json:"answer"`
		Error  string `json:"error"`
	}
}

// readAuthorizations gives all of them. Each of the three forms has a success
// and a failure of each kind.
func readAuthorizations(t *testing.T) []authorizerEvent {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "events", "authorizer", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	answers, err := filepath.Glob(filepath.Join(root, "events", "authorizer", "expected", "*.json"))
	if err != nil || len(files) != len(answers) {
		t.Fatalf("there are %d events and %d answers to them (%v)", len(files), len(answers), err)
	}
	var all []authorizerEvent
	seen := map[string]bool{}
	for _, file := range files {
		name := filepath.Base(file)
		a := authorizerEvent{name: strings.TrimSuffix(name, ".json"), payload: readFile(t, "events", "authorizer", name)}
		d := json.NewDecoder(bytes.NewReader(readFile(t, "events", "authorizer", "expected", name)))
		d.DisallowUnknownFields()
		if err := d.Decode(&a.expected); err != nil || (a.expected.Answer == nil) == (a.expected.Error == "") {
			t.Fatalf("events/authorizer/expected/%s: it must be an answer or an error (%v)", name, err)
		}
		seen[a.name] = true
		all = append(all, a)
	}
	for _, form := range []string{"http", "rest", "rest-token"} {
		for _, outcome := range []string{"active", "revoked", "missing-scope"} {
			if !seen[form+"-"+outcome] {
				t.Errorf("no event for: %s %s", form, outcome)
			}
		}
	}
	return all
}

// check holds what came back, an answer or the text of an error, against the
// expectation.
func (a authorizerEvent) check(t *testing.T, answer []byte, failed string) {
	t.Helper()
	if failed != a.expected.Error {
		t.Errorf("the error is %q, want %q", redact(failed), a.expected.Error)
	}
	var got any
	if len(answer) > 0 {
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("the answer is no JSON: %v", err)
		}
	}
	if !reflect.DeepEqual(got, a.expected.Answer) {
		t.Errorf("the answer is %s, want %v", redact(string(answer)), a.expected.Answer)
	}
}

func TestAuthorizersEventsInProcess(t *testing.T) {
	store := samplestore.Open(t)
	routes, err := authorizer.ParseRoutes(itemsScopes)
	if err != nil {
		t.Fatal(err)
	}
	a := &authorizer.Authorizer{Rules: grant.Defaults(time.Now, nil), Store: store, Audience: itemsAudience, Routes: routes,
		Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}
	for _, e := range readAuthorizations(t) {
		t.Run(e.name, func(t *testing.T) {
			answer, err := a.Invoke(context.Background(), e.payload)
			failed := ""
			if err != nil {
				failed = err.Error()
			}
			if failed != "" && !errors.Is(err, authorizer.ErrUnauthorized) {
				t.Errorf("an outage: %v", err)
			}
			e.check(t, answer, failed)
		})
	}
}

// The compiled function answers the same over DynamoDB.
func TestAuthorizersEventsOnBootstrap(t *testing.T) {
	store, env := engineStore(t)
	if store == nil {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	f, err := authorizing(t, with(with(env, setup.Audience, itemsAudience), setup.RouteScopes, itemsScopes))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Stop(); err != nil {
			t.Error(err)
		}
		if value.Match(f.Logs()) {
			t.Error("the log holds a token")
		}
	}()
	for _, e := range readAuthorizations(t) {
		t.Run(e.name, func(t *testing.T) {
			r, err := f.Invoke(t.Context(), e.payload)
			if err != nil {
				t.Fatal(err)
			}
			e.check(t, r.Payload, failure(t, r))
		})
	}
}
