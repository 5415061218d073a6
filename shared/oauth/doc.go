// Package oauth holds the protocol's words: error codes and the one table that
// gives each its status, scopes, resource indicators, and the names of
// parameters and grant types, spelt as the RFCs spell them.
//
// It imports nothing of ours and must not know HTTP, stores, clients or
// tokens: everything else is built on it.
package oauth
