// The browser function shows people the pages: the authorization endpoint
// (RFC 6749 section 3.1), sign-in and sign-out, and what they have authorized,
// with the button that ends it. It reads both tables, makes sessions, consents,
// grants and upstream providers' accounts, and ends grants: what browser.Store
// has, and its IAM policy allows.
package main

import (
	"net/http"
	"os"

	"rescind/functions/setup"
	"rescind/functions/setup/tables"
	"rescind/shared/browser"
	"rescind/shared/endpoint"
	"rescind/shared/upstream"
)

func main() {
	service, settings := setup.New(setup.TablesAndUpstream)
	provider, err := upstream.FromEnv(os.Getenv)
	if err != nil {
		setup.End(err)
	}
	var store browser.Store = tables.Open(settings)
	setup.Serve(settings, endpoint.RouteBrowser, setup.Issuing(service, endpoint.RouteBrowser, func(s *endpoint.Service) http.Handler {
		pages, err := browser.New(browser.Standard(s, store, provider))
		if err != nil { // of the program, not of the request
			setup.End(err)
		}
		return pages
	}))
}
