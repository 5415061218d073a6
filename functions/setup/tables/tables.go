// Package tables opens the store on DynamoDB for the functions that have one.
// Only their mains import it: whatever imports it carries the AWS SDK.
package tables

import (
	"context"
	"log/slog"
	"os"
	"time"

	"rescind/functions/setup"
	"rescind/shared/dynamo"
)

// warmDeadline is how long init waits for the first read. A table that is
// slower than that is the first request's to judge.
const warmDeadline = 2 * time.Second

// Open gives the store on the tables that the settings name, with the region,
// credentials and endpoint of Lambda's environment; one that is wrong ends the
// process. It makes one read, because opening the connection is most of a cold
// start and the processor is faster during init. That read's failure is logged
// and is no reason to stop: the first request reads again, and answers 503 if
// it must.
func Open(s setup.Settings) *dynamo.Store {
	cfg, options, err := configuration(os.Getenv)
	if err == nil {
		err = oneBundle(os.Getenv, os.Setenv, readable)
	}
	if err != nil {
		setup.End(err)
	}
	store := dynamo.New(dynamo.NewClient(cfg, options...), dynamo.Tables{Tokens: s.TokensTable, Principals: s.PrincipalsTable})
	ctx, cancel := context.WithTimeout(context.Background(), warmDeadline)
	defer cancel()
	if err := store.Warm(ctx); err != nil {
		slog.Warn("the first read failed; the next request tries again", "error", err.Error())
	}
	return store
}
