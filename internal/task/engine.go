package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"time"

	"rescind/internal/testkit/engine/dynamodblocal"
)

// engineUse is the DynamoDB engine of one test run, or none.
type engineUse struct {
	endpoint string // empty: none
	label    string // what the last line says
	stop     func()
}

// environ is the environment of the tests: one endpoint for all packages, no
// credentials but dummies. Real AWS, once allowed, needs the real ones.
func (u engineUse) environ() []string {
	if u.endpoint == "" {
		return dynamodblocal.Isolate(os.Environ())
	}
	environ := os.Environ()
	if dynamodblocal.RealAWS(u.endpoint) {
		environ = dynamodblocal.KeepCredentials(environ)
	} else {
		environ = dynamodblocal.Isolate(environ)
	}
	return append(environ, dynamodblocal.EndpointVariable+"="+u.endpoint)
}

// findEngine takes the engine that the environment names, else starts the one
// that was fetched, else none.
func findEngine(ctx context.Context, root string) (engineUse, error) {
	if endpoint, variable := dynamodblocal.Named(os.Getenv); endpoint != "" {
		return namedEngine(endpoint, variable)
	}
	if dynamodblocal.Fetched(root) {
		return fetchedEngine(ctx, root)
	}
	return engineUse{label: "not run; make test-dynamodb", stop: func() {}}, nil
}

func namedEngine(endpoint, variable string) (engineUse, error) {
	if err := dynamodblocal.CheckEndpoint(endpoint, os.Getenv(dynamodblocal.AllowRemote) == "1"); err != nil {
		return engineUse{}, err
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return engineUse{}, err
	}
	port := u.Port()
	if port == "" {
		port = u.Scheme // a service name that every resolver knows
	}
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(u.Hostname(), port), 5*time.Second)
	if err != nil {
		return engineUse{}, fmt.Errorf("nothing listens at %s: start the engine, or unset %s", u.Redacted(), variable)
	}
	_ = conn.Close()
	return engineUse{
		endpoint: endpoint,
		label:    fmt.Sprintf("run on %s (%s)", u.Redacted(), variable),
		stop:     func() {},
	}, nil
}

func fetchedEngine(ctx context.Context, root string) (engineUse, error) {
	e, err := dynamodblocal.Start(ctx, dynamodblocal.Dir(root))
	if err != nil {
		return engineUse{}, err
	}
	return engineUse{
		endpoint: e.Endpoint(),
		label:    "run on DynamoDB Local " + dynamodblocal.Version + " (fetched engine)",
		stop:     e.Stop,
	}, nil
}
