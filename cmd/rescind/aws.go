package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"

	"rescind/shared/dynamo"
)

// credentialsLimit bounds the search for credentials: its last resort asks the
// instance metadata service, which most machines do not have.
const credentialsLimit = 5 * time.Second

// newDynamoDB makes a client from the usual AWS environment.
func newDynamoDB(ctx context.Context) (*dynamodb.Client, error) {
	// The SDK's own lines have no form of ours; what goes wrong comes as an error.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("reading the AWS configuration: %w; see to AWS_PROFILE, AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE", err)
	}
	if cfg.Region == "" {
		return nil, errors.New("no AWS region is set; set AWS_REGION, or AWS_PROFILE to a profile with a region (a local engine takes any)")
	}
	limited, cancel := context.WithTimeout(ctx, credentialsLimit)
	defer cancel()
	if _, err := cfg.Credentials.Retrieve(limited); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		// The SDK's reason is a page of providers, each with its own.
		return nil, errors.New("no AWS credentials were found; set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (a local engine takes any)")
	}
	return dynamo.NewClient(cfg), nil
}
