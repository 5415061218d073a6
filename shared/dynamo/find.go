package dynamo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/client"
	"rescind/shared/grant"
)

// maxKeys is how many items one BatchGetItem gives.
const maxKeys = 100

// restDelay is the pause before unprocessed keys are asked for again.
const restDelay = 25 * time.Millisecond

// Find reads all keys in one request, consistently.
func (s *Store) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	want := make([]key, 0, len(keys.Clients)+len(keys.Grants)+len(keys.Subjects)+len(keys.Denied)+2)
	want = appendKeys(want, keys.Clients, s.clientKey)
	want = appendKeys(want, keys.Grants, s.grantKey)
	want = appendKeys(want, keys.Subjects, s.subjectKey)
	want = appendKeys(want, keys.Denied, s.denialKey)
	got, generation, err := s.readGuarded(ctx, want)
	if err != nil {
		return grant.Rows{}, err
	}
	rows := grant.Rows{Generation: generation}
	var errs [4]error
	rows.Clients, errs[0] = decodeAll(got, keys.Clients, s.clientKey, decodeClient)
	rows.Grants, errs[1] = decodeAll(got, keys.Grants, s.grantKey, decodeGrant)
	rows.Subjects, errs[2] = decodeAll(got, keys.Subjects, s.subjectKey, decodeEpoch)
	rows.Denied, errs[3] = decodeAll(got, keys.Denied, s.denialKey, decodeDenial)
	if err := errors.Join(errs[:]...); err != nil {
		return grant.Rows{}, err
	}
	return rows, nil
}

// FindClient reads one client, consistently.
func (s *Store) FindClient(ctx context.Context, id string) (*client.Client, error) {
	rows, err := s.Find(ctx, grant.Keys{Clients: []string{id}})
	if err != nil {
		return nil, err
	}
	return rows.Clients[0], nil
}

func appendKeys[K any](want []key, ids []K, keyOf func(K) key) []key {
	for _, id := range ids {
		if k := keyOf(id); k.possible() { // else there is no such item
			want = append(want, k)
		}
	}
	return want
}

// decodeAll gives a row for each id, the zero T where there is no item. A key
// that stands twice gives two rows that share nothing.
func decodeAll[K, T any](got map[key]item, ids []K, keyOf func(K) key, decode func(item) (T, error)) ([]T, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows := make([]T, len(ids))
	for i, id := range ids {
		it, ok := got[keyOf(id)]
		if !ok {
			continue
		}
		var err error
		if rows[i], err = decode(it); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// read gets the items of all keys, or an error: an answer that lacks some is
// an outage, never "absent".
func (s *Store) read(ctx context.Context, want []key) (map[key]item, error) {
	rest := make(map[string]types.KeysAndAttributes, 2)
	seen := make(map[key]bool, len(want))
	for _, k := range want {
		if !seen[k] { // DynamoDB refuses a batch with a key in it twice
			seen[k] = true
			ask(rest, k.table, k.attributes())
		}
	}
	switch n := len(seen); {
	case n == 0:
		return nil, nil
	case n == 1:
		return s.readOne(ctx, want[0])
	case n > maxKeys:
		return nil, fmt.Errorf("dynamo: %d items asked for at once; %d is the most", n, maxKeys)
	}
	got := make(map[key]item, len(seen))
	rest, err := s.readBatch(ctx, rest, got)
	if err != nil || len(rest) == 0 {
		return got, err
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(restDelay):
	}
	// This is the retry: the SDK makes none of its own beneath it.
	rest, err = s.readBatch(ctx, rest, got, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	if err == nil && len(rest) > 0 {
		err = errors.New("dynamo: DynamoDB left keys of a read unprocessed twice; it is throttling")
	}
	if err != nil {
		return nil, err
	}
	return got, nil
}

func ask(req map[string]types.KeysAndAttributes, table string, attributes item) {
	part := req[table]
	part.ConsistentRead = aws.Bool(true)
	part.Keys = append(part.Keys, attributes)
	req[table] = part
}

func (s *Store) readOne(ctx context.Context, k key) (map[key]item, error) {
	out, err := s.api.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String(k.table), Key: k.attributes(), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return nil, outage("reading", k.table, err)
	}
	if len(out.Item) == 0 {
		return nil, nil
	}
	return map[key]item{k: out.Item}, nil
}

// readBatch makes one BatchGetItem, adds to got, and gives what was left out,
// asked for consistently again whatever the answer says of that.
func (s *Store) readBatch(ctx context.Context, req map[string]types.KeysAndAttributes, got map[key]item,
	opts ...func(*dynamodb.Options)) (rest map[string]types.KeysAndAttributes, err error) {
	out, err := s.api.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: req}, opts...)
	if err != nil {
		return nil, outage("reading", s.tables.Tokens+" and "+s.tables.Principals, err)
	}
	for table, items := range out.Responses {
		for _, it := range items {
			r := readItem(it)
			if r.err != nil {
				return nil, r.err
			}
			got[key{table, r.of}] = it
		}
	}
	rest = make(map[string]types.KeysAndAttributes, len(out.UnprocessedKeys))
	for table, part := range out.UnprocessedKeys {
		for _, attributes := range part.Keys {
			ask(rest, table, attributes)
		}
	}
	return rest, nil
}
