package functions_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"rescind/internal/integration/stack"
	"rescind/internal/testkit/samplestore"
	"rescind/shared/endpoint"
)

// Somebody signs in, lets an app in and cuts it, through the events of both
// payload formats: what a browser and its cookies need survives both ways.
func TestPeopleThroughEvents(t *testing.T) {
	for name, format := range formats {
		t.Run(name, func(t *testing.T) {
			store := samplestore.Open(t)
			handlers := inProcess(t, store)
			peopleCome(t, store, format, func(name string, payload []byte) []byte {
				out, err := handlers[name](t.Context(), payload)
				if err != nil {
					t.Error(err)
				}
				return out
			})
		})
	}
}

// The compiled programs let them do the same over DynamoDB.
func TestPeopleOnBootstraps(t *testing.T) {
	store, tables := engineStore(t)
	if store == nil {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	functions := map[string]*deployed{}
	for _, name := range names {
		functions[name] = start(t, name, tables)
	}
	peopleCome(t, store, event20, func(name string, payload []byte) []byte { return functions[name].mustInvoke(t, payload) })
}

func peopleCome(t *testing.T, store stack.GuestStore, format func(*http.Request, []byte) any, ask func(function string, payload []byte) []byte) {
	t.Helper()
	guest, err := stack.NewGuest(t.Context(), store, "guest")
	if err != nil {
		t.Fatal(err)
	}
	routes := map[string]string{}
	for _, r := range allRoutes(t) {
		routes[r.Path] = r.Name
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		payload, err := json.Marshal(format(r, body))
		if err != nil {
			t.Error(err)
		}
		answers(t, w, ask(routes[r.URL.Path], payload))
	}))
	defer server.Close()
	checks := stack.DrivePeople(t.Context(), stack.API{Base: server.URL, Host: "auth.example.com"}, issuer, guest)
	if len(checks) < 15 || routes[endpoint.PathStyle] == "" {
		t.Errorf("only %d checks were made", len(checks))
	}
	for _, c := range checks {
		if c.Err != nil {
			t.Errorf("%s: %s", c.Name, c.Said)
		}
	}
}

var formats = map[string]func(*http.Request, []byte) any{"HTTP API": event20, "REST API": event10}

// event20 is what an HTTP API makes of a request: lower-case names, cookies
// apart, the body in base64.
func event20(r *http.Request, body []byte) any {
	headers, cookies := map[string]string{"host": r.Host}, []string{}
	for name, values := range r.Header {
		if name == "Cookie" {
			cookies = strings.Split(strings.Join(values, "; "), "; ")
			continue
		}
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	return map[string]any{
		"version": "2.0", "rawPath": r.URL.EscapedPath(), "rawQueryString": r.URL.RawQuery, "cookies": cookies, "headers": headers,
		"requestContext": map[string]any{"stage": "$default", "requestId": "r",
			"http": map[string]any{"method": r.Method, "path": r.URL.Path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"}},
		"body": base64.StdEncoding.EncodeToString(body), "isBase64Encoded": true,
	}
}

// event10 is what a REST API makes of it: every value, the query decoded, and
// the body as it is.
func event10(r *http.Request, body []byte) any {
	query, single, last := r.URL.Query(), map[string]string{}, map[string]string{}
	for name, values := range query {
		single[name] = values[len(values)-1]
	}
	for name, values := range r.Header {
		last[name] = values[len(values)-1]
	}
	return map[string]any{
		"path": r.URL.Path, "httpMethod": r.Method, "headers": last, "multiValueHeaders": r.Header,
		"queryStringParameters": single, "multiValueQueryStringParameters": query,
		"requestContext": map[string]any{"stage": "prod", "requestId": "r", "path": "/prod" + r.URL.Path, "identity": map[string]any{"sourceIp": "203.0.113.7"}},
		"body":           string(body),
	}
}

// answers puts a function's answer on the wire, as a gateway does: in format 2.0
// a cookie is a header line, in 1.0 each value is.
func answers(t *testing.T, w http.ResponseWriter, out []byte) {
	var a answer
	if err := json.Unmarshal(out, &a); err != nil {
		t.Errorf("the answer is no JSON: %v", err)
		return
	}
	for name, value := range a.Headers {
		w.Header().Set(name, value)
	}
	for name, values := range a.MultiValueHeaders {
		w.Header()[name] = values
	}
	for _, line := range a.Cookies {
		w.Header().Add("Set-Cookie", line)
	}
	w.WriteHeader(a.StatusCode)
	_, _ = io.WriteString(w, a.Body)
}

// The query of an authorization request is kept byte for byte by an HTTP API
// and rebuilt by a REST API: both must mean the same to the page that comes
// after signing in.
func TestTheRequestSurvivesSigningIn(t *testing.T) {
	store := samplestore.Open(t)
	handlers := inProcess(t, store)
	asked := url.Values{"client_id": {"sample-confidential"}, "response_type": {"code"}, "state": {"%2B+&=# ~"}, "redirect_uri": {"https://app.example.com/callback"},
		"resource": {"https://api.example.com"}, "code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}
	for name, format := range formats {
		r := httptest.NewRequest(http.MethodGet, endpoint.PathAuthorize+"?"+asked.Encode(), nil)
		payload, err := json.Marshal(format(r, nil))
		if err != nil {
			t.Fatal(err)
		}
		out, err := handlers[endpoint.RouteBrowser](t.Context(), payload)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(readAnswer(t, out).Headers["Location"])
		if err != nil {
			t.Fatal(err)
		}
		next, err := url.Parse(to.Query().Get("next"))
		if err != nil || next.Path != endpoint.PathAuthorize || next.Query().Encode() != asked.Encode() {
			t.Errorf("%s: after signing in comes %q (%v)", name, next, err)
		}
	}
}
