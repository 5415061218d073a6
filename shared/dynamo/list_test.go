package dynamo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
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

// partitions answers queries of by_client from ids, two at a time, and notes
// which partitions were asked for.
func partitions(asked *[]string, ids ...token.GrantID) func(*dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	return func(in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
		partition := in.ExpressionAttributeValues[":of"].(*types.AttributeValueMemberS).Value
		after := in.ExpressionAttributeValues[":after"].(*types.AttributeValueMemberS).Value
		if len(in.ExclusiveStartKey) > 0 {
			after = readItem(in.ExclusiveStartKey).of
		} else {
			*asked = append(*asked, partition)
		}
		out := &dynamodb.QueryOutput{}
		for _, id := range ids {
			pk := "GRANT#" + id.String()
			if clientIndexKey("shop", id) != partition || pk <= after {
				continue
			}
			if len(out.Items) == int(min(2, *in.Limit)) {
				out.LastEvaluatedKey = out.Items[len(out.Items)-1]
				break
			}
			out.Items = append(out.Items, item{attrKey: str(pk)})
		}
		return out, nil
	}
}

func TestListClientGrantsGoesThroughTheShardsInOrder(t *testing.T) {
	ids := []token.GrantID{{0x10, 0x00, 1}, {0x10, 0x00, 2}, {0x10, 0x0f}, {0x11, 0x01}, {0x10, 0x70}, {0x11, 0x70}, {0x10, 0xf0}, {0x10, 0xff}}
	var asked []string
	s := warm(t, &stub{query: partitions(&asked, ids...)})
	for _, c := range []struct {
		after token.GrantID
		limit int
		want  []token.GrantID
		first string
		last  string
	}{
		{token.GrantID{}, 100, ids, "shop#0", "shop#f"},
		{token.GrantID{}, 4, ids[:4], "shop#0", "shop#0"},
		{token.GrantID{}, 5, ids[:5], "shop#0", "shop#7"},
		{ids[3], 2, ids[4:6], "shop#0", "shop#7"},
		{ids[4], 2, ids[5:7], "shop#7", "shop#f"}, // of another byte 0 than ids in later shards
		{ids[5], 100, ids[6:], "shop#7", "shop#f"},
		{ids[7], 100, nil, "shop#f", "shop#f"},
	} {
		asked = nil
		got, err := s.ListClientGrants(t.Context(), "shop", c.after, c.limit)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%d after %s: got %v, error %v", c.limit, c.after, got, err)
		}
		if len(asked) == 0 || asked[0] != c.first || asked[len(asked)-1] != c.last || !slices.IsSorted(asked) {
			t.Errorf("%d after %s: partitions %v", c.limit, c.after, asked)
		}
	}
	asked = nil
	if got, err := s.ListClientGrants(t.Context(), "shop", token.GrantID{}, 0); len(got)+len(asked) != 0 || err != nil {
		t.Errorf("a limit of 0 gives %v by %v, error %v", got, asked, err)
	}
}

func TestListClientGrantsEndsAtTheFirstFailure(t *testing.T) {
	calls := 0
	s := warm(t, &stub{query: func(*dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
		if calls++; calls == 3 {
			return nil, errors.New("throttled")
		}
		return &dynamodb.QueryOutput{Items: []item{{attrKey: str("GRANT#" + newID(t).String())}}}, nil
	}})
	if got, err := s.ListClientGrants(t.Context(), "shop", token.GrantID{}, 100); err == nil || len(got) != 0 || calls != 3 {
		t.Errorf("got %v after %d calls, error %v", got, calls, err)
	}
}

func TestAnItemFromBeforeTheIndexIsNotListedByIt(t *testing.T) {
	c := onEngine(t)
	s := New(c, newTables(t, c))
	g := someGrant(t)
	it := must[item](t)(encodeGrant(s.grantKey(g.ID), g))
	delete(it, attrClientIndex)
	if _, err := c.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &s.tables.Tokens, Item: it}); err != nil {
		t.Fatal(err)
	}
	byClient, err := s.ListClientGrants(t.Context(), g.ClientID, token.GrantID{}, 10)
	bySubject, err2 := s.ListGrants(t.Context(), g.Subject, token.GrantID{}, 10)
	walked, _, err3 := s.WalkGrants(t.Context(), "", 10)
	if err := errors.Join(err, err2, err3); err != nil || len(byClient) != 0 || len(bySubject) != 1 || len(walked) != 1 || walked[0].ID != g.ID {
		t.Errorf("by client %v, by subject %v, walked %d, error %v", byClient, bySubject, len(walked), err)
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
	indexes := map[string]types.ProjectionType{}
	for _, i := range described.Table.GlobalSecondaryIndexes {
		indexes[*i.IndexName] = i.Projection.ProjectionType
	}
	if want := (map[string]types.ProjectionType{BySubject: types.ProjectionTypeKeysOnly, ByClient: types.ProjectionTypeKeysOnly}); !maps.Equal(indexes, want) {
		t.Errorf("indexes are %v", indexes)
	}
	s := New(c, tables)
	if err := s.Warm(t.Context()); err != nil || !s.guard.verified() {
		t.Errorf("the META rows are not in order: %v", err)
	}
}
