// Command zitadel-oidc is a small authorization server made with the op package
// of github.com/zitadel/oidc over SQLite, for internal/compare: client
// credentials, refresh, introspection and revocation.
//
//	zitadel-oidc seed     makes the file and fills it with grants
//	zitadel-oidc serve    serves it
//
// What it needs to know comes in the COMPARE_ variables.
package main
