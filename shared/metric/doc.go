// Package metric turns audit events and answered requests into metrics of
// CloudWatch, in its embedded metric format: one JSON line a request, among the
// log's lines, from which CloudWatch makes the metrics by itself.
//
// A metric's dimensions are the stack, the endpoint and the error's code, each
// from a fixed list. The package must not know tokens, stores or clients, and
// nothing that names one of them, or a caller, may reach a line: what is a
// dimension is kept, shown and paid for by its values.
package metric
