// Package storetest is what a store promises, as one suite that every store
// must pass: Run is called from the store's own tests with a way to open two
// processes on one set of data.
//
// The promises are checked through grant.Rules and client.Manager, as the
// endpoints and the operator's command use a store, and at the bare interface
// where no rule would ever ask (an update of a row that is not there). The
// interleavings are deterministic: one operation is held at each of its calls
// to the store while another runs wholly; only the crowds use goroutines.
//
// Every check stands alone and reports through T, so that the suite's own test
// can plant a sin in a store and see which check finds it. The package must not
// know any store, and no store may know a check.
package storetest
