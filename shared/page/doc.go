// Package page writes what people see of the server in a browser: signing in,
// consent, the applications that they have authorized, and errors.
//
// The rules are: a page is whole HTML and one stylesheet, with no script, no
// image and no inline style, and its Content-Security-Policy says so; every
// text stands in catalogue/, one file for each language, all with the same
// keys and placeholders; whatever comes from a request or a registration is
// escaped, stripped of control characters, capped and isolated (<bdi>), so
// that a client's name cannot pose as our text; reply.go writes every response.
//
// A language is added by a file in catalogue/, and New refuses one that is not
// complete. The package must not know what a grant, a session or a store is:
// handlers decide, and hand it the words to show.
package page
