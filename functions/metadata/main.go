// The metadata function serves the authorization server's metadata, RFC 8414.
// It has no table, no permission, and no AWS SDK in it.
package main

import (
	"net/http"

	"rescind/functions/setup"
	"rescind/shared/endpoint"
	"rescind/shared/granttype"
)

func main() {
	service, settings := setup.New(setup.NoTables)
	setup.Serve(settings, endpoint.RouteMetadata, setup.Issuing(service, endpoint.RouteMetadata, func(s *endpoint.Service) http.Handler {
		s.Languages = setup.Languages()
		return s.Metadata(granttype.ClientCredentials{}, granttype.RefreshToken{}, granttype.AuthorizationCode{})
	}))
}
