package functions_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/dynamo"
)

// limit is how long an outage may take to be answered: the functions' timeout
// of 10 s, less some for a slow start.
const limit = 9 * time.Second

// A table that cannot be reached, and one that takes requests and never
// answers, are 503 before the function's time is up, with no word of the cause
// to the caller and one in the log. Neither stops init.
func TestUnreachableTableIsAnswered(t *testing.T) {
	// Its backlog takes the connections, and nobody accepts them.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	environments := map[string]map[string]string{
		"nothing listens": nowhere(t),
		"nothing answers": tableEnvironment("http://"+silent.Addr().String(), dynamo.Tables{Tokens: "a", Principals: "b"}),
	}
	events := map[string]string{
		"token": "token-refresh", "revocation": "revocation-sam", "introspection": "introspection-refresh-token-rest",
	}
	for how, env := range environments {
		for name, event := range events {
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t, name, env)
				f.checkOutage(t, event)
				if log := f.logs(`"message":"outage"`); !strings.Contains(log, `"message":"outage"`) || !strings.Contains(log, "BatchGetItem") {
					t.Errorf("the log does not say why:\n%s", redact(log))
				}
			})
		}
	}
}

// The slowest outage: reads are answered, and from the first write on nothing
// is, the read that settles the write neither.
func TestHangingWriteIsAnswered(t *testing.T) {
	for name, event := range map[string]string{
		"token": "token-client-credentials", "refresh": "token-refresh", "reuse": "token-reuse-rest", "revocation": "revocation-access-token",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			function := "token"
			if name == "revocation" {
				function = name
			}
			store, env := engineStore(t)
			if store == nil {
				t.Skip("no DynamoDB engine; make test-dynamodb")
			}
			f := start(t, function, with(env, dynamodblocal.EndpointVariable, hangs(t, env[dynamodblocal.EndpointVariable])))
			f.checkOutage(t, event)
			for _, grant := range []string{"refresh", "reuse", "revoke-access"} {
				if !stands(t, store, grant) {
					t.Errorf("the grant %q was revoked", grant)
				}
			}
		})
	}
}

// hangs is the URL of an endpoint that hands requests on until a write comes;
// that one and all after it get no answer.
func hangs(t *testing.T, endpoint string) string {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
	over := make(chan struct{})
	var hanging atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if target := r.Header.Get("X-Amz-Target"); strings.HasSuffix(target, ".UpdateItem") || strings.HasSuffix(target, ".PutItem") {
			hanging.Store(true)
		}
		if hanging.Load() {
			<-over
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) }) // first, or Close would wait
	return server.URL
}

// checkOutage sends an event and expects the outage's answer in time.
func (f *deployed) checkOutage(t *testing.T, event string) {
	t.Helper()
	began := time.Now()
	a := readAnswer(t, f.invoke(t, readFile(t, "events", event+".json")))
	took := time.Since(began)
	t.Logf("answered after %s", took.Round(time.Millisecond))
	if a.StatusCode != http.StatusServiceUnavailable || a.Headers["Retry-After"] != "2" || took > limit {
		t.Errorf("status %d, Retry-After %q after %s", a.StatusCode, a.Headers["Retry-After"], took)
	}
	const body = `{"error":"temporarily_unavailable","error_description":"The request could not be completed and may be repeated."}`
	if a.Body != body {
		t.Errorf("the body is %s", redact(a.Body))
	}
}
