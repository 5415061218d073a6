package engine

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/internal/testkit/engine/dynamodblocal"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

// recorder notes what Fatal would have said and ends the goroutine as Fatal does.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatal(args ...any) {
	r.said = fmt.Sprint(args...)
	runtime.Goexit()
}

// fatal returns what f was ended with, or "" if it returned.
func fatal(t *testing.T, f func(tb testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(r)
	}()
	<-done
	return r.said
}

func TestForbiddenEndpointsEndTheTest(t *testing.T) {
	t.Setenv(dynamodblocal.AllowRemote, "")
	for _, endpoint := range []string{"https://dynamodb.us-east-1.amazonaws.com", "https://dynamodb.us-east-1.api.aws", "http://8.8.8.8:8000"} {
		for _, variable := range []string{dynamodblocal.EndpointVariable, dynamodblocal.EndpointVariableWide} {
			t.Run(variable, func(t *testing.T) {
				t.Setenv(dynamodblocal.EndpointVariable, "")
				t.Setenv(variable, endpoint)
				said := fatal(t, func(tb testing.TB) { DynamoDB(tb) })
				if !strings.Contains(said, dynamodblocal.AllowRemote) {
					t.Errorf("%s: DynamoDB says %q", endpoint, said)
				}
			})
		}
		if said := fatal(t, func(tb testing.TB) { Client(tb, endpoint) }); !strings.Contains(said, dynamodblocal.AllowRemote) {
			t.Errorf("%s: Client says %q", endpoint, said)
		}
	}
}

func TestNamedEndpointIsTakenAsItIs(t *testing.T) {
	t.Setenv(dynamodblocal.EndpointVariable, "http://127.0.0.1:1")
	if endpoint, ok := DynamoDB(t); !ok || endpoint != "http://127.0.0.1:1" {
		t.Errorf("%s, %v", endpoint, ok)
	}
}

func TestRemoteAllowedIsObeyed(t *testing.T) {
	t.Setenv(dynamodblocal.EndpointVariable, "http://8.8.8.8:8000")
	t.Setenv(dynamodblocal.AllowRemote, "1")
	if endpoint, ok := DynamoDB(t); !ok || endpoint != "http://8.8.8.8:8000" {
		t.Errorf("%s, %v", endpoint, ok)
	}
}

func TestEngineKeepsWhatTheClientWrites(t *testing.T) {
	endpoint, ok := DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	client := Client(t, endpoint)
	table := aws.String(fmt.Sprintf("engine-test-%d", os.Getpid()))
	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName:            table,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if _, err := client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: table}); err != nil {
			t.Error(err)
		}
	}()
	item := map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}, "n": &types.AttributeValueMemberN{Value: "7"}}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
		t.Fatal(err)
	}
	// Another client sees the same table: the engine is one for all of a run.
	got, err := Client(t, endpoint).GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: table, ConsistentRead: aws.Bool(true),
		Key: map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, ok := got.Item["n"].(*types.AttributeValueMemberN); !ok || n.Value != "7" {
		t.Errorf("read %v", got.Item)
	}
}
