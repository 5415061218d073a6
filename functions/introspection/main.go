// The introspection function answers the introspection endpoint, RFC 7662. It
// reads both tables and cannot write: what grant.Finder has, and its IAM
// policy allows.
package main

import (
	"rescind/functions/setup"
	"rescind/functions/setup/tables"
	"rescind/shared/grant"
)

func main() {
	service, settings := setup.New(setup.Tables)
	var store grant.Finder = tables.Open(settings)
	setup.Serve(service.Introspection(store))
}
