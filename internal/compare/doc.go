// Command compare measures rescind beside other authorization servers: what
// each does in a second, how long its answers take and what memory it needs, on
// the same two cores, with the same load, one server at a time.
//
//	go run ./internal/compare [--only NAME,...] [--seconds 5] [--connections 32]
//	        [--grants 10000] [--list] [--json]
//
// Each other server is a folder under peers: a small driver of ours that uses
// the package as its documentation shows, and peer.json, which says how it is
// started and how durable its storage is. The packages come from the registries
// of Go, npm and PyPI at the versions that the drivers pin, and are installed
// under build/compare. What cannot be installed or started is listed with the
// reason, and fails nothing.
//
// It judges what it measures by no other rule than the two claims that its last
// lines hold; a machine that does other things meanwhile makes it worthless.
package main
