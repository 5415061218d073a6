package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// stub is an API whose answers a test writes by hand, for what no engine does
// when asked: partial answers, throttling, foreign items.
type stub struct {
	get    func(*dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error)
	batch  func(*dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error)
	put    func(*dynamodb.PutItemInput) (*dynamodb.PutItemOutput, error)
	update func(*dynamodb.UpdateItemInput) (*dynamodb.UpdateItemOutput, error)
	query  func(*dynamodb.QueryInput) (*dynamodb.QueryOutput, error)
	scan   func(*dynamodb.ScanInput) (*dynamodb.ScanOutput, error)
}

var errNotExpected = errors.New("the test expects no such call")

func answer[I, O any](f func(I) (O, error), in I) (O, error) {
	if f == nil {
		var none O
		return none, errNotExpected
	}
	return f(in)
}

func (s *stub) GetItem(_ context.Context, in *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return answer(s.get, in)
}

func (s *stub) BatchGetItem(_ context.Context, in *dynamodb.BatchGetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error) {
	return answer(s.batch, in)
}

func (s *stub) PutItem(_ context.Context, in *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return answer(s.put, in)
}

func (s *stub) UpdateItem(_ context.Context, in *dynamodb.UpdateItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	return answer(s.update, in)
}

func (s *stub) Query(_ context.Context, in *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return answer(s.query, in)
}

func (s *stub) Scan(_ context.Context, in *dynamodb.ScanInput, _ ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error) {
	return answer(s.scan, in)
}

var stubTables = Tables{Tokens: "t-tokens", Principals: "t-principals"}

// holding answers reads from items, and both META rows as a table in order has them.
func holding(items map[key]item) *stub {
	s := New(nil, stubTables)
	all := map[key]item{}
	for _, k := range s.metaKeys() {
		all[k] = item{attrKey: str(metaKey), attrName: str(k.table), attrGeneration: num(7)}
	}
	for k, it := range items {
		all[k] = it
	}
	return &stub{
		get: func(in *dynamodb.GetItemInput) (*dynamodb.GetItemOutput, error) {
			return &dynamodb.GetItemOutput{Item: all[keyOf(*in.TableName, in.Key)]}, nil
		},
		batch: func(in *dynamodb.BatchGetItemInput) (*dynamodb.BatchGetItemOutput, error) {
			out := &dynamodb.BatchGetItemOutput{Responses: map[string][]item{}}
			for table, part := range in.RequestItems {
				for _, k := range part.Keys {
					if it, ok := all[keyOf(table, k)]; ok {
						out.Responses[table] = append(out.Responses[table], it)
					}
				}
			}
			return out, nil
		},
	}
}

func keyOf(table string, attributes item) key {
	return key{table, (&reader{item: attributes}).str(attrKey)}
}
