// Package authorization holds what the authorization endpoint decides (RFC 6749
// section 4.1): whether a request is well-formed and whose it is, where its
// answer may go, what the user has consented to, and what cutting an app ends.
//
// It must not know HTTP, HTML or stores: package page speaks to browsers.
package authorization
