// Package broken is one store for tests that fails when and how it is told:
// it wraps a real one and gets in the way of chosen calls.
//
// A write can fail before anything happened, land with its answer lost, arrive
// after the caller has given up, be delivered twice, or be slow. A hook runs
// before and after each call, in the caller's goroutine, so that a test can put
// one operation between any two steps of another without a clock or a sleep.
//
// The package must not know which store it wraps, and decides nothing itself.
package broken
