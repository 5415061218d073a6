package authorizer_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/broken"
	"rescind/shared/authorizer"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/oauth"
	"rescind/shared/sqlite"
)

const api = "https://notes.example.com"

// world is a store with a client, a user's grant and the client's own.
type world struct {
	a       *authorizer.Authorizer
	store   *broken.Store
	manager client.Manager
	log     bytes.Buffer
	now     time.Time
	own     grant.Tokens // "notes:read notes:write"
	user    grant.Tokens // "notes:read", of ann, with a refresh token
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Now().Truncate(time.Millisecond)}
	clock := func() time.Time { return w.now }
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "rescind.db"), sqlite.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	w.store = broken.Wrap(store)
	rules := grant.Defaults(clock, rand.Reader)
	w.manager = client.Manager{Store: w.store, Now: clock, Rand: rand.Reader}
	c, _, err := w.manager.Create(t.Context(), "app", client.Policy{Type: client.Confidential,
		GrantTypes: []string{oauth.GrantClientCredentials, oauth.GrantRefreshToken}, Scope: oauth.Scope{"notes:read", "notes:write"}})
	if err != nil {
		t.Fatal(err)
	}
	generation, err := store.Generation(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	issue := func(b grant.Birth) grant.Tokens {
		b.Client, b.Generation, b.Audience = c, generation, []string{api}
		tokens, err := rules.Issue(t.Context(), w.store, b)
		if err != nil {
			t.Fatal(err)
		}
		return tokens
	}
	w.own = issue(grant.Birth{Scope: oauth.Scope{"notes:read", "notes:write"}})
	w.user = issue(grant.Birth{Scope: oauth.Scope{"notes:read"}, Subject: "ann", Refresh: true})
	routes, err := authorizer.ParseRoutes(`{"GET /notes": "notes:read", "ANY /notes/{id}": "notes:read notes:write", "GET /public/{proxy+}": ""}`)
	if err != nil {
		t.Fatal(err)
	}
	w.a = &authorizer.Authorizer{Rules: rules, Store: w.store, Audience: api, Routes: routes, Log: slog.New(slog.NewJSONHandler(&w.log, nil))}
	return w
}

// The three forms of a request by this method to this route and path.
func simple(method, route, path, authorization string) map[string]any {
	return map[string]any{"version": "2.0", "type": "REQUEST", "routeKey": route, "rawPath": path,
		"headers":        map[string]string{"authorization": authorization},
		"requestContext": map[string]any{"requestId": "r1", "http": map[string]any{"method": method}}}
}

func rest(method, resource, path, authorization string) map[string]any {
	return map[string]any{"type": "REQUEST", "methodArn": arn(method, path), "resource": resource, "path": path, "httpMethod": method,
		"multiValueHeaders": map[string][]string{"Authorization": {authorization}}, "headers": map[string]string{"Authorization": authorization},
		"requestContext": map[string]any{"requestId": "r1"}}
}

func tokenEvent(method, path, authorization string) map[string]any {
	return map[string]any{"type": "TOKEN", "methodArn": arn(method, path), "authorizationToken": authorization}
}

func arn(method, path string) string {
	return "arn:aws:execute-api:eu-west-1:123456789012:abcdefghij/prod/" + method + path
}

// ask gives "allowed", "denied", "unauthorized" or "outage", and the context.
func (w *world) ask(t *testing.T, e map[string]any) (string, map[string]string) {
	t.Helper()
	payload, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.a.Invoke(t.Context(), payload)
	if err != nil {
		if out != nil {
			t.Errorf("an answer %s beside an error", out)
		}
		if errors.Is(err, authorizer.ErrUnauthorized) {
			return err.Error(), nil
		}
		return "outage", nil
	}
	var a struct {
		Allowed   *bool `json:"isAuthorized"`
		Principal string
		Document  struct {
			Statement []struct{ Effect, Action, Resource string }
		} `json:"policyDocument"`
		Context map[string]string
	}
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	said := ""
	switch {
	case e["version"] == "2.0" && a.Allowed != nil && len(a.Document.Statement) == 0:
		said = map[bool]string{true: "Allow", false: "Deny"}[*a.Allowed]
	case e["version"] == nil && a.Allowed == nil && len(a.Document.Statement) == 1 && a.Principal == "":
		// principalId has another name than Go's rules give it
		s := a.Document.Statement[0]
		if said = s.Effect; s.Resource != e["methodArn"] || s.Action != "execute-api:Invoke" || !strings.Contains(string(out), `"principalId":"`) {
			t.Errorf("the policy is %s", out)
		}
	default:
		t.Fatalf("the answer is %s", out)
	}
	if said != "Allow" && len(a.Context) != 0 {
		t.Errorf("what is refused is told %v", a.Context)
	}
	return said, a.Context
}

func TestDecisions(t *testing.T) {
	w := newWorld(t)
	own, user, refresh := "Bearer "+w.own.Access.Text().Reveal(), "Bearer "+w.user.Access.Text().Reveal(), "Bearer "+w.user.Refresh.Text().Reveal()
	for _, tt := range []struct {
		name  string
		event map[string]any
		want  string
	}{
		{"2.0, allowed", simple("GET", "GET /notes", "/notes", user), "Allow"},
		{"2.0, scope too small", simple("GET", "ANY /notes/{id}", "/notes/7", user), "Deny"},
		{"2.0, scope large enough", simple("PUT", "ANY /notes/{id}", "/notes/7", own), "Allow"},
		{"2.0, route not listed", simple("POST", "POST /notes", "/notes", own), "Deny"},
		{"2.0, the path of one route at another", simple("GET", "GET /admin", "/notes", own), "Deny"},
		{"2.0, a route that a listed one would cover", simple("GET", "GET /public/secret", "/public/secret", own), "Deny"},
		{"2.0, no scope needed", simple("GET", "GET /public/{proxy+}", "/public/x/y", user), "Allow"},
		{"2.0, $default not listed", simple("GET", "$default", "/notes", own), "Deny"},
		{"no token", simple("GET", "GET /notes", "/notes", ""), "Unauthorized"},
		{"Basic", simple("GET", "GET /notes", "/notes", "Basic YTpi"), "Unauthorized"},
		{"junk", simple("GET", "GET /notes", "/notes", "Bearer junk"), "Unauthorized"},
		{"a refresh token", simple("GET", "GET /notes", "/notes", refresh), "Unauthorized"},
		{"two tokens", simple("GET", "GET /notes", "/notes", user+", "+own), "Unauthorized"},
		{"another case of the scheme", simple("GET", "GET /notes", "/notes", "bEARER"+strings.TrimPrefix(user, "Bearer")), "Allow"},
		{"REST, allowed", rest("GET", "/notes", "/notes", user), "Allow"},
		{"REST, scope too small", rest("DELETE", "/notes/{id}", "/notes/7", user), "Deny"},
		{"REST, a wildcard in the path", rest("GET", "/notes/{id}", "/notes/*", own), "Deny"},
		{"REST, a variable in the path", rest("GET", "/notes/{id}", "/notes/${x}", own), "Deny"},
		{"REST, no token", rest("GET", "/notes", "/notes", "x"), "Unauthorized"},
		{"TOKEN, allowed", tokenEvent("GET", "/notes", user), "Allow"},
		{"TOKEN, a variable", tokenEvent("GET", "/notes/7", own), "Allow"},
		{"TOKEN, scope too small", tokenEvent("GET", "/notes/7", user), "Deny"},
		{"TOKEN, deeper than any route", tokenEvent("GET", "/notes/7/8", own), "Deny"},
		{"TOKEN, all below", tokenEvent("GET", "/public/x/y", user), "Allow"},
		{"TOKEN, no token", tokenEvent("GET", "/notes", ""), "Unauthorized"},
		{"no authorizer's event", map[string]any{"version": "2.0", "rawPath": "/notes"}, "outage"},
		{"of another version", map[string]any{"version": "3.0", "type": "REQUEST", "routeKey": "GET /notes"}, "outage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, _ := w.ask(t, tt.event); got != tt.want {
				t.Errorf("it is %s, not %s", got, tt.want)
			}
		})
	}
	if log := w.log.String(); strings.Contains(log, "rsc_") || strings.Count(log, "\n") < 25 {
		t.Errorf("the log holds a token, or too little: %s", log)
	}
}

func TestTheContextIsHandedOn(t *testing.T) {
	w := newWorld(t)
	for text, want := range map[string]map[string]string{
		w.user.Access.Text().Reveal(): {"sub": "ann", "client_id": "app", "scope": "notes:read"},
		w.own.Access.Text().Reveal():  {"client_id": "app", "scope": "notes:read notes:write"},
	} {
		for _, e := range []map[string]any{simple("GET", "GET /notes", "/notes", "Bearer "+text), rest("GET", "/notes", "/notes", "Bearer "+text)} {
			if _, got := w.ask(t, e); !reflect.DeepEqual(got, want) {
				t.Errorf("the context is %v, not %v", got, want)
			}
		}
	}
}

// TestWhateverEndsATokenEndsItHere, at once.
func TestWhateverEndsATokenEndsItHere(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world) error{
		"revoked": func(t *testing.T, w *world) error {
			_, err := w.a.Rules.RevokeGrant(t.Context(), w.store, w.user.Grant, "test")
			return err
		},
		"the user's epoch":   func(t *testing.T, w *world) error { return endSubject(t, w, "ann") },
		"the client is off":  func(t *testing.T, w *world) error { _, err := w.manager.Disable(t.Context(), "app"); return err },
		"the client is gone": func(t *testing.T, w *world) error { _, err := w.manager.Delete(t.Context(), "app"); return err },
		"expired":            func(_ *testing.T, w *world) error { w.now = w.now.Add(2 * time.Hour); return nil },
		"another audience":   func(_ *testing.T, w *world) error { w.a.Audience = "https://other.example.com"; return nil },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			e := simple("GET", "GET /notes", "/notes", "Bearer "+w.user.Access.Text().Reveal())
			if got, _ := w.ask(t, e); got != "Allow" {
				t.Fatalf("before it is %s", got)
			}
			if err := end(t, w); err != nil {
				t.Fatal(err)
			}
			if got, _ := w.ask(t, e); got != "Unauthorized" {
				t.Errorf("after it is %s", got)
			}
		})
	}
}

// TestAnOutageLetsNothingPass, and is no word about the token.
func TestAnOutageLetsNothingPass(t *testing.T) {
	w := newWorld(t)
	e := simple("GET", "GET /notes", "/notes", "Bearer "+w.user.Access.Text().Reveal())
	for n := 1; n <= 2; n++ { // either of the two reads
		w.store.FailCall(n)
		if got, _ := w.ask(t, e); got != "outage" {
			t.Errorf("with read %d failing it is %s", n, got)
		}
		w.store.Heal()
	}
	if got, _ := w.ask(t, e); got != "Allow" {
		t.Errorf("healed it is %s", got)
	}
	if strings.Count(w.log.String(), `"msg":"outage"`) != 2 {
		t.Errorf("the log is %s", w.log.String())
	}
}

func TestRoutesAreChecked(t *testing.T) {
	for text, ok := range map[string]bool{
		"": true, " ": true, "{}": true, `{"GET /a":"x","$default":""}`: true, `{"ANY /a/{b}/{proxy+}":"x y"}`: true,
		`{"GET /a":"x"`: false, `{"GET /a":"x"} {}`: false, `["GET /a"]`: false, `{"GET /a":["x"]}`: false, `{"GET /a":null}`: false,
		`{"GET /a":"x","GET /a":"y"}`: false, `{"get /a":"x"}`: false, `{"GET a":"x"}`: false, `{"/a":"x"}`: false, `{"GET  /a":"x"}`: false,
		`{"GET /a":"x  y"}`: false, `{"GET /a?b":"x"}`: false, `{"":"x"}`: false, `x`: false, `{"GET /a":"s3cret\"}`: false,
	} {
		_, err := authorizer.ParseRoutes(text)
		if (err == nil) != ok || err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzInvoke: whatever the event, no panic, and nothing passes without a token.
func FuzzInvoke(f *testing.F) {
	for _, e := range []map[string]any{simple("GET", "GET /notes", "/notes", "Bearer rsc_at_x"), rest("GET", "/notes", "/notes", "Bearer x"), tokenEvent("GET", "/notes", "Bearer x")} {
		payload, err := json.Marshal(e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	a := &authorizer.Authorizer{Rules: grant.Defaults(time.Now, rand.Reader), Store: nobody{}, Log: slog.New(slog.DiscardHandler)}
	f.Fuzz(func(t *testing.T, payload []byte) {
		if out, err := a.Invoke(t.Context(), payload); err == nil {
			t.Fatalf("%q is answered %s", payload, out)
		}
	})
}
