// Package client holds the registered client and client authentication, the
// package that every endpoint shares: what a client is, which secrets verify,
// who may try how often, and how an operator changes a client.
//
// The rules are: only Authenticate can make an Authenticated, and its zero
// value is powerless; an unknown client and a wrong secret get the same answer
// in the same time; a failed attempt writes nothing; a client row changes only
// by named attributes under its version, and only RaiseEpoch touches an epoch.
// It must not know HTTP, tokens or grants.
package client
