package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// The tokens table's indexes of grants that have a subject: by that, and by
// their client.
const (
	BySubject = "by_subject"
	ByClient  = "by_client"
)

// Schemas are the two tables as code and template must agree on them: the
// tokens table first. Its TTL attribute is TTLAttribute; the other has none.
func Schemas(t Tables) []*dynamodb.CreateTableInput {
	tokens, principals := schema(t.Tokens), schema(t.Principals)
	for _, index := range [...]struct{ name, attribute string }{{BySubject, attrIndex}, {ByClient, attrClientIndex}} {
		tokens.AttributeDefinitions = append(tokens.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: aws.String(index.attribute), AttributeType: types.ScalarAttributeTypeS})
		tokens.GlobalSecondaryIndexes = append(tokens.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName: aws.String(index.name),
			KeySchema: []types.KeySchemaElement{
				{AttributeName: aws.String(index.attribute), KeyType: types.KeyTypeHash},
				{AttributeName: aws.String(attrKey), KeyType: types.KeyTypeRange},
			},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		})
	}
	return []*dynamodb.CreateTableInput{tokens, principals}
}

func schema(table string) *dynamodb.CreateTableInput {
	return &dynamodb.CreateTableInput{
		TableName:            aws.String(table),
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String(attrKey), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String(attrKey), KeyType: types.KeyTypeHash}},
	}
}

// createLimit is how long a new table may take to become active.
const createLimit = time.Minute

// CreateTables makes the tables where they are missing, with TTL and META rows.
// It is for local engines; on AWS the template makes them.
func CreateTables(ctx context.Context, c *dynamodb.Client, t Tables) error {
	for _, in := range Schemas(t) {
		var exists *types.ResourceInUseException
		if _, err := c.CreateTable(ctx, in); err != nil && !errors.As(err, &exists) {
			return outage("creating", *in.TableName, err)
		}
		wait := dynamodb.NewTableExistsWaiter(c, func(o *dynamodb.TableExistsWaiterOptions) {
			o.MinDelay, o.MaxDelay = 50*time.Millisecond, time.Second
		})
		if err := wait.Wait(ctx, &dynamodb.DescribeTableInput{TableName: in.TableName}, createLimit); err != nil {
			return outage("waiting for", *in.TableName, err)
		}
	}
	if err := enableTTL(ctx, c, t.Tokens); err != nil {
		return fmt.Errorf("dynamo: switching on TTL of table %s: %w", t.Tokens, err)
	}
	s := New(c, t)
	for _, table := range []string{t.Tokens, t.Principals} {
		if err := s.claim(ctx, table); err != nil {
			return err
		}
	}
	return nil
}

// enableTTL looks first: switching on what is on is an error.
func enableTTL(ctx context.Context, c *dynamodb.Client, table string) error {
	out, err := c.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(table)})
	if err != nil {
		return err
	}
	if d := out.TimeToLiveDescription; d != nil && (d.TimeToLiveStatus == types.TimeToLiveStatusEnabled || d.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		return nil
	}
	_, err = c.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               aws.String(table),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(TTLAttribute), Enabled: aws.Bool(true)},
	})
	return err
}
