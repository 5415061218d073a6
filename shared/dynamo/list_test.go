package dynamo

import (
	"errors"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/token"
)

// A scan's pages come in no order, may be empty, and none may be missed.
func TestListClientsGoesThroughAllPages(t *testing.T) {
	pages := [][]string{{"d", "b"}, {}, {"c", "a"}, {"e"}}
	at := 0
	s := warm(t, &stub{scan: func(in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
		if !aws.ToBool(in.ConsistentRead) {
			return nil, errors.New("a client that was just made would be missing")
		}
		if (at == 0) != (len(in.ExclusiveStartKey) == 0) {
			return nil, errors.New("not the next page")
		}
		out := &dynamodb.ScanOutput{}
		for _, id := range pages[at] {
			c := someClient(t)
			c.ID = id
			k := New(nil, stubTables).clientKey(id)
			out.Items = append(out.Items, must[item](t)(encodeClient(k, c)))
		}
		if at++; at < len(pages) {
			out.LastEvaluatedKey = item{attrKey: str("CLIENT#x")}
		}
		return out, nil
	}})
	got, err := s.ListClients(t.Context(), "", 3)
	if err != nil || len(got) != 3 || got[0].ID != "a" || got[1].ID != "b" || got[2].ID != "c" {
		t.Errorf("got %d clients, error %v", len(got), err)
	}
	if at != len(pages) {
		t.Errorf("%d pages of %d were read", at, len(pages))
	}
	if none, err := s.ListClients(t.Context(), "", 0); len(none) != 0 || err != nil {
		t.Errorf("a limit of 0 gives %d clients, error %v", len(none), err)
	}
}

func TestListGrantsStopsAtTheLimit(t *testing.T) {
	var limits []int32
	next := byte(0)
	s := warm(t, &stub{query: func(in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
		limits = append(limits, *in.Limit)
		out := &dynamodb.QueryOutput{LastEvaluatedKey: item{attrKey: str("GRANT#x")}}
		for range 2 { // fewer than asked for, as an answer of 1 MB is
			next++
			out.Items = append(out.Items, item{attrKey: str("GRANT#" + token.GrantID{15: next}.String())})
		}
		return out, nil
	}})
	got, err := s.ListGrants(t.Context(), "alice", token.GrantID{}, 4)
	if err != nil || len(got) != 4 || got[3] != (token.GrantID{15: 4}) || fmt.Sprint(limits) != "[4 2]" {
		t.Errorf("got %v by requests of %v, error %v", got, limits, err)
	}
}

func TestCreateTablesMakesThemOnce(t *testing.T) {
	c := onEngine(t)
	tables := tableNames()
	dropAfter(t, c, tables)
	for range 2 {
		if err := CreateTables(t.Context(), c, tables); err != nil {
			t.Fatal(err)
		}
	}
	ttl, err := c.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &tables.Tokens})
	if err != nil || aws.ToString(ttl.TimeToLiveDescription.AttributeName) != TTLAttribute {
		t.Errorf("TTL is on %v, error %v", ttl.TimeToLiveDescription, err)
	}
	described, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &tables.Tokens})
	if err != nil {
		t.Fatal(err)
	}
	indexes := described.Table.GlobalSecondaryIndexes
	if len(indexes) != 1 || *indexes[0].IndexName != BySubject || indexes[0].Projection.ProjectionType != types.ProjectionTypeKeysOnly {
		t.Errorf("indexes are %v", indexes)
	}
	s := New(c, tables)
	if err := s.Warm(t.Context()); err != nil || !s.guard.verified() {
		t.Errorf("the META rows are not in order: %v", err)
	}
}
