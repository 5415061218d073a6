package dynamo

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// warm gives a store on a stub that needs no more META reads.
func warm(t *testing.T, api *stub) *Store {
	t.Helper()
	s := New(holding(nil), stubTables)
	if err := s.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.api = api
	return s
}

func TestFindGivesRowsInTheOrderOfTheKeys(t *testing.T) {
	s := New(nil, stubTables)
	c, g := someClient(t), someGrant(t)
	items := map[key]item{
		s.clientKey(c.ID):      must[item](t)(encodeClient(s.clientKey(c.ID), c)),
		s.grantKey(g.ID):       must[item](t)(encodeGrant(s.grantKey(g.ID), g)),
		s.subjectKey("alice"):  {attrKey: str(s.subjectKey("alice").pk), attrEpoch: num(9)},
		s.denialKey("revoked"): {attrKey: str("DENY#revoked"), attrRevoked: num(1), attrReason: str("why"), TTLAttribute: num(2)},
	}
	s = warm(t, holding(items))
	rows, err := s.Find(t.Context(), grant.Keys{
		Clients: []string{"nobody", c.ID, c.ID, "a\xff", strings.Repeat("x", 3000)}, Grants: []token.GrantID{newID(t), g.ID},
		Subjects: []string{"alice", "bob"}, Denied: []string{"other", "revoked"},
	})
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case len(rows.Clients) != 5 || rows.Clients[0] != nil || rows.Clients[1].ID != c.ID || rows.Clients[2].ID != c.ID || rows.Clients[3] != nil || rows.Clients[4] != nil:
		t.Error("clients are not in order")
	case rows.Clients[1] == rows.Clients[2]:
		t.Error("a key that stands twice must give rows that share nothing")
	case len(rows.Grants) != 2 || rows.Grants[0] != nil || rows.Grants[1].ID != g.ID:
		t.Error("grants are not in order")
	case fmt.Sprint(rows.Subjects) != "[9 0]":
		t.Errorf("subjects are %v", rows.Subjects)
	case len(rows.Denied) != 2 || rows.Denied[0] != (grant.Denial{}) || rows.Denied[1].JTI != "revoked" || rows.Denied[1].At.UnixMilli() != 1 || rows.Denied[1].ExpiresAt.Unix() != 2:
		t.Error("denials are not in order")
	case rows.Generation != 7:
		t.Errorf("generation is %d", rows.Generation)
	}
}

func TestOneKeyIsReadByGetItemAndManyByOneBatch(t *testing.T) {
	var requests []string
	api := &stub{
		get: func(in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			requests = append(requests, fmt.Sprintln("get", *in.TableName, aws.ToBool(in.ConsistentRead)))
			return &dynamodb.GetItemOutput{}, nil
		},
		batch: func(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			tokens, principals := in.RequestItems[stubTables.Tokens], in.RequestItems[stubTables.Principals]
			requests = append(requests, fmt.Sprintln("batch", len(tokens.Keys), aws.ToBool(tokens.ConsistentRead), len(principals.Keys), aws.ToBool(principals.ConsistentRead)))
			return &dynamodb.BatchGetItemOutput{}, nil
		},
	}
	s := warm(t, api)
	for _, keys := range []grant.Keys{
		{},
		{Clients: []string{"c", "c"}},
		{Clients: []string{"c", "d", "c"}, Grants: []token.GrantID{newID(t)}, Subjects: []string{"s"}},
	} {
		if _, err := s.Find(t.Context(), keys); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(requests, ""); got != "get t-principals true\nbatch 1 true 3 true\n" {
		t.Errorf("requests: %s", got)
	}
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	if _, err := s.Find(t.Context(), grant.Keys{Clients: many}); err == nil {
		t.Error("more keys than one step can read must be an error, not two steps")
	}
}

// unprocessed leaves out the last key of the tokens table the first n times.
func unprocessed(from *stub, n int, seen *[]int) *stub {
	return &stub{batch: func(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
		part, keys := in.RequestItems[stubTables.Tokens], 0
		for _, p := range in.RequestItems {
			keys += len(p.Keys)
			if !aws.ToBool(p.ConsistentRead) {
				return nil, errors.New("a read without consistency")
			}
		}
		*seen = append(*seen, keys)
		if n--; n < 0 || len(part.Keys) == 0 {
			return from.batch(in)
		}
		left := part.Keys[len(part.Keys)-1]
		part.Keys = part.Keys[:len(part.Keys)-1]
		in.RequestItems[stubTables.Tokens] = part
		out, err := from.batch(in)
		// As bare as an engine may give it back: consistency is ours to ask for again.
		out.UnprocessedKeys = map[string]types.KeysAndAttributes{stubTables.Tokens: {Keys: []item{left}}}
		return out, err
	}}
}

func TestUnprocessedKeysAreAskedForOnceMore(t *testing.T) {
	s := New(nil, stubTables)
	g := someGrant(t)
	items := map[key]item{s.grantKey(g.ID): must[item](t)(encodeGrant(s.grantKey(g.ID), g))}
	keys := grant.Keys{Clients: []string{"c"}, Grants: []token.GrantID{g.ID}}
	for _, c := range []struct {
		leaves int
		want   string
		found  bool
	}{{0, "[2]", true}, {1, "[2 1]", true}, {2, "[2 1]", false}} {
		var seen []int
		s = warm(t, unprocessed(holding(items), c.leaves, &seen))
		rows, err := s.Find(t.Context(), keys)
		if found := err == nil && rows.Grants[0] != nil; found != c.found || (err == nil) != c.found {
			t.Errorf("left out %d times: found %t, error %v", c.leaves, found, err)
		}
		if fmt.Sprint(seen) != c.want {
			t.Errorf("left out %d times: requests of %v keys, want %s", c.leaves, seen, c.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var seen []int
	if _, err := warm(t, unprocessed(holding(items), 1, &seen)).Find(ctx, keys); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that went away before the rest was read: error %v", err)
	}
}

// What a failed condition shows goes into the *Conflict and nowhere else.
func TestErrorsHoldNothingOfItems(t *testing.T) {
	const planted = "PLANTED"
	shown := item{attrKey: str("CLIENT#" + planted), attrPolicy: str(planted), "h": str(planted)}
	failed := &types.ConditionalCheckFailedException{Message: aws.String("The conditional request failed"), Item: shown}
	api := &stub{
		put:    func(*dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error) { return nil, failed },
		update: func(*dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) { return nil, failed },
		get:    func(*dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) { return nil, failed },
		batch:  func(*dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) { return nil, failed },
		query:  func(*dynamodb.QueryInput) (*dynamodb.QueryOutput, error) { return nil, failed },
		scan:   func(*dynamodb.ScanInput) (*dynamodb.ScanOutput, error) { return nil, failed },
	}
	shown[attrKey] = str("CLIENT#a")
	s, g, ctx := warm(t, api), someGrant(t), t.Context()
	errs := map[string]error{
		"Create":           s.Create(ctx, g),
		"Replace":          s.Replace(ctx, grant.Change{ID: g.ID}),
		"RemoveAccess":     s.RemoveAccess(ctx, g.ID, 0, digest("a")),
		"Deny":             s.Deny(ctx, grant.Denial{JTI: "j", At: g.Born}),
		"CreateClient":     s.CreateClient(ctx, someClient(t)),
		"UpdateClient":     s.UpdateClient(ctx, "c", 1, client.Change{}),
		"RaiseClientEpoch": s.RaiseClientEpoch(ctx, "c", 1, 2),
	}
	_, errs["Revoke"] = s.Revoke(ctx, g.ID, "", grant.Revocation{At: g.Born})
	_, errs["Find"] = s.Find(ctx, grant.Keys{Clients: []string{"c"}})
	_, errs["ListGrants"] = s.ListGrants(ctx, "alice", token.GrantID{}, 1)
	_, errs["ListClientGrants"] = s.ListClientGrants(ctx, "shop", token.GrantID{}, 1)
	_, _, errs["WalkGrants"] = s.WalkGrants(ctx, "", 1)
	_, _, errs["WalkSubjects"] = s.WalkSubjects(ctx, "", 1)
	_, _, errs["WalkDenied"] = s.WalkDenied(ctx, "", 1)
	_, errs["ListClients"] = s.ListClients(ctx, "", 1)
	_, errs["Accept"] = s.Accept(ctx)
	for name, err := range errs {
		if err == nil || strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), planted) {
			t.Errorf("%s: error %+v", name, err)
		}
		if _, held := conditionFailed(err); held {
			t.Errorf("%s: the item is passed on within the error", name)
		}
	}
}

func TestFailedConditionShowsTheRow(t *testing.T) {
	g := someGrant(t)
	stored := must[item](t)(encodeGrant(New(nil, stubTables).grantKey(g.ID), g))
	for _, c := range []struct {
		it   item
		want *grant.Grant
	}{{nil, nil}, {stored, g}} {
		s := warm(t, &stub{update: func(*dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
			return nil, &types.ConditionalCheckFailedException{Item: c.it}
		}})
		var conflict *grant.Conflict
		if err := s.Replace(t.Context(), grant.Change{ID: g.ID}); !errors.As(err, &conflict) || (conflict.Stored == nil) != (c.want == nil) {
			t.Errorf("error is %v", err)
		} else if c.want != nil && !conflict.Stored.Op.Equal(c.want.Op) {
			t.Error("the row shown is another")
		}
	}
	stored[attrVersion] = num(layout + 1)
	s := warm(t, &stub{update: func(*dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		return nil, &types.ConditionalCheckFailedException{Item: stored}
	}})
	var conflict *grant.Conflict
	if err := s.Replace(t.Context(), grant.Change{ID: g.ID}); err == nil || errors.As(err, &conflict) {
		t.Errorf("a row that cannot be read must be an outage, not a refusal: %v", err)
	}
}
