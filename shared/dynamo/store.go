package dynamo

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/shared/authorization"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/session"
	"rescind/shared/token"
	"rescind/shared/user"
)

// API is what the store needs of DynamoDB. *dynamodb.Client has it.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	BatchGetItem(context.Context, *dynamodb.BatchGetItemInput, ...func(*dynamodb.Options)) (*dynamodb.BatchGetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	Scan(context.Context, *dynamodb.ScanInput, ...func(*dynamodb.Options)) (*dynamodb.ScanOutput, error)
}

// Tables are the names of the two tables.
type Tables struct{ Tokens, Principals string }

// Store is a store on two DynamoDB tables, of people too. It is safe for concurrent use.
type Store struct {
	api    API
	tables Tables
	now    func() time.Time
	guard  guard
}

var (
	_ grant.Store                = (*Store)(nil)
	_ user.Store                 = (*Store)(nil)
	_ session.Store              = (*Store)(nil)
	_ authorization.ConsentStore = (*Store)(nil)
)

// New gives the store. It makes no request: see Warm.
func New(api API, t Tables) *Store { return &Store{api: api, tables: t, now: time.Now} }

// Close does nothing: the client belongs to whoever made it.
func (s *Store) Close() error { return nil }

// key names an item.
type key struct{ table, pk string }

// What keys are, or begin with.
const (
	metaKey       = "META"
	grantPrefix   = "GRANT#"
	denialPrefix  = "DENY#"
	sessionPrefix = "SESSION#"
	clientPrefix  = "CLIENT#"
	subjectPrefix = "SUBJECT#"
	userPrefix    = "USER#"
	consentPrefix = "CONSENT#"
)

func (s *Store) clientKey(id string) key { return key{s.tables.Principals, clientPrefix + id} }
func (s *Store) grantKey(id token.GrantID) key {
	return key{s.tables.Tokens, grantPrefix + id.String()}
}
func (s *Store) denialKey(jti string) key { return key{s.tables.Tokens, denialPrefix + jti} }
func (s *Store) metaKeys() [2]key {
	return [2]key{{s.tables.Tokens, metaKey}, {s.tables.Principals, metaKey}}
}

func (s *Store) subjectKey(subject string) key { return s.subjectRow(grant.KeyOf(subject)) }

func (s *Store) subjectRow(subject grant.SubjectKey) key {
	return key{s.tables.Principals, subjectPrefix + hex.EncodeToString(subject[:])}
}

func (s *Store) sessionKey(id secret.Digest) key {
	return key{s.tables.Tokens, sessionPrefix + hex.EncodeToString(id[:])}
}

func (s *Store) userKey(k user.Key) key {
	return key{s.tables.Principals, userPrefix + hex.EncodeToString(k[:])}
}

func (s *Store) consentKey(subject string) key {
	sum := grant.KeyOf(subject)
	return key{s.tables.Principals, consentPrefix + hex.EncodeToString(sum[:])}
}

// subjectIndexKey is a subject's partition in by_subject.
func subjectIndexKey(subject string) string {
	sum := grant.KeyOf(subject)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// maxKeyLen is DynamoDB's limit for a partition key, in bytes.
const maxKeyLen = 2048

// possible tells whether an item can have this key. One that is too long or no
// UTF-8 is never sent: DynamoDB would refuse it, or the SDK's JSON would turn
// it into another key.
func (k key) possible() bool { return len(k.pk) <= maxKeyLen && utf8.ValidString(k.pk) }

func (k key) attributes() item { return item{attrKey: str(k.pk)} }

var errImpossibleKey = errors.New("dynamo: this id cannot be a key: use UTF-8 of at most 2,000 bytes")

// conditionFailed gives the item that a failed condition met, empty where there
// was none. The SDK's error holds the item and must not be passed on.
func conditionFailed(err error) (item, bool) {
	var failed *types.ConditionalCheckFailedException
	if errors.As(err, &failed) {
		return failed.Item, true
	}
	return nil, false
}

// outage names the operation and the table beside the SDK's error, whose text
// is the service's code, message and request id. The only SDK error that holds
// an item is that of a failed condition, so that one stops here.
func outage(operation, table string, err error) error {
	if _, failed := conditionFailed(err); failed {
		return fmt.Errorf("dynamo: %s on table %s: unexpected failed condition", operation, table)
	}
	return fmt.Errorf("dynamo: %s on table %s: %w", operation, table, err)
}
