// The authorizer function lets requests to somebody's own API pass: a Lambda
// authorizer for HTTP and REST APIs, deployed beside that API. It reads both
// tables and writes nothing: what grant.Finder has, and its IAM policy allows.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"rescind/functions/setup"
	"rescind/functions/setup/tables"
	"rescind/shared/grant"
)

func main() {
	a, settings := setup.NewAuthorizer()
	var store grant.Finder = tables.Open(settings)
	a.Store = store
	lambda.Start(setup.Authorizer{Authorizer: a})
}
