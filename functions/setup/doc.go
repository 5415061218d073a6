// Package setup is what the mains of the Lambda functions share: it reads the
// environment, makes the logger and the endpoints' Service, and serves a
// handler under the deadlines that a function has.
//
// Only mains import it, and tests. It must not import the AWS SDK, directly or
// by another package: the metadata function has no table and is built without
// it. Package tables, below this one, opens the store for those that have.
package setup
