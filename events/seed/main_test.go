package main

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/events/sample"
	"rescind/internal/testkit/engine"
	"rescind/internal/testkit/engine/dynamodblocal"
	"rescind/shared/dynamo"
	"rescind/shared/grant"
	"rescind/shared/token"
)

func TestMain(m *testing.M) { os.Exit(engine.Main(m)) }

func TestSeedRefusesRealAWS(t *testing.T) {
	for _, endpoint := range []string{"https://dynamodb.eu-central-1.amazonaws.com", "http://8.8.8.8:8000", "dynamodb"} {
		if err := seed(t.Context(), endpoint, "rescind"); err == nil || !strings.Contains(err.Error(), "set ") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestSeedFillsTheTablesOnce(t *testing.T) {
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	if dynamodblocal.CheckEndpoint(endpoint, false) != nil {
		t.Skip("tests were allowed a remote endpoint, and the command refuses it as it should")
	}
	prefix := "seed-" + strings.ToLower(rand.Text()[:12])
	if err := seed(t.Context(), endpoint, prefix); err != nil {
		t.Fatal(err)
	}
	client := engine.Client(t, endpoint)
	tables := dynamo.Tables{Tokens: prefix + "-tokens", Principals: prefix + "-principals"}
	rows, err := dynamo.New(client, tables).Find(t.Context(), grant.Keys{
		Clients: []string{sample.Confidential}, Grants: []token.GrantID{sample.GrantID("introspect"), sample.GrantID("revoked")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if rows.Clients[0] == nil || rows.Grants[0] == nil || rows.Grants[1] == nil || rows.Grants[1].Revoked.At.IsZero() {
		t.Error("the tables do not hold the samples")
	}
	if err := seed(t.Context(), endpoint, prefix); err == nil || !strings.Contains(err.Error(), "is the store not empty?") {
		t.Errorf("a second time: %v", err)
	}
	for _, table := range []string{tables.Tokens, tables.Principals} {
		if _, err := client.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: &table}); err != nil {
			t.Error(err)
		}
	}
}
