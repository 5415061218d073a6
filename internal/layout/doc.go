// Package layout holds the design's import table and house rules, and checks a
// source tree against them by parsing it.
//
// It parses instead of asking the go command: `go test` caches the results of
// tests that run other programs, and would pass on stale answers. Every file
// that is read here is one that `go test` notices.
//
// It must not know what the packages do.
package layout
