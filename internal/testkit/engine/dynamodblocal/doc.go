// Package dynamodblocal starts the copy of DynamoDB Local that
// `make test-dynamodb` fetched, and decides which endpoints a test may touch.
//
// It serves two callers: the task runner, which hands one engine to all
// packages under test, and package engine, which starts one for a single test
// binary. It must not know package testing, so that the task runner can import
// it, nor any package of the service.
//
// The rules are:
//
//   - the engine listens on 127.0.0.1 only and sends no telemetry;
//   - it dies with the process that started it, however that process ends;
//   - real credentials never reach it, nor a test.
package dynamodblocal
