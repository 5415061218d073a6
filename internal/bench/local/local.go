// Package local gives DynamoDB on this machine to what measures: the engine
// that the environment names, else the one that `make test-dynamodb` fetched.
// It never touches a remote one.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/dynamo"
)

// ErrNone says that there is no engine.
var ErrNone = errors.New("there is no DynamoDB engine: run make test-dynamodb once, which fetches DynamoDB Local, or name one with " + dynamodblocal.EndpointVariable)

// DynamoDB is an engine in use.
type DynamoDB struct {
	Endpoint string
	Name     string // for a report
	stop     func()
}

// Start finds the engine, and starts it where it is the fetched one. ErrNone
// where there is none.
func Start(ctx context.Context) (*DynamoDB, error) {
	if endpoint, _ := dynamodblocal.Named(os.Getenv); endpoint != "" {
		if err := dynamodblocal.CheckEndpoint(endpoint, false); err != nil {
			return nil, err
		}
		return &DynamoDB{Endpoint: endpoint, Name: "the engine of " + dynamodblocal.EndpointVariable, stop: func() {}}, nil
	}
	root, err := dynamodblocal.Root(".")
	if err != nil {
		return nil, err
	}
	if !dynamodblocal.Fetched(root) {
		return nil, ErrNone
	}
	e, err := dynamodblocal.Start(ctx, dynamodblocal.Dir(root))
	if err != nil {
		return nil, err
	}
	return &DynamoDB{Endpoint: e.Endpoint(), Name: "DynamoDB Local " + dynamodblocal.Version, stop: e.Stop}, nil
}

// Stop ends the engine, if it was started here.
func (d *DynamoDB) Stop() { d.stop() }

// Environ is what a child process needs to use the engine, and nothing else of AWS.
func (d *DynamoDB) Environ() []string {
	return append(dynamodblocal.Isolate(nil), dynamodblocal.EndpointVariable+"="+d.Endpoint, "AWS_PROFILE=")
}

// Client is the SDK's client with the product's limits; edit may add to it.
func (d *DynamoDB) Client(edit ...func(*dynamodb.Options)) *dynamodb.Client {
	return dynamo.NewClient(aws.Config{
		Region: dynamodblocal.Region, BaseEndpoint: aws.String(d.Endpoint),
		Credentials: credentials.NewStaticCredentialsProvider(dynamodblocal.AccessKeyID, dynamodblocal.SecretAccessKey, ""),
	}, edit...)
}

// Tables makes the two tables whose names begin with prefix, as `--store
// dynamodb:PREFIX` names them.
func (d *DynamoDB) Tables(ctx context.Context, prefix string) (dynamo.Tables, error) {
	t := dynamo.Tables{Tokens: prefix + "-tokens", Principals: prefix + "-principals"}
	if err := dynamo.CreateTables(ctx, d.Client(), t); err != nil {
		return t, fmt.Errorf("making the tables: %w", err)
	}
	return t, nil
}
