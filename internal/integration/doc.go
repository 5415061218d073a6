// Command integration runs everything that needs DynamoDB against the engine
// that AWS_ENDPOINT_URL names, be it AWS's own DynamoDB Local or an emulator of
// all of AWS; docs/integration.md says how each is started:
//
//	go run ./internal/integration --help
//
// It runs the tests that have a store, through internal/task; the functions'
// processes over one pair of tables (package processes); and, where it is asked
// to, the stack of template.yaml (package stack). An endpoint that is AWS itself
// is refused. It knows nothing of the store's items and nothing of one emulator:
// what differs between engines is told in words, never skipped.
package main
