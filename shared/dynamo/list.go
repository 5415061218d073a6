package dynamo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/shared/client"
	"rescind/shared/token"
	"rescind/shared/user"
)

// clientShards is how many partitions of by_client hold one client's grants:
// one alone would bound the births of a client with many users.
const clientShards = 16

// clientIndexKey is the partition of by_client that a client's grant is in: the
// shard is the high four bits of the id's byte 1, the first that are random.
func clientIndexKey(clientID string, id token.GrantID) string {
	return fmt.Sprintf("%s#%x", clientID, shardOf(id))
}

func shardOf(id token.GrantID) int { return int(id[1] >> 4) }

// ListGrants queries by_subject, which may lag a moment behind.
func (s *Store) ListGrants(ctx context.Context, subject string, after token.GrantID, limit int) ([]token.GrantID, error) {
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	return s.query(ctx, nil, BySubject, attrIndex, subjectIndexKey(subject), s.grantKey(after).pk, limit)
}

// ListClientGrants queries the shards of by_client in turn, which may lag a
// moment behind. Ids are in the order of their byte 1's high four bits and then
// of themselves: in their own order, while they begin with the same byte 0.
func (s *Store) ListClientGrants(ctx context.Context, clientID string, after token.GrantID, limit int) ([]token.GrantID, error) {
	if !s.clientKey(clientID).possible() {
		return nil, nil
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	var ids []token.GrantID
	var err error
	first := s.grantKey(after).pk
	for shard := shardOf(after); shard < clientShards && len(ids) < limit; shard++ {
		partition := clientIndexKey(clientID, token.GrantID{1: byte(shard) << 4})
		if ids, err = s.query(ctx, ids, ByClient, attrClientIndex, partition, first, limit); err != nil {
			return nil, err
		}
		first = grantPrefix
	}
	return ids, nil
}

// query adds to ids, until there are limit, those of one partition of an index
// whose keys come after the given one.
func (s *Store) query(ctx context.Context, ids []token.GrantID, index, attribute, partition, after string, limit int) ([]token.GrantID, error) {
	in := &dynamodb.QueryInput{
		TableName:                 aws.String(s.tables.Tokens),
		IndexName:                 aws.String(index),
		KeyConditionExpression:    aws.String("#of = :of AND #pk > :after"),
		ExpressionAttributeNames:  map[string]string{"#of": attribute, "#pk": attrKey},
		ExpressionAttributeValues: item{":of": str(partition), ":after": str(after)},
	}
	for len(ids) < limit {
		in.Limit = aws.Int32(int32(min(limit-len(ids), 1000)))
		out, err := s.api.Query(ctx, in)
		if err != nil {
			return nil, outage("listing grants by "+index, s.tables.Tokens, err)
		}
		for _, it := range out.Items {
			r := readItem(it)
			id, ok := parseGrantKey(r.of)
			if !ok {
				r.fault(attrKey)
				return nil, r.err
			}
			ids = append(ids, id)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
			break
		}
	}
	return ids, nil
}

func parseGrantKey(pk string) (token.GrantID, bool) {
	return token.ParseGrantID(strings.TrimPrefix(pk, grantPrefix))
}

// ListClients scans the whole principals table for one page of its clients.
func (s *Store) ListClients(ctx context.Context, after string, limit int) ([]*client.Client, error) {
	return listPrincipals(ctx, s, "clients", s.clientKey(""), s.clientKey(after), limit, decodeClient)
}

// ListUsers scans the whole principals table for one page of its accounts.
func (s *Store) ListUsers(ctx context.Context, after user.Key, limit int) ([]*user.Account, error) {
	return listPrincipals(ctx, s, "accounts", key{s.tables.Principals, userPrefix}, s.userKey(after), limit, decodeUser)
}

// listPrincipals gives the first rows of one kind, in the order of their keys,
// that come after the given one. It is for an operator: each page reads the
// whole table, of which the other kinds are part.
func listPrincipals[T any](ctx context.Context, s *Store, what string, kind, after key, limit int, decode func(item) (T, error)) ([]T, error) {
	if err := s.ready(ctx); err != nil || limit <= 0 {
		return nil, err
	}
	in := &dynamodb.ScanInput{
		TableName:                 aws.String(kind.table),
		ConsistentRead:            aws.Bool(true),
		FilterExpression:          aws.String("begins_with(#pk, :kind) AND #pk > :after"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrKey},
		ExpressionAttributeValues: item{":kind": str(kind.pk), ":after": str(after.pk)},
	}
	type entry struct {
		pk  string
		row T
	}
	var page []entry
	for {
		out, err := s.api.Scan(ctx, in)
		if err != nil {
			return nil, outage("listing "+what, kind.table, err)
		}
		for _, it := range out.Items {
			row, err := decode(it)
			if err != nil {
				return nil, err
			}
			page = append(page, entry{readItem(it).of, row})
		}
		slices.SortFunc(page, func(a, b entry) int { return cmp.Compare(a.pk, b.pk) })
		page = page[:min(len(page), limit)]
		if in.ExclusiveStartKey = out.LastEvaluatedKey; len(in.ExclusiveStartKey) == 0 {
			break
		}
	}
	rows := make([]T, len(page))
	for i := range page {
		rows[i] = page[i].row
	}
	return rows, nil
}
