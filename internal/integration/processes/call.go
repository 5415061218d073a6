package processes

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// functionTimeout is that of the template.
const functionTimeout = 10 * time.Second

// answer is what a function gives back to an HTTP API.
type answer struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

// errWrong is an answer that is neither right nor 503.
var errWrong = errors.New("a wrong answer")

func wrong(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errWrong, fmt.Sprintf(format, args...))
}

// post sends a form as an HTTP API does, in base64, with the client's secret.
func (w *World) post(ctx context.Context, f Function, path string, form url.Values) (answer, error) {
	var a answer
	event, err := json.Marshal(map[string]any{
		"version": "2.0", "routeKey": "ANY " + path, "rawPath": path, "rawQueryString": "",
		"headers": map[string]string{
			"content-type": "application/x-www-form-urlencoded", "authorization": "Basic " + w.caller.Basic,
			"host": "auth.example.com", "x-forwarded-proto": "https",
		},
		"requestContext": map[string]any{
			"accountId": "123456789012", "apiId": "integration", "stage": "$default", "routeKey": "ANY " + path, "requestId": "integration=",
			"http": map[string]string{"method": http.MethodPost, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "integration"},
		},
		"body": base64.StdEncoding.EncodeToString([]byte(form.Encode())), "isBase64Encoded": true,
	})
	if err != nil {
		return a, err
	}
	if err := invoke(ctx, f, event, &a); err != nil {
		return a, err
	}
	return a, a.checkOutage()
}

// invoke gives the function's JSON. That it fails is an answer that a caller
// would see as the gateway's 502.
func invoke(ctx context.Context, f Function, event []byte, into any) error {
	limited, cancel := context.WithTimeout(ctx, functionTimeout)
	defer cancel()
	r, err := f.Invoke(limited, event)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return wrong("none within the function's %s", functionTimeout)
	case err != nil:
		return err
	case bytes.Contains(r.Err, []byte(`"errorMessage":"Unauthorized"`)):
		return errUnauthorized
	case bytes.Contains(r.Err, []byte(`"errorMessage":"the access token could not be checked"`)):
		return errUnchecked
	case r.Err != nil:
		return wrong("the function failed: %s", redact(string(r.Err)))
	}
	return json.Unmarshal(r.Payload, into)
}

// errUnauthorized is an authorizer's word for a token that is not active, which
// API Gateway answers with 401.
var errUnauthorized = errors.New("the authorizer says Unauthorized")

// errUnchecked is an authorizer's word for an outage, which API Gateway answers
// with 500.
var errUnchecked = errors.New("the authorizer could not check the token")

func redact(s string) string { return tokenText.ReplaceAllString(s, "[redacted]") }

func (a answer) outage() bool { return a.StatusCode == http.StatusServiceUnavailable }

// checkOutage holds a 503 to its form: when to come again, and no cause.
func (a answer) checkOutage() error {
	if a.outage() && (a.Headers["Retry-After"] == "" || a.member("error") != "temporarily_unavailable") {
		return wrong("a 503 without Retry-After or with another error: %s", redact(a.Body))
	}
	return nil
}

// member is a string of the JSON body; "" where there is none.
func (a answer) member(name string) string {
	var body map[string]any
	if json.Unmarshal([]byte(a.Body), &body) != nil {
		return ""
	}
	s, _ := body[name].(string)
	return s
}

// active is what the introspection says of a token. ok is false at a 503.
func (w *World) active(ctx context.Context, token string) (active, ok bool, err error) {
	a, err := w.post(ctx, w.Introspection, "/o/introspect/", url.Values{"token": {token}})
	if err != nil || a.outage() {
		return false, false, err
	}
	var body struct{ Active *bool }
	if err := json.Unmarshal([]byte(a.Body), &body); err != nil || a.StatusCode != http.StatusOK || body.Active == nil {
		return false, false, wrong("an introspection's status is %d, its body %s", a.StatusCode, redact(a.Body))
	}
	return *body.Active, true, nil
}

// revoke tells whether the answer was 200; otherwise it was 503.
func (w *World) revoke(ctx context.Context, token string) (bool, error) {
	a, err := w.post(ctx, w.Revocation, "/o/revoke_token/", url.Values{"token": {token}})
	if err == nil && a.StatusCode != http.StatusOK && !a.outage() {
		err = wrong("a revocation's status is %d, its body %s", a.StatusCode, redact(a.Body))
	}
	return err == nil && a.StatusCode == http.StatusOK, err
}

// grant asks the token endpoint.
func (w *World) grant(ctx context.Context, form url.Values) (answer, error) {
	return w.post(ctx, w.Token, "/o/token/", form)
}

// authorized is what the authorizer function says of a request with the token
// to GET /notes, in the form of an HTTP API's simple answers.
func (w *World) authorized(ctx context.Context, token string) (bool, error) {
	event, err := json.Marshal(map[string]any{
		"version": "2.0", "type": "REQUEST", "routeKey": "GET /notes", "rawPath": "/notes", "rawQueryString": "",
		"routeArn":       "arn:aws:execute-api:us-east-1:123456789012:integration/$default/GET/notes",
		"identitySource": []string{"Bearer " + token},
		"headers":        map[string]string{"authorization": "Bearer " + token, "host": "api.example.com"},
		"requestContext": map[string]any{
			"accountId": "123456789012", "apiId": "integration", "stage": "$default", "routeKey": "GET /notes", "requestId": "integration=",
			"http": map[string]string{"method": http.MethodGet, "path": "/notes", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "integration"},
		},
	})
	if err != nil {
		return false, err
	}
	var a struct {
		IsAuthorized *bool `json:"isAuthorized"`
	}
	if err := invoke(ctx, w.Authorizer, event, &a); errors.Is(err, errUnauthorized) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	if a.IsAuthorized == nil {
		return false, wrong("the authorizer's has no isAuthorized")
	}
	return *a.IsAuthorized, nil
}
