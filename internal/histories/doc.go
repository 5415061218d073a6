// Command histories makes random histories of rescind and checks each one: with
// porcupine against a model that was written from the documents alone, and
// beside it the plain promise, straight from the record.
//
// Several servers, the operator's command and many goroutines work on one store,
// all of them through proxies that delay, lose, cut, double and reorder, while
// servers are killed and started again. See --help. With --bite it builds the
// command with a fault planted and fails unless a history shows it.
//
// It must not reach into what it tests: it knows the HTTP interface, the command
// line and the source text that it plants faults in.
package main
