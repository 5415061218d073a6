package engine

import (
	"context"
	"os"
	"sync"
	"testing"

	"rescind/internal/testkit/engine/dynamodblocal"
)

// own is the engine of this test binary, started when no endpoint is named.
var own struct {
	once   sync.Once
	engine *dynamodblocal.Engine // nil if none was fetched
	err    error
}

// DynamoDB returns the endpoint of a DynamoDB engine: the one named in
// AWS_ENDPOINT_URL_DYNAMODB or AWS_ENDPOINT_URL, else that of a DynamoDB Local
// started for this test binary if `make test-dynamodb` fetched one before. ok
// is false when there is neither. An endpoint that tests must not touch, and a
// fetched engine that does not start, end the test: neither may pass for "none".
func DynamoDB(tb testing.TB) (endpoint string, ok bool) {
	tb.Helper()
	if endpoint, _ := dynamodblocal.Named(os.Getenv); endpoint != "" {
		if err := dynamodblocal.CheckEndpoint(endpoint, remoteAllowed()); err != nil {
			tb.Fatal(err)
		}
		return endpoint, true
	}
	own.once.Do(startOwn)
	if own.err != nil {
		tb.Fatal(own.err)
	}
	if own.engine == nil {
		return "", false
	}
	return own.engine.Endpoint(), true
}

func startOwn() {
	root, err := dynamodblocal.Root(".")
	if err != nil {
		own.err = err
		return
	}
	if dynamodblocal.Fetched(root) {
		own.engine, own.err = dynamodblocal.Start(context.Background(), dynamodblocal.Dir(root))
	}
}

// Main runs the tests and stops the engine that they started, if any:
//
//	func TestMain(m *testing.M) { os.Exit(engine.Main(m)) }
//
// It is a courtesy: without it the engine ends a moment after the test binary.
func Main(m *testing.M) int {
	code := m.Run()
	if own.engine != nil {
		own.engine.Stop()
	}
	return code
}

func remoteAllowed() bool { return os.Getenv(dynamodblocal.AllowRemote) == "1" }
