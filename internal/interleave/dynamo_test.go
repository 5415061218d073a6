package interleave_test

import (
	"crypto/rand"
	"os"
	"testing"
	"time"

	"rescind/internal/testkit/engine"
	"rescind/shared/dynamo"
)

func TestPairsOverDynamoDB(t *testing.T) {
	endpoint, ok := engine.DynamoDB(t)
	if !ok {
		t.Skip("no DynamoDB engine; make test-dynamodb")
	}
	tables := dynamo.Tables{Tokens: "interleave-tokens-" + rand.Text()[:12], Principals: "interleave-principals-" + rand.Text()[:12]}
	api := engine.Client(t, endpoint)
	if err := dynamo.CreateTables(t.Context(), api, tables); err != nil {
		t.Fatal(err)
	}
	some, which := noFault, pairs()
	if os.Getenv(fullRun) != "" {
		some = everyNth(10)
	} else {
		which = everyEighth(which)
	}
	all, began := newTally(), time.Now()
	all.all(which, over(t, dynamo.New(api, tables)), together, some)
	all.report(t, "DynamoDB")
	t.Logf("%v", time.Since(began).Round(time.Millisecond))
}

func everyEighth(all []pair) (some []pair) {
	for i := 0; i < len(all); i += 8 {
		some = append(some, all[i])
	}
	return some
}
