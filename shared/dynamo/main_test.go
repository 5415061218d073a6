package dynamo

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"rescind/internal/testkit/engine"
	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

func TestMain(m *testing.M) { os.Exit(engine.Main(m)) }

// onEngine gives a client of a real engine, or skips the test.
func onEngine(t *testing.T) *dynamodb.Client {
	t.Helper()
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	return engine.Client(t, endpoint)
}

// newTables makes two tables that no other test has.
func newTables(t *testing.T, c *dynamodb.Client) Tables {
	t.Helper()
	tables := tableNames()
	if err := CreateTables(t.Context(), c, tables); err != nil {
		t.Fatal(err)
	}
	dropAfter(t, c, tables)
	return tables
}

func tableNames() Tables {
	b := make([]byte, 8)
	_, _ = rand.Read(b)
	prefix := "test-" + hex.EncodeToString(b)
	return Tables{Tokens: prefix + "-tokens", Principals: prefix + "-principals"}
}

func dropAfter(t *testing.T, c *dynamodb.Client, tables Tables) {
	t.Cleanup(func() {
		for _, name := range []string{tables.Tokens, tables.Principals} {
			_, err := c.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: aws.String(name)})
			if gone := (*types.ResourceNotFoundException)(nil); err != nil && !errors.As(err, &gone) {
				t.Errorf("deleting table %s: %v", name, err)
			}
		}
	})
}

// peek reads an item past the store; nil where there is none.
func peek(t *testing.T, c *dynamodb.Client, k key) item {
	t.Helper()
	out, err := c.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &k.table, Key: k.attributes(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Item
}

func must[V any](t *testing.T) func(V, error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newID(t *testing.T) token.GrantID {
	t.Helper()
	return must[token.GrantID](t)(token.NewGrantID(rand.Reader))
}

func newOp(t *testing.T) secret.Op {
	t.Helper()
	return must[secret.Op](t)(secret.NewOp(rand.Reader))
}

// someGrant is a grant with a refresh token and one access token.
func someGrant(t *testing.T) *grant.Grant {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	g := &grant.Grant{
		ID: newID(t), ClientID: "shop", Subject: "alice", Scope: []string{"read", "write"}, Audience: []string{"https://api.example.com/"},
		Epochs: grant.Epochs{Client: now.UnixMilli(), Subject: 3}, Born: now, AbsoluteEnd: now.Add(time.Hour), IdleEnd: now.Add(time.Minute),
		ExpiresAt: now.Add(48 * time.Hour).Truncate(time.Second), Op: newOp(t), Family: digest("family"), Refresh: digest("refresh"), Issued: 1,
	}
	g.Access[0] = grant.Slot{Digest: digest("access"), Issued: now, Expires: now.Add(time.Minute)}
	return g
}

func someClient(t *testing.T) *client.Client {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	return &client.Client{
		ID: "shop", Version: 1, Epoch: now.UnixMilli(), State: client.On, Op: newOp(t), Created: now, Updated: now,
		Secrets: []client.Secret{{Digest: digest("client secret"), Created: now}},
		Policy:  client.Policy{Name: "Shop", Type: client.Confidential, GrantTypes: []string{"client_credentials"}},
	}
}

func digest(of string) secret.Digest { return secret.NewText(of).Digest() }
