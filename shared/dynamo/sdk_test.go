package dynamo

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/shared/grant"
	"rescind/shared/token"
)

func configFor(url string) aws.Config {
	return aws.Config{Region: "us-east-1", BaseEndpoint: aws.String(url), Credentials: credentials.NewStaticCredentialsProvider("dummy", "dummy", "")}
}

// endpointThat counts the requests that reach it.
func endpointThat(t *testing.T, answers http.HandlerFunc) (url string, requests *atomic.Int32) {
	requests = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		answers(w, r)
	}))
	t.Cleanup(srv.Close)
	return srv.URL, requests
}

func TestFailuresAreTriedTwiceAndAreOutages(t *testing.T) {
	say := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	const throttled = `{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`
	const unprocessed = `{"Responses":{},"UnprocessedKeys":{"t-tokens":{"Keys":[{"pk":{"S":"META"}}]}}}`
	for name, c := range map[string]struct {
		answer   http.HandlerFunc
		requests int32
	}{
		"a server error":     {say(500, `{"__type":"InternalServerError"}`), 2},
		"throttling":         {say(400, throttled), 2},
		"no permission":      {say(400, `{"__type":"AccessDeniedException","message":"no"}`), 1},
		"no table":           {say(400, `{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}`), 1},
		"a page of HTML":     {say(200, `<html>`), 1},
		"keys left out":      {say(200, unprocessed), 2},
		"a connection's end": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, requests := endpointThat(t, c.answer)
			began := time.Now()
			_, err := New(NewClient(configFor(url)), stubTables).Find(t.Context(), grant.Keys{Grants: []token.GrantID{{1}}})
			if err == nil {
				t.Error("a failed read passed for an absent grant")
			}
			if got := requests.Load(); got != c.requests {
				t.Errorf("%d requests, want %d (%v)", got, c.requests, err)
			}
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func TestEndpointThatHangs(t *testing.T) {
	hung := make(chan struct{})
	url, _ := endpointThat(t, func(http.ResponseWriter, *http.Request) { <-hung })
	t.Cleanup(func() { close(hung) })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := New(NewClient(configFor(url)), stubTables).Find(ctx, grant.Keys{})
	if took := time.Since(began); err == nil || took > 2*time.Second {
		t.Errorf("error %v after %v", err, took)
	}
}

// Waiting the limits out would take nine seconds, so they are read.
func TestLimitsStayUnderALambdaTimeout(t *testing.T) {
	mine := &http.Client{}
	cfg := configFor("http://127.0.0.1:1")
	o := NewClient(cfg).Options()
	c, ok := o.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		t.Fatalf("the HTTP client is a %T", o.HTTPClient)
	}
	if c.GetDialer().Timeout != time.Second || c.GetTransport().ResponseHeaderTimeout != 3*time.Second {
		t.Error("connecting may take 1 s, an answer's header 3 s")
	}
	if o.Retryer.MaxAttempts() != 2 {
		t.Errorf("%d attempts", o.Retryer.MaxAttempts())
	}
	if worst := time.Duration(maxAttempts)*c.GetTimeout() + maxBackoff; worst > 9*time.Second {
		t.Errorf("one request may take %v", worst)
	}
	cfg.HTTPClient = mine
	if NewClient(cfg).Options().HTTPClient != aws.HTTPClient(mine) {
		t.Error("a caller's own HTTP client was replaced")
	}
	if got := NewClient(cfg, func(o *dynamodb.Options) { o.Region = "eu-west-1" }).Options().Region; got != "eu-west-1" {
		t.Errorf("the caller's options come last, but the Region is %s", got)
	}
}
