package engine

import (
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/internal/testkit/engine/dynamodblocal"
)

// Client returns a DynamoDB client for endpoint, with dummy credentials and
// region us-east-1, that tries each request three times at most. It ends the
// test if tests must not touch the endpoint. Only for real AWS, which
// RESCIND_TEST_ALLOW_REMOTE=1 must allow, does it take the environment's
// credentials and region. Its connections are closed with the test.
func Client(tb testing.TB, endpoint string) *dynamodb.Client {
	tb.Helper()
	if err := dynamodblocal.CheckEndpoint(endpoint, remoteAllowed()); err != nil {
		tb.Fatal(err)
	}
	// No proxy, and room for as many racers as a test may start at once.
	transport := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		TLSHandshakeTimeout: 5 * time.Second,
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     30 * time.Second,
	}
	tb.Cleanup(transport.CloseIdleConnections)
	options := dynamodb.Options{
		BaseEndpoint: aws.String(endpoint),
		Region:       dynamodblocal.Region,
		Credentials:  credentials.NewStaticCredentialsProvider(dynamodblocal.AccessKeyID, dynamodblocal.SecretAccessKey, ""),
		HTTPClient:   &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: stay},
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = 3
			o.MaxBackoff = 50 * time.Millisecond
		}),
	}
	if dynamodblocal.RealAWS(endpoint) {
		chain, err := config.LoadDefaultConfig(tb.Context())
		if err != nil {
			tb.Fatalf("no credentials for real AWS in the environment: %v", err)
		}
		options.Credentials, options.Region = chain.Credentials, chain.Region
	}
	return dynamodb.New(options)
}

// stay keeps a client on the endpoint that was checked.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
