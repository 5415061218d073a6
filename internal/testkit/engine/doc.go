// Package engine gives tests a real DynamoDB engine to run on, and a client for
// it that cannot reach anything else.
//
// A test asks for an endpoint and goes on without one if there is none:
//
//	endpoint, ok := engine.DynamoDB(t)
//	if !ok {
//		t.Skip("no DynamoDB engine; make test-dynamodb")
//	}
//	client := engine.Client(t, endpoint)
//
// All tests of a run share one engine and its tables, so a test names its
// tables so that no other test has the same. The package must not know any
// package of the service: it is imported by their tests.
package engine
