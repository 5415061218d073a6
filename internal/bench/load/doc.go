// Package load sends HTTP/1.1 requests over several connections for a time and
// says how long the answers took.
//
// It writes bytes that the caller made and parses no more of an answer than
// where it ends, because it shares the cores with the server that is measured.
// It knows nothing of OAuth, of any server, or of what a right answer is: the
// caller's Maker judges each one. There is no TLS and no pipelining.
package load
