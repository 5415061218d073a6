package functions_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/dynamo"
)

// What a log must not hold of a function's environment.
const (
	unloggedKey     = "s3cret-access-key"
	unloggedSession = "s3ssion-token"
)

// cause is a reason for which a table cannot be used, and what the log must say of it.
type cause struct {
	answer http.HandlerFunc  // of the table; nil: env leads elsewhere
	env    map[string]string // beside what leads to the table
	logs   []string
	slow   bool // tried with one function only
}

// says answers as DynamoDB does in protocol AWS JSON 1.0.
func says(status int, exception, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-RequestId", "REQUESTIDOFDYNAMODB")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": exception, "message": message})
	}
}

// The namespaces of DynamoDB's exceptions, and of those that all services have.
const (
	ofDynamoDB = "com.amazonaws.dynamodb.v20120810#"
	ofAll      = "com.amazon.coral.service#"
)

func causes() map[string]cause {
	const denied = "User: arn:aws:sts::123456789012:assumed-role/auth-TokenFunction/auth is not authorized to perform: dynamodb:BatchGetItem on resource: arn:aws:dynamodb:eu-central-1:123456789012:table/auth-tokens because no identity-based policy allows the dynamodb:BatchGetItem action"
	return map[string]cause{
		"no table, or another region": {answer: says(400, ofDynamoDB+"ResourceNotFoundException", "Requested resource not found"), logs: []string{"ResourceNotFoundException"}},
		"no permission":               {answer: says(400, ofAll+"AccessDeniedException", denied), logs: []string{"AccessDeniedException", "dynamodb:BatchGetItem"}},
		"credentials of no account":   {answer: says(400, ofAll+"UnrecognizedClientException", "The security token included in the request is invalid."), logs: []string{"UnrecognizedClientException"}},
		"credentials that ended":      {answer: says(400, ofAll+"ExpiredTokenException", "The security token included in the request is expired"), logs: []string{"ExpiredTokenException"}},
		"a key that is disabled":      {answer: says(400, ofDynamoDB+"ResourceInUseException", "KMS key is not accessible"), logs: []string{"ResourceInUseException", "KMS"}},
		"a request that is throttled": {answer: says(400, ofAll+"ThrottlingException", "Rate exceeded"), logs: []string{"ThrottlingException"}},
		"a table that is throttled":   {answer: says(400, ofDynamoDB+"ProvisionedThroughputExceededException", "slow down"), logs: []string{"ProvisionedThroughputExceededException"}},
		"an account that is throttled": {answer: says(400, ofDynamoDB+"RequestLimitExceeded", "Throughput exceeds the current throughput limit for your account"),
			logs: []string{"RequestLimitExceeded"}},
		"a failure of DynamoDB":        {answer: says(500, ofDynamoDB+"InternalServerError", "Internal server error"), logs: []string{"InternalServerError", "REQUESTIDOFDYNAMODB"}},
		"a page between":               {answer: page, logs: []string{"502"}},
		"a connection that is reset":   {answer: resets, logs: []string{"request send failed"}},
		"an answer that is cut off":    {answer: cutOff},
		"an answer that never ends":    {answer: trickles, slow: true},
		"a host that does not resolve": {env: map[string]string{dynamodblocal.EndpointVariable: "http://dynamodb.eu-centrl-1.invalid"}, logs: []string{"dynamodb.eu-centrl-1.invalid"}},
		"a region that is none":        {env: map[string]string{dynamodblocal.EndpointVariable: "", "AWS_REGION": "eu central 1"}, logs: []string{"region"}},
	}
}

func page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, "<html><h1>502 Bad Gateway</h1></html>")
}

// resets ends the connection as a host does that knows it no more.
func resets(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func cutOff(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"Responses":{"auth-tokens":[`)
}

// trickles begins well and goes on without end, a byte at a time.
func trickles(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_, _ = io.WriteString(w, `{"Responses":{"auth-tokens":[`)
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Whatever keeps a function from its tables stops no init, is 503 to the
// caller in time and without a word of the cause, and is in the log, with the
// operation and the tables' names and without a secret.
func TestCausesOfAnOutageAreLogged(t *testing.T) {
	events := map[string]string{
		"token": "token-client-credentials", "revocation": "revocation-sam", "introspection": "introspection-refresh-token-rest",
	}
	for what, c := range causes() {
		for name, event := range events {
			if c.slow && name != "token" {
				continue
			}
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t, name, c.environment(t))
				if log := f.logs("the first read failed"); !strings.Contains(log, "the first read failed") {
					t.Errorf("init does not say that it could not read:\n%s", redact(log))
				}
				f.checkOutage(t, event)
				c.checkLog(t, f.logs(`"message":"outage"`))
			})
		}
	}
}

func (c cause) environment(t *testing.T) map[string]string {
	t.Helper()
	at := "http://127.0.0.1:1"
	if c.answer != nil {
		server := httptest.NewServer(c.answer)
		t.Cleanup(server.Close)
		at = server.URL
	}
	env := tableEnvironment(at, dynamo.Tables{Tokens: "auth-tokens", Principals: "auth-principals"})
	env["AWS_SECRET_ACCESS_KEY"], env["AWS_SESSION_TOKEN"] = unloggedKey, unloggedSession
	for variable, v := range c.env {
		env[variable] = v
	}
	return env
}

// checkLog looks for the outage's line, which is one, and JSON.
func (c cause) checkLog(t *testing.T, log string) {
	t.Helper()
	var found string
	for line := range strings.Lines(log) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a line that is no JSON: %s", redact(line))
		}
		if strings.Contains(line, `"message":"outage"`) {
			found += line
		}
	}
	for _, want := range append([]string{"BatchGetItem", "auth-tokens", "auth-principals"}, c.logs...) {
		if !strings.Contains(found, want) {
			t.Errorf("the outage's line does not tell %s:\n%s", want, redact(found))
		}
	}
	for _, secret := range []string{unloggedKey, unloggedSession, "Basic ", "Signature="} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}
