package main

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/internal/bench/local"
)

// The recorder against the engine: an operation that it cannot count is an
// error, and the counts of two small sizes are the same. The larger fills the
// first of the index's shards, so that its listing never needs more of them.
func TestCountingOnTheEngine(t *testing.T) {
	engine, err := local.Start(t.Context())
	if errors.Is(err, local.ErrNone) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Stop)
	var r report
	for _, n := range []int{10, 400} {
		c, err := onDynamoDB(t.Context(), engine, n)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range counted {
			s := c.Operations[name]
			t.Logf("%d grants: %s: %s", n, name, s)
			if s.Requests == 0 || s.Reads+s.Writes == 0 {
				t.Errorf("%d grants: %s: nothing was counted: %s", n, name, s)
			}
		}
		r.Dynamo = append(r.Dynamo, c)
	}
	for _, c := range r.checks() {
		if !c.OK {
			t.Errorf("%s: %s", c.Name, c.Detail)
		}
	}
	rec := &recorder{}
	if _, err := engine.Client(rec.attach).ListTables(context.Background(), &dynamodb.ListTablesInput{Limit: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if got, err := rec.take(); err == nil || got.Requests != 1 {
		t.Errorf("a request whose capacity is unknown: %s, error %v", got, err)
	}
}
