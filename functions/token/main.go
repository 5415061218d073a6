// The token function answers the token endpoint, RFC 6749 section 3.2. It
// reads both tables, makes and changes grants, and may upgrade an imported
// client secret: what endpoint.TokenStore has, and its IAM policy allows.
package main

import (
	"rescind/functions/setup"
	"rescind/functions/setup/tables"
	"rescind/shared/endpoint"
	"rescind/shared/granttype"
)

func main() {
	service, settings := setup.New(setup.Tables)
	var store endpoint.TokenStore = tables.Open(settings)
	setup.Serve(settings, endpoint.RouteToken, service.Token(store, granttype.ClientCredentials{}, granttype.RefreshToken{}, granttype.AuthorizationCode{}))
}
