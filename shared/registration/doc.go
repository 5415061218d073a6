// Package registration reads clients that were registered elsewhere, and
// writes ours so that they can be read again: RFC 7591 client metadata, and
// rows of django-oauth-toolkit's table of applications.
//
// The rules are: whatever cannot be kept is refused, and the reason says what
// to do; what is only left out, and weakens nothing, is named; no reason ever
// holds a value that could be a secret; a file is read whole or not at all, and
// no file makes it panic. The package must not know stores, files or the
// command line.
package registration
