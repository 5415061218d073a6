// The metadata function serves the authorization server's metadata, RFC 8414.
// It has no table, no permission, and no AWS SDK in it.
package main

import (
	"rescind/functions/setup"
	"rescind/shared/granttype"
)

func main() {
	service, _ := setup.New(setup.NoTables)
	// The token function offers the same grant types.
	setup.Serve(service.Metadata(granttype.ClientCredentials{}, granttype.RefreshToken{}))
}
