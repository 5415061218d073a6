package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/internal/testkit/runtimeapi"
)

func (b *bench) credentials() (id, secret, region string) {
	return dynamodblocal.AccessKeyID, dynamodblocal.SecretAccessKey, dynamodblocal.Region
}

// request makes the function do its work once, and gives how long that took.
func (b *bench) request(ctx context.Context, f *runtimeapi.Function, name string) (time.Duration, error) {
	form := url.Values{}
	switch name {
	case "metadata":
		return b.send(ctx, f, http.MethodGet, "/.well-known/oauth-authorization-server", "", http.StatusOK)
	case "browser":
		return b.send(ctx, f, http.MethodGet, signIn, "", http.StatusOK)
	case "token":
		form.Set("grant_type", "client_credentials")
	default: // each with a token of its own, which a revocation ends
		if len(b.access) == 0 {
			return 0, errors.New("there are no more tokens")
		}
		form.Set("token", b.access[0])
		b.access = b.access[1:]
	}
	return b.send(ctx, f, http.MethodPost, paths[name], form.Encode(), http.StatusOK)
}

// callback is where the client's people come back to; nobody is there.
const callback = "https://app.example.com/callback"

// signIn is the sign-in page of somebody on the way to the client: it reads the
// client's row, and shows its name.
var signIn = "/o/sign_in/?" + url.Values{"next": {"/o/authorize/?" + url.Values{"client_id": {"bench"}, "response_type": {"code"}, "redirect_uri": {callback},
	"code_challenge": {"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge_method": {"S256"}}.Encode()}}.Encode()

// refused makes the function answer without the database: 405, or the metadata.
func (b *bench) refused(ctx context.Context, f *runtimeapi.Function, name string) (time.Duration, error) {
	if name == "metadata" {
		return b.request(ctx, f, name)
	}
	method := http.MethodGet
	if name == "browser" {
		method = http.MethodDelete
	}
	return b.send(ctx, f, method, paths[name], "", http.StatusMethodNotAllowed)
}

var paths = map[string]string{"token": "/o/token/", "revocation": "/o/revoke_token/", "introspection": "/o/introspect/", "browser": "/o/sign_in/"}

// send is a request as an HTTP API hands it on, payload format 2.0.
func (b *bench) send(ctx context.Context, f *runtimeapi.Function, method, path, body string, want int) (time.Duration, error) {
	path, query, _ := strings.Cut(path, "?")
	event, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": "ANY " + path, "rawPath": path, "rawQueryString": query, "isBase64Encoded": true,
		"body": base64.StdEncoding.EncodeToString([]byte(body)),
		"headers": map[string]string{"authorization": "Basic " + b.caller.Basic, "content-type": "application/x-www-form-urlencoded",
			"host": "abcdefghij.execute-api.eu-west-1.amazonaws.com"},
		"requestContext": map[string]any{"apiId": "abcdefghij", "requestId": "bench=", "stage": "$default",
			"http": map[string]string{"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"}},
	})
	if err != nil {
		return 0, err
	}
	r, err := f.Invoke(ctx, event)
	if err != nil {
		return 0, err
	}
	var answer struct{ StatusCode int }
	if r.Err != nil || json.Unmarshal(r.Payload, &answer) != nil || answer.StatusCode != want {
		return 0, fmt.Errorf("%s %s was answered %d, and should be %d", method, path, answer.StatusCode, want)
	}
	return r.Duration, nil
}
