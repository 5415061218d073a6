// The introspection function answers the introspection endpoint, RFC 7662. It
// reads both tables and cannot write: what grant.Finder has, and its IAM
// policy allows.
package main

import (
	"net/http"

	"rescind/functions/setup"
	"rescind/functions/setup/tables"
	"rescind/shared/endpoint"
	"rescind/shared/grant"
)

func main() {
	service, settings := setup.New(setup.Tables)
	var store grant.Finder = tables.Open(settings)
	setup.Serve(settings, endpoint.RouteIntrospection, setup.Issuing(service, endpoint.RouteIntrospection, func(s *endpoint.Service) http.Handler {
		return s.Introspection(store)
	}))
}
