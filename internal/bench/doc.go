// Command bench prints how fast rescind is on this machine, and how much it
// takes: the server on SQLite over loopback HTTP with a filled store, and the
// handlers alone. Its load comes from this same process, on the same cores.
//
//	go run ./internal/bench [--grants 100000] [--seconds 5] [--connections 32] [--json]
//
// Its parts serve others that measure: load makes requests, server runs the
// command, seed fills a store, process reads /proc, local gives DynamoDB Local.
//
// It judges nothing and fails only where something cannot be measured: times
// depend on the machine. What must hold everywhere is counted, in tests.
package main
