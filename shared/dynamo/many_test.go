package dynamo

import (
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"rescind/shared/grant"
	"rescind/shared/token"
)

// Revoking costs the same whatever hangs below a client or subject, and
// whatever lies around a token. 100,000 grants take a local engine up to 45 s,
// so a plain run makes do with fewer, and RESCIND_TEST_GRANTS says how many.
func TestRevokingCostsTheSameOverManyGrants(t *testing.T) {
	if testing.Short() {
		t.Skip("seeds many grants; leave -short out")
	}
	many := 10_000
	if n := os.Getenv("RESCIND_TEST_GRANTS"); n != "" {
		many = must[int](t)(strconv.Atoi(n))
	}
	b := newBench(t)
	costs := func(subject string) (each [3]spent) {
		mine := b.issue(subject)
		for i, do := range []func(){
			func() { b.revoke(mine.Refresh) },
			func() { b.revokeSubject(subject) },
			func() { b.revokeClient("shop") },
		} {
			b.rec.calls, b.rec.sent = nil, 0
			do()
			each[i] = b.rec.take(t, "revoke a grant, a subject, a client")
		}
		return each
	}
	few := costs("alice")
	began := time.Now()
	last := b.seed("alice", many)
	t.Logf("%d grants of one client and one subject put in %v", many, time.Since(began).Round(time.Millisecond))
	if dead := b.dead(last); dead != "" {
		t.Fatalf("the last of the many is dead before anything was revoked: %s", dead)
	}
	if got := costs("alice"); got != few {
		t.Errorf("over one grant: %v; over %d: %v", few, many, got)
	}
	if dead := b.dead(last); dead != grant.DeadClientEpoch {
		t.Errorf("after the revocations the last of the many is %q", dead)
	}
}

func (b *bench) dead(id token.GrantID) string {
	b.t.Helper()
	rows, err := b.store.Find(b.t.Context(), grant.Keys{Clients: []string{"shop"}, Subjects: []string{"alice"}, Grants: []token.GrantID{id}})
	if err != nil {
		b.t.Fatal(err)
	}
	return rows.Grants[0].Dead(grant.Current{Client: rows.Clients[0], Subject: rows.Subjects[0], Store: rows.Generation}, time.Now())
}

// seed puts n grants past the store, and gives the last one's id.
func (b *bench) seed(subject string, n int) (last token.GrantID) {
	b.t.Helper()
	const batch = 25 // DynamoDB's limit
	var work errgroup.Group
	work.SetLimit(8)
	for range n / batch {
		var puts []types.WriteRequest
		for range batch {
			g := someGrant(b.t)
			g.Subject, g.Epochs = subject, grant.Epochs{Client: g.Born.UnixMilli(), Subject: g.Born.UnixMilli()}
			last = g.ID
			it, err := encodeGrant(b.store.grantKey(g.ID), g)
			if err != nil {
				b.t.Fatal(err)
			}
			puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: it}})
		}
		work.Go(func() error { return b.putAll(puts) })
	}
	if err := work.Wait(); err != nil {
		b.t.Fatal(err)
	}
	return last
}

func (b *bench) putAll(puts []types.WriteRequest) error {
	for table := b.store.tables.Tokens; len(puts) > 0; {
		out, err := b.rec.raw.BatchWriteItem(b.t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{table: puts}})
		if err != nil {
			return err
		}
		puts = out.UnprocessedItems[table]
	}
	return nil
}
