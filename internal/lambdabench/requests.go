package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

// refused makes the function answer without the database: 405, or the metadata.
func (b *bench) refused(ctx context.Context, f *runtimeapi.Function, name string) (time.Duration, error) {
	if name == "metadata" {
		return b.request(ctx, f, name)
	}
	return b.send(ctx, f, http.MethodGet, paths[name], "", http.StatusMethodNotAllowed)
}

var paths = map[string]string{"token": "/o/token/", "revocation": "/o/revoke_token/", "introspection": "/o/introspect/"}

// send is a request as an HTTP API hands it on, payload format 2.0.
func (b *bench) send(ctx context.Context, f *runtimeapi.Function, method, path, body string, want int) (time.Duration, error) {
	event, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": "ANY " + path, "rawPath": path, "rawQueryString": "", "isBase64Encoded": true,
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
