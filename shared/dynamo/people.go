package dynamo

import (
	"context"
	"errors"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/authorization"
	"rescind/shared/user"
)

// A caller's mistakes.
var (
	errVersion   = errors.New("dynamo: a row's version must be one more than that of the row it replaces")
	errNoSubject = errors.New("dynamo: consents need a subject")
)

// findOne reads one item, consistently; the zero T where there is none.
func findOne[T any](ctx context.Context, s *Store, k key, decode func(item) (T, error)) (row T, err error) {
	got, _, err := s.readGuarded(ctx, []key{k})
	if err != nil {
		return row, err
	}
	it, ok := got[k]
	if !ok {
		return row, nil
	}
	return decode(it)
}

// putVersion puts a whole item if the stored one's version is ver or, where
// that is 0, if there is none. The error may be a failed condition.
func (s *Store) putVersion(ctx context.Context, k key, it item, ver, next int64) error {
	if ver < 0 || ver >= math.MaxInt64-1 || next != ver+1 {
		return errVersion
	}
	if err := s.claim(ctx, k.table); err != nil {
		return err
	}
	if ver == 0 {
		return s.putNew(ctx, k, it)
	}
	_, err := s.api.PutItem(ctx, &dynamodb.PutItemInput{
		TableName:                           aws.String(k.table),
		Item:                                it,
		ConditionExpression:                 aws.String("#ver = :ver"), // of an item that is not there it does not hold
		ExpressionAttributeNames:            map[string]string{"#ver": attrRowVer},
		ExpressionAttributeValues:           item{":ver": num(ver)},
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	return err
}

// conflicting turns a failed condition into what conflict makes of the row that
// it met, nil where there was none. Any other error stays as it is, or is an outage.
func conflicting[T any](operation string, k key, err error, decode func(item) (*T, error), conflict func(*T) error) error {
	it, failed := conditionFailed(err)
	switch {
	case err == nil, errors.Is(err, errVersion):
		return err
	case !failed:
		return outage(operation, k.table, err)
	case len(it) == 0:
		return conflict(nil)
	}
	stored, err := decode(it)
	if err != nil {
		return err
	}
	return conflict(stored)
}

// FindUser reads one account, consistently.
func (s *Store) FindUser(ctx context.Context, id user.Key) (*user.Account, error) {
	return findOne(ctx, s, s.userKey(id), decodeUser)
}

// PutUser puts the account if the row's version is ver, or there is none.
func (s *Store) PutUser(ctx context.Context, a *user.Account, ver int64) error {
	k := s.userKey(a.Key)
	it, err := encodeUser(k, a)
	if err != nil {
		return err
	}
	return conflicting("writing an account", k, s.putVersion(ctx, k, it, ver, a.Version), decodeUser,
		func(a *user.Account) error { return &user.Conflict{Stored: a} })
}

// FindConsents reads what a subject has consented to, consistently.
func (s *Store) FindConsents(ctx context.Context, subject string) (*authorization.Consents, error) {
	return findOne(ctx, s, s.consentKey(subject), decodeConsents)
}

// PutConsents puts the row if its version is ver, or there is none.
func (s *Store) PutConsents(ctx context.Context, c *authorization.Consents, ver int64) error {
	if c.Subject == "" {
		return errNoSubject
	}
	k := s.consentKey(c.Subject)
	it, err := encodeConsents(k, c)
	if err != nil {
		return err
	}
	return conflicting("writing consents", k, s.putVersion(ctx, k, it, ver, c.Version), decodeConsents,
		func(c *authorization.Consents) error { return &authorization.Conflict{Stored: c} })
}
