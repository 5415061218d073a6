// Command samlocal proves template.yaml, the functions and the sample events on
// AWS's own sam local:
//
//	go run ./internal/samlocal --help
//
// Package docker gives it an engine; the image that sam runs the functions in is
// made here, of the emulator that comes with sam, so that nothing is pulled. It
// knows nothing of the store's items, and nothing of what an event must answer:
// package functions does.
package main
