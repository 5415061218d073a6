// Command fosite is a small authorization server made with github.com/ory/fosite
// over SQLite, for internal/compare: client credentials, refresh, introspection
// and revocation, with the composition that its documentation shows.
//
//	fosite seed     makes the file and fills it with grants
//	fosite serve    serves it
//
// What it needs to know comes in the COMPARE_ variables.
package main
