// Package openid is an OpenID provider for tests: discovery, keys, an
// authorization endpoint whose sign-in answers at once, and a token endpoint
// that is as strict as a real one (registered redirect URI, client secret, PKCE
// S256, a code that works once and for a minute). Its ID tokens are real,
// RS256 by go-jose.
//
//	provider := openid.Start(t)
//	provider.Register(openid.Client{ID: "rescind", Secret: "...", RedirectURI: "http://127.0.0.1:8000/o/upstream/callback/"})
//	provider.SignIn(openid.Person{Subject: "248289761001", Email: "jane@example.com", EmailVerified: true, Name: "Jane Doe"})
//	// provider.Issuer() is the issuer to configure
//
// A browser, or a client that keeps no cookies, comes back to the redirect URI
// with a code for whoever signed in last; with nobody there it comes back with
// login_required. To see what a client makes of a provider that errs or lies,
// a test spoils its answers with a Spoil.
//
// A Provider is an http.Handler, and Start serves one on a free port of
// 127.0.0.1; New makes one for a listener of the caller's, outside of tests too.
// The package imports none of ours, and must not know who asks.
package openid
