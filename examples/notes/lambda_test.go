package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"rescind/shared/lambdahttp"
)

// The events as API Gateway sends them, with what stands for the authorizer's context.
const (
	httpAPI = `{"version":"2.0","routeKey":"GET /notes","rawPath":"/notes","rawQueryString":"","headers":{"host":"api.example.com"%s},
		"requestContext":{"http":{"method":"%s","path":"/notes","protocol":"HTTP/1.1","sourceIp":"203.0.113.7"},"stage":"$default","requestId":"r"%s},
		"body":"{\"text\":\"milk\"}","isBase64Encoded":false}`
	restAPI = `{"version":"1.0","resource":"/notes","path":"/notes","httpMethod":"%s","headers":{"Host":"api.example.com"},
		"multiValueHeaders":{"Host":["api.example.com"]%s},"queryStringParameters":null,"multiValueQueryStringParameters":null,
		"requestContext":{"httpMethod":"%[1]s","path":"/notes","stage":"prod","identity":{"sourceIp":"203.0.113.7"},"requestId":"r"%[3]s},
		"body":"{\"text\":\"milk\"}","isBase64Encoded":false}`
)

func TestBehindTheAuthorizer(t *testing.T) {
	const alice = `"sub":"alice","client_id":"app","scope":"notes:read other"`
	viaHTTP := func(headers, method, context string) string {
		return fmt.Sprintf(httpAPI, headers, method, context)
	}
	viaREST := func(method, context string) string { return fmt.Sprintf(restAPI, method, "", context) }
	for _, c := range []struct {
		name, event string
		status      int
	}{
		{"an HTTP API", viaHTTP("", "GET", `,"authorizer":{"lambda":{`+alice+`}}`), 200},
		{"a REST API", viaREST("GET", `,"authorizer":{`+alice+`,"principalId":"alice","integrationLatency":3}`), 200},
		{"a client for itself", viaHTTP("", "GET", `,"authorizer":{"lambda":{"client_id":"app","scope":"notes:read"}}`), 200},
		{"less scope, HTTP API", viaHTTP("", "POST", `,"authorizer":{"lambda":{`+alice+`}}`), 403},
		{"less scope, REST API", viaREST("POST", `,"authorizer":{`+alice+`}`), 403},
		{"no scope", viaHTTP("", "GET", `,"authorizer":{"lambda":{"client_id":"app"}}`), 403},
		{"no authorizer", viaHTTP("", "GET", ""), 503},
		{"another authorizer", viaHTTP("", "GET", `,"authorizer":{"jwt":{"claims":{`+alice+`}}}`), 503},
		{"an empty context", viaHTTP("", "GET", `,"authorizer":{"lambda":{}}`), 503},
		{"a context that is none", viaHTTP("", "GET", `,"authorizer":{"lambda":null}`), 503},
		{"a context of another type", viaHTTP("", "GET", `,"authorizer":{"lambda":"client_id"}`), 503},
		{"a token and no authorizer", viaHTTP(`,"authorization":"Bearer rsc_at_x"`, "GET", ""), 503},
		{"a header that says so", viaHTTP(`,"client_id":"app","sub":"alice","scope":"notes:read"`, "GET", ""), 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := behindAuthorizer{lambdahttp.Handler(api(&notes{}, authorized))}
			got, err := h.Invoke(t.Context(), []byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			var answer struct {
				Status int `json:"statusCode"`
			}
			if err := json.Unmarshal(got, &answer); err != nil || answer.Status != c.status {
				t.Errorf("answered %d, not %d: %s", answer.Status, c.status, got)
			}
		})
	}
}

func TestAnEventThatIsNoneFails(t *testing.T) {
	for _, event := range []string{"", "null", "{}", "[]"} {
		if _, err := (behindAuthorizer{lambdahttp.Handler(api(&notes{}, authorized))}).Invoke(t.Context(), []byte(event)); err == nil {
			t.Errorf("%q was answered", event)
		}
	}
}

// The environment chooses the gate: with an issuer no event's word is taken.
func TestTheGateOnLambda(t *testing.T) {
	event := []byte(fmt.Sprintf(httpAPI, "", "GET", `,"authorizer":{"lambda":{"client_id":"app","scope":"notes:read"}}`))
	for issuer, want := range map[string]int{"": 200, "http://localhost:1": 401} {
		t.Setenv("NOTES_ISSUER", issuer)
		t.Setenv("NOTES_CLIENT_ID", "notes-api")
		t.Setenv("NOTES_CLIENT_SECRET", "x")
		h, err := onLambda()
		if err != nil {
			t.Fatal(err)
		}
		got, err := h.Invoke(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Status int `json:"statusCode"`
		}
		if err := json.Unmarshal(got, &answer); err != nil || answer.Status != want {
			t.Errorf("issuer %q: answered %d, not %d", issuer, answer.Status, want)
		}
	}
	t.Setenv("NOTES_ISSUER", "http://localhost:1")
	t.Setenv("NOTES_CLIENT_ID", "")
	if _, err := onLambda(); err == nil {
		t.Error("it starts without a client")
	}
}
