package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"rescind/shared/grant"
)

// mostScanned bounds the items that one Scan reads.
const mostScanned = 1000

var errCursor = errors.New("dynamo: this is no cursor of this walk; begin it anew")

// walk is how one kind of item is walked. A cursor is the walk's name and the
// key at which the next Scan begins, which may be one of another kind.
type walk[T any] struct {
	name   string // of the walk, in cursors and errors
	table  string
	prefix string // of the keys of the items
	other  string // of the other keys at which a cursor may stand
	decode func(item) (T, error)
}

// WalkGrants scans the tokens table for a page of grants, consistently.
func (s *Store) WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
	return step(ctx, s, walk[*grant.Grant]{"grants", s.tables.Tokens, grantPrefix, denialPrefix, decodeGrant}, from, limit)
}

// WalkDenied scans the tokens table for a page of denials, consistently.
func (s *Store) WalkDenied(ctx context.Context, from grant.Cursor, limit int) ([]grant.Denial, grant.Cursor, error) {
	return step(ctx, s, walk[grant.Denial]{"denied", s.tables.Tokens, denialPrefix, grantPrefix, decodeDenial}, from, limit)
}

// WalkSubjects scans the principals table for a page of epochs, consistently.
func (s *Store) WalkSubjects(ctx context.Context, from grant.Cursor, limit int) ([]grant.SubjectEpoch, grant.Cursor, error) {
	return step(ctx, s, walk[grant.SubjectEpoch]{"subjects", s.tables.Principals, subjectPrefix, clientPrefix, decodeSubject}, from, limit)
}

func decodeSubject(it item) (e grant.SubjectEpoch, err error) {
	r := readItem(it)
	var ok bool
	if e.Key, ok = parseSubjectKey(r.of); !ok {
		r.fault(attrKey)
		return e, r.err
	}
	e.Epoch, err = decodeEpoch(it)
	return e, err
}

func parseSubjectKey(pk string) (k grant.SubjectKey, ok bool) {
	return parseDigestKey(subjectPrefix, pk)
}

// cursor is empty at the end. Where the scan stands at an item of another kind
// than the walk's two it is that of the last row: what of the table was read
// after it is read again, and no cursor that is shown or kept holds the key of a
// session, which is a secret's digest.
func (w walk[T]) cursor(last, row item) grant.Cursor {
	if len(last) == 0 {
		return ""
	}
	if from := grant.Cursor(w.name + ":" + readItem(last).of); w.takes(from) {
		return from
	}
	return grant.Cursor(w.name + ":" + readItem(row).of)
}

// start reads a cursor; nil begins the walk.
func (w walk[T]) start(from grant.Cursor) (item, error) {
	if from == "" {
		return nil, nil
	}
	if !w.takes(from) {
		return nil, errCursor
	}
	return key{w.table, strings.TrimPrefix(string(from), w.name+":")}.attributes(), nil
}

// takes tells whether this walk can have given a cursor.
func (w walk[T]) takes(from grant.Cursor) bool {
	pk, ok := strings.CutPrefix(string(from), w.name+":")
	ours := pk == metaKey || wellFormed(pk) && (strings.HasPrefix(pk, w.prefix) || strings.HasPrefix(pk, w.other))
	return ok && ours && key{w.table, pk}.possible()
}

// wellFormed tells whether we can have written an item with this key.
func wellFormed(pk string) bool {
	prefix, rest, _ := strings.Cut(pk, "#")
	switch prefix + "#" {
	case grantPrefix:
		_, ok := parseGrantKey(pk)
		return ok
	case subjectPrefix:
		_, ok := parseSubjectKey(pk)
		return ok
	}
	return rest != ""
}

// step gives a page of at least one item, or the end. Each further Scan for a
// first one reads more, since a table may hold few of the kind.
func step[T any](ctx context.Context, s *Store, w walk[T], from grant.Cursor, limit int) (page []T, next grant.Cursor, err error) {
	start, err := w.start(from)
	if err != nil {
		return nil, "", err
	}
	if err := s.ready(ctx); err != nil {
		return nil, "", err
	}
	limit = min(max(limit, 1), mostScanned)
	in := &dynamodb.ScanInput{
		TableName:                 aws.String(w.table),
		ConsistentRead:            aws.Bool(true),
		ExclusiveStartKey:         start,
		FilterExpression:          aws.String("begins_with(#pk, :prefix)"),
		ExpressionAttributeNames:  map[string]string{"#pk": attrKey},
		ExpressionAttributeValues: item{":prefix": str(w.prefix)},
	}
	for scanned := limit; ; scanned = min(2*scanned, mostScanned) {
		in.Limit = aws.Int32(int32(scanned))
		out, err := s.api.Scan(ctx, in)
		if err != nil {
			return nil, "", outage("walking the "+w.name, w.table, err)
		}
		items, last := out.Items, out.LastEvaluatedKey
		if len(items) > limit {
			items = items[:limit]
			last = item{attrKey: items[limit-1][attrKey]}
		}
		for _, it := range items {
			row, err := w.decode(it)
			if err != nil {
				return nil, "", fmt.Errorf("walking the %s: %w", w.name, err)
			}
			page = append(page, row)
		}
		if in.ExclusiveStartKey = last; len(last) == 0 {
			return page, "", nil
		}
		if len(page) > 0 {
			return page, w.cursor(last, items[len(items)-1]), nil
		}
	}
}

var errBadEpoch = errors.New("dynamo: an epoch is not negative, and can always be raised")

// RestoreSubjectEpoch sets the subject's epoch if it is less, or absent.
func (s *Store) RestoreSubjectEpoch(ctx context.Context, subject grant.SubjectKey, to int64) error {
	if to < 0 || to == math.MaxInt64 {
		return errBadEpoch
	}
	k := s.subjectRow(subject)
	if err := s.claim(ctx, k.table); err != nil {
		return err
	}
	u := upsert(k)
	u.when("(" + u.absent(attrEpoch) + " OR " + u.is(attrEpoch, "<", num(to)) + ")")
	u.set(attrEpoch, num(to))
	if _, err := s.do(ctx, u); err != nil {
		if _, reached := conditionFailed(err); !reached {
			return outage("restoring a subject's epoch", k.table, err)
		}
	}
	return nil
}
