// Package interleave is a proof by trying everything: any two operations on
// one grant, stopped between any two of their calls to the store, each call
// broken in each way that a call can break, end in a state that some order of
// the two explains, or in one that the data model allows.
//
// A schedule says which operation makes the next call, and when a write that is
// late arrives. For two operations all schedules are tried that differ in what
// anybody could see (calls that touch nothing in common are not tried in both
// orders); for three, random ones. What an order explains is not written down:
// it is what the same two operations do one after the other, under the same
// fault. What no order explains must be in the list of what is allowed
// (allow_test.go), with the sentence that allows it. Beside that, after every
// single call: no revocation is taken back, no epoch falls, no count goes
// down, no expiry comes nearer; and in the end, after all has arrived: nothing
// that an answered revocation ended is active, and what met an outage succeeds
// when it is tried again.
//
// shared/storetest holds a store to its promises, by holding one operation
// while another runs wholly, with one fault at a time and nothing beside it,
// and checks what each operation should answer. Here it is the rules that are
// under test, with both operations held and the faults among them, and nothing
// is said of any operation but that it is atomic. So most of it runs over a
// store in memory, where a schedule takes some 50 microseconds, and a part over
// SQLite and DynamoDB.
//
//	go test ./internal/interleave                              all pairs in memory, a part over SQLite
//	RESCIND_INTERLEAVE_FULL=1 go test -timeout 30m ./internal/interleave   every schedule over SQLite too
//
// It must not know how a store keeps its rows.
package interleave
