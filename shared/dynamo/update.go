package dynamo

import (
	"context"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// update builds one UpdateItem. Every attribute is written #name, so that none
// can be one of DynamoDB's reserved words.
type update struct {
	key    key
	sets   []string
	drops  []string
	conds  []string
	names  map[string]string
	values item
	after  bool // whether the answer holds the item as it is after the update
}

// change begins an update that requires the item to exist.
func change(k key) *update {
	u := upsert(k)
	u.conds = []string{"attribute_exists(" + u.name(attrKey) + ")"}
	return u
}

// upsert begins one that makes the item where there is none.
func upsert(k key) *update { return &update{key: k, names: map[string]string{}, values: item{}} }

// name takes a path as well: a3.d.
func (u *update) name(path string) string {
	parts := strings.Split(path, ".")
	for i, p := range parts {
		parts[i] = "#" + p
		u.names[parts[i]] = p
	}
	return strings.Join(parts, ".")
}

func (u *update) value(v types.AttributeValue) string {
	name := ":" + strconv.Itoa(len(u.values))
	u.values[name] = v
	return name
}

func (u *update) set(name string, v types.AttributeValue) {
	u.sets = append(u.sets, u.name(name)+" = "+u.value(v))
}

// setOnce leaves an attribute that is there as it is.
func (u *update) setOnce(name string, v types.AttributeValue) {
	n := u.name(name)
	u.sets = append(u.sets, n+" = if_not_exists("+n+", "+u.value(v)+")")
}

func (u *update) drop(name string) { u.drops = append(u.drops, u.name(name)) }

// follow makes the attribute what it is in full: absent where full lacks it.
func (u *update) follow(full item, names ...string) {
	for _, name := range names {
		if v, ok := full[name]; ok {
			u.set(name, v)
		} else {
			u.drop(name)
		}
	}
}

func (u *update) is(path, operator string, v types.AttributeValue) string {
	return u.name(path) + " " + operator + " " + u.value(v)
}

func (u *update) absent(name string) string { return "attribute_not_exists(" + u.name(name) + ")" }

// when adds conditions, all of which must hold.
func (u *update) when(conds ...string) { u.conds = append(u.conds, conds...) }

func (u *update) input() *dynamodb.UpdateItemInput {
	in := &dynamodb.UpdateItemInput{
		TableName:                           aws.String(u.key.table),
		Key:                                 u.key.attributes(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	var expr []string
	if len(u.sets) > 0 {
		expr = append(expr, "SET "+strings.Join(u.sets, ", "))
	}
	if len(u.drops) > 0 {
		expr = append(expr, "REMOVE "+strings.Join(u.drops, ", "))
	}
	// DynamoDB refuses empty expressions and empty maps.
	if len(expr) > 0 {
		in.UpdateExpression = aws.String(strings.Join(expr, " "))
	}
	if len(u.conds) > 0 {
		in.ConditionExpression = aws.String(strings.Join(u.conds, " AND "))
	}
	if len(u.names) > 0 {
		in.ExpressionAttributeNames = u.names
	}
	if len(u.values) > 0 {
		in.ExpressionAttributeValues = u.values
	}
	if u.after {
		in.ReturnValues = types.ReturnValueAllNew
	}
	return in
}

// do sends the update. The error may be a failed condition: every caller looks.
func (s *Store) do(ctx context.Context, u *update) (after item, err error) {
	out, err := s.api.UpdateItem(ctx, u.input())
	if err != nil {
		return nil, err
	}
	return out.Attributes, nil
}

// putNew puts an item if its key is absent. The error may be a failed condition.
func (s *Store) putNew(ctx context.Context, k key, it item) error {
	_, err := s.api.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           aws.String(k.table),
		Item:                                it,
		ConditionExpression:                 aws.String("attribute_not_exists(#pk)"),
		ExpressionAttributeNames:            map[string]string{"#pk": attrKey},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	return err
}
