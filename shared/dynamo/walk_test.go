package dynamo

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/grant"
)

// scanned is a table as a scan sees it: its keys in the table's order. It notes
// each request's limit.
type scanned struct {
	keys   []string
	limits []int32
}

func (s *scanned) scan(in *dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
	if !aws.ToBool(in.ConsistentRead) {
		return nil, errors.New("a row that was just made would be missing")
	}
	s.limits = append(s.limits, *in.Limit)
	at := 0
	if len(in.ExclusiveStartKey) > 0 {
		at = slices.Index(s.keys, readItem(in.ExclusiveStartKey).of) + 1
	}
	prefix := in.ExpressionAttributeValues[":prefix"].(*types.AttributeValueMemberS).Value
	out := &dynamodb.ScanOutput{}
	for ; at < len(s.keys) && *in.Limit > 0; at++ {
		if *in.Limit--; strings.HasPrefix(s.keys[at], prefix) {
			out.Items = append(out.Items, item{attrKey: str(s.keys[at]), attrRevoked: num(1), attrReason: str("why")})
		}
	}
	if at < len(s.keys) {
		out.LastEvaluatedKey = item{attrKey: str(s.keys[at-1])}
	}
	return out, nil
}

// A table of many grants and few denials is read in ever larger steps, and what
// they give too much of comes with the next page.
func TestAWalkOfFewAmongManyReadsMoreEachTime(t *testing.T) {
	table := &scanned{}
	var want []string
	for i := range 5000 {
		table.keys = append(table.keys, "GRANT#"+newID(t).String())
		if i == 3000 || i == 3001 || i == 3002 || i == 4990 {
			want = append(want, fmt.Sprint("jti", i))
			table.keys = append(table.keys, fmt.Sprint("DENY#jti", i))
		}
	}
	s := warm(t, &stub{scan: table.scan})
	var got []string
	for from := grant.Cursor(""); ; {
		page, next, err := s.WalkDenied(t.Context(), from, 2)
		if err != nil || len(page) > 2 || len(page) == 0 && next != "" {
			t.Fatalf("a page of 2 holds %d, error %v", len(page), err)
		}
		for _, d := range page {
			got = append(got, d.JTI)
		}
		if from = next; from == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	if len(table.limits) > 40 || slices.Max(table.limits) > mostScanned || !slices.Equal(table.limits[:4], []int32{2, 4, 8, 16}) {
		t.Errorf("the requests read %v", table.limits)
	}
}

func TestAThrottledWalkIsAnOutageAndGivesNothing(t *testing.T) {
	calls := 0
	s := warm(t, &stub{scan: func(*dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
		if calls++; calls == 1 { // nothing of the kind yet
			return &dynamodb.ScanOutput{LastEvaluatedKey: item{attrKey: str("META")}}, nil
		}
		return nil, &types.ProvisionedThroughputExceededException{Message: aws.String("slow down")}
	}})
	rows, next, err := s.WalkGrants(t.Context(), "", 10)
	var throttled *types.ProvisionedThroughputExceededException
	if len(rows) != 0 || next != "" || !errors.As(err, &throttled) || !strings.Contains(err.Error(), stubTables.Tokens) {
		t.Errorf("%d rows, cursor %q, error %v", len(rows), next, err)
	}
}

func TestAWalkNamesTheItemThatItCannotRead(t *testing.T) {
	g := someGrant(t)
	damaged := must[item](t)(encodeGrant(New(nil, stubTables).grantKey(g.ID), g))
	damaged[attrRefresh] = bin([]byte("PLANTED"))
	newer := item{attrKey: damaged[attrKey], attrVersion: num(layout + 1), attrClient: str("PLANTED"), attrIssued: num(0)}
	for _, c := range []struct {
		it    item
		named string
		walk  func(*Store) error
	}{
		{damaged, g.ID.String(), func(s *Store) error { _, _, err := s.WalkGrants(t.Context(), "", 10); return err }},
		{newer, g.ID.String(), func(s *Store) error { _, _, err := s.WalkGrants(t.Context(), "", 10); return err }},
		{item{attrKey: str("DENY#the-jti"), attrReason: str("PLANTED")}, "the-jti", func(s *Store) error { _, _, err := s.WalkDenied(t.Context(), "", 10); return err }},
		{item{attrKey: str("SUBJECT#ab"), attrEpoch: num(1)}, "SUBJECT#ab", func(s *Store) error { _, _, err := s.WalkSubjects(t.Context(), "", 10); return err }},
		{item{attrKey: str(New(nil, stubTables).subjectKey("a").pk), attrEpoch: str("PLANTED")}, "SUBJECT#", func(s *Store) error { _, _, err := s.WalkSubjects(t.Context(), "", 10); return err }},
	} {
		s := warm(t, &stub{scan: func(*dynamodb.ScanInput) (*dynamodb.ScanOutput, error) {
			return &dynamodb.ScanOutput{Items: []item{c.it}}, nil
		}})
		if err := c.walk(s); err == nil || !strings.Contains(err.Error(), c.named) || strings.Contains(err.Error(), "PLANTED") {
			t.Errorf("%s: the error is %v", c.named, err)
		}
	}
}

func TestOnlyKeysThatWeWriteAreCursors(t *testing.T) {
	s := warm(t, &stub{scan: func(*dynamodb.ScanInput) (*dynamodb.ScanOutput, error) { return &dynamodb.ScanOutput{}, nil }})
	id, key := newID(t).String(), New(nil, stubTables).subjectKey("alice").pk
	for _, c := range []struct {
		from grant.Cursor
		good bool
	}{
		{"grants:META", true}, {grant.Cursor("grants:GRANT#" + id), true}, {"grants:DENY#jti#1 ü", true},
		{grant.Cursor("grants:GRANT#" + strings.ToUpper(id)[1:] + "x"), false}, {"grants:GRANT#", false}, {"grants:DENY#", false}, {"grants:CLIENT#a", false},
		{grant.Cursor("grants:" + key), false}, {"grants:meta", false}, {"grants:DENY#\xff", false}, {"grants:", false}, {"META", false},
		{grant.Cursor("grants:DENY#" + strings.Repeat("x", maxKeyLen)), false}, {grant.Cursor("denied:GRANT#" + id), false},
	} {
		if _, _, err := s.WalkGrants(t.Context(), c.from, 1); (err == nil) != c.good || err != nil && err != errCursor {
			t.Errorf("%.60q: error %v", c.from, err)
		}
	}
	for _, c := range []struct {
		from grant.Cursor
		good bool
	}{{grant.Cursor("subjects:" + key), true}, {"subjects:CLIENT#a", true}, {"subjects:SUBJECT#zz", false}, {grant.Cursor("subjects:" + key[:len(key)-2]), false},
		{grant.Cursor("subjects:" + key + "00"), false}, {grant.Cursor("subjects:GRANT#" + id), false}} {
		if _, _, err := s.WalkSubjects(t.Context(), c.from, 1); (err == nil) != c.good {
			t.Errorf("%.60q: error %v", c.from, err)
		}
	}
}

// TTL removes items meanwhile, those at which a walk stands too.
func TestAWalkGoesOnWhereItsLastItemIsGone(t *testing.T) {
	c := onEngine(t)
	s := New(c, newTables(t, c))
	there := map[string]bool{}
	for range 9 {
		g := someGrant(t)
		if err := s.Create(t.Context(), g); err != nil {
			t.Fatal(err)
		}
		there[g.ID.String()] = true
	}
	seen := map[string]int{}
	for from := grant.Cursor(""); ; {
		page, next, err := s.WalkGrants(t.Context(), from, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page {
			seen[g.ID.String()]++
			k := s.grantKey(g.ID)
			if _, err := c.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: &k.table, Key: k.attributes()}); err != nil {
				t.Fatal(err)
			}
		}
		if from = next; from == "" {
			break
		}
	}
	for id := range there {
		if seen[id] != 1 {
			t.Errorf("a grant came %d times", seen[id])
		}
	}
}

func TestARestoredEpochThatIsLessIsNoErrorAndAFailureIs(t *testing.T) {
	failure := error(&types.ConditionalCheckFailedException{Item: item{attrKey: str("PLANTED")}})
	s := warm(t, &stub{update: func(in *dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error) {
		if in.ConditionExpression == nil || !strings.Contains(*in.ConditionExpression, "<") {
			return nil, errors.New("not conditional")
		}
		return nil, failure
	}})
	if err := s.RestoreSubjectEpoch(t.Context(), grant.KeyOf("alice"), 5); err != nil {
		t.Errorf("what is greater already: %v", err)
	}
	failure = errors.New("no answer")
	if err := s.RestoreSubjectEpoch(t.Context(), grant.KeyOf("alice"), 5); !errors.Is(err, failure) {
		t.Errorf("no answer: %v", err)
	}
}
