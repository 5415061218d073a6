// Package sample knows the credentials that stand in the sample events, and
// fills a store with the clients and grants that they belong to.
//
// They can be read by anybody, so they must be valid nowhere but in a store
// for trying things out: only the tests and the command events/seed fill one,
// and both refuse an endpoint that is real AWS. Each value says in plain words
// what it is, after its prefix and two characters. The package must not know
// which store it fills, nor the environment.
package sample
