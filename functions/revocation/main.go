// The revocation function answers the revocation endpoint, RFC 7009. It reads
// both tables and ends grants and tokens; it can make none: what
// grant.RevokeStore has, and its IAM policy allows.
package main

import (
	"rescind/functions/setup"
	"rescind/functions/setup/tables"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
)

func main() {
	service, settings := setup.New(setup.Tables)
	var store grant.RevokeStore = tables.Open(settings)
	setup.Serve(settings, endpoint.RouteRevocation, service.Revocation(store))
}
