package functions_test

import (
	"io"
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
		"browser": "browser-authorize-consent",
	}
	for how, env := range environments {
		for name, event := range events {
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				f := start(t, name, env)
				f.checkOutage(t, event)
				if log := f.logs(`"message":"outage"`); !strings.Contains(log, `"message":"outage"`) || !strings.Contains(log, "GetItem") {
					t.Errorf("the log does not say why:\n%s", redact(log))
				}
			})
		}
	}
}

// The slowest outage: reads are answered, and from the first write on nothing
// is, the read that settles the write neither. Beside it, writes that fail at
// once while reads go on: throttled, or not permitted. Each ends nothing.
func TestFailingWriteIsAnswered(t *testing.T) {
	hangs := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or its end is not noticed
		<-r.Context().Done()
	}
	const denied = "User: arn:aws:sts::123456789012:assumed-role/auth/auth is not authorized to perform: dynamodb:UpdateItem"
	for how, fault := range map[string]struct {
		write http.HandlerFunc
		reads bool // whether they go on
		logs  string
	}{
		"hangs":     {hangs, false, "deadline exceeded"},
		"reset":     {resets, false, "request send failed"},
		"throttled": {says(400, ofDynamoDB+"ProvisionedThroughputExceededException", "slow down"), true, "ProvisionedThroughputExceededException"},
		"denied":    {says(400, ofAll+"AccessDeniedException", denied), true, "AccessDeniedException"},
	} {
		for name, event := range map[string]string{
			"token": "token-client-credentials", "refresh": "token-refresh", "reuse": "token-reuse-rest", "revocation": "revocation-access-token",
		} {
			t.Run(how+" "+name, func(t *testing.T) {
				t.Parallel()
				function := "token"
				if name == "revocation" {
					function = name
				}
				store, env := engineStore(t)
				if store == nil {
					t.Skip("no DynamoDB engine; make test-dynamodb")
				}
				at := failsWriting(t, env[dynamodblocal.EndpointVariable], fault.write, fault.reads)
				f := start(t, function, with(env, dynamodblocal.EndpointVariable, at))
				f.checkOutage(t, event)
				if log := f.logs(`"message":"outage"`); !strings.Contains(log, fault.logs) {
					t.Errorf("the log does not say why:\n%s", redact(log))
				}
				for _, grant := range []string{"refresh", "reuse", "revoke-access"} {
					if !stands(t, store, grant) {
						t.Errorf("the grant %q was revoked", grant)
					}
				}
			})
		}
	}
}

// failsWriting is the URL of an endpoint that hands requests on but writes,
// which are answered by fault; after the first so are reads, unless they go on.
func failsWriting(t *testing.T, endpoint string, fault http.HandlerFunc, reads bool) string {
	t.Helper()
	forward := handsOn(t, endpoint)
	var failing atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := r.Header.Get("X-Amz-Target")
		write := strings.HasSuffix(target, ".UpdateItem") || strings.HasSuffix(target, ".PutItem")
		if write {
			failing.Store(true)
		}
		if write || failing.Load() && !reads {
			fault(w, r)
			return
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(server.CloseClientConnections) // first, or Close would wait
	return server.URL
}

// handsOn is a proxy before an endpoint.
func handsOn(t *testing.T, endpoint string) http.Handler {
	t.Helper()
	to, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host // which is signed
	}}
}

// A function that started while its table was away answers as soon as it is back.
func TestFunctionRecovers(t *testing.T) {
	store, env := engineStore(t)
	if store == nil {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	forward := handsOn(t, env[dynamodblocal.EndpointVariable])
	var back atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if back.Load() {
			forward.ServeHTTP(w, r)
			return
		}
		resets(w, r)
	}))
	t.Cleanup(server.Close)
	f := start(t, "introspection", with(env, dynamodblocal.EndpointVariable, server.URL))
	f.checkOutage(t, "introspection-active")
	back.Store(true)
	a := readAnswer(t, f.invoke(t, readFile(t, "events", "introspection-active.json")))
	if a.StatusCode != http.StatusOK || !strings.Contains(a.Body, `"active":true`) {
		t.Errorf("with the table back: status %d, %s", a.StatusCode, redact(a.Body))
	}
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
	if strings.HasPrefix(event, "browser-") { // a page, to people
		if !strings.Contains(a.Body, "<h1") || strings.Contains(a.Body, "DynamoDB") || a.Headers["Location"] != "" {
			t.Errorf("the page is %s", redact(a.Body))
		}
		return
	}
	const body = `{"error":"temporarily_unavailable","error_description":"The request could not be completed and may be repeated."}`
	if a.Body != body {
		t.Errorf("the body is %s", redact(a.Body))
	}
}
