// Package rescindtest gives an application's tests a real rescind: the
// endpoints of the service over a store in the test's own folder, on a port of
// this machine, ended with the test.
//
//	server := rescindtest.Start(t)
//	app := server.Client("notes:read")
//	token := server.Token(app)
//	... // your API answers 200
//	server.Revoke(app, token)
//	... // and now 401
//
// Tokens come from the token endpoint and are ended at the revocation endpoint,
// as they are outside of tests; only users' tokens, for which somebody would
// have to sign in with a browser, come from the rules directly. An outage is the
// store's: everything else runs as it is.
//
// It is for tests only. Nothing that runs may import it, and it must not know
// the application.
package rescindtest
