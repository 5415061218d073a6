// Package upstream signs people in at an OpenID provider that somebody else
// runs: the authorization code flow of OpenID Connect Core 1.0 section 3.1 with
// PKCE, a nonce, and one attempt bound to one browser.
//
// The rules are:
//   - An Attempt lives in a cookie of the browser that began it, and nowhere
//     else. Whoever comes back without it, or later than Lifetime, has not
//     signed in here.
//   - A person is the pair of the provider's issuer, as it is configured, and
//     the subject. An email is handed on only where the provider has verified
//     it, and identifies nobody.
//   - What the provider, or the browser in its name, answers wrongly is a
//     *Refused; that the provider cannot be asked, or does not know us, is an
//     outage. Neither's text holds a code, a token, a secret or a nonce.
//   - Of the provider's tokens none is kept: rescind asks who somebody is,
//     once, and calls no API in anyone's name.
//
// Discovery, keys and signatures are github.com/coreos/go-oidc's, the requests
// golang.org/x/oauth2's. The package must not know accounts, sessions, pages
// or stores, and writes no response.
package upstream
