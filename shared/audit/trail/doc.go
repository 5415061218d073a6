// Package trail keeps audit events in a file of JSON lines beside a store, and
// reads them back: what happened in the last hours, in numbers.
//
// The rules are:
//
//   - A line is an event as audit.JSON encodes it, the very line of the log.
//   - Nobody waits for the disk: lines are gathered and written some 100 ms
//     later, or at Close. A process that is killed loses those; the log has them.
//   - Several processes write to one file: each write is of whole lines, at the
//     file's end (O_APPEND).
//   - A file that has grown long enough gets the name FILE.1, in the place of
//     the one before it, and a new one begins.
//   - A trail that cannot be written is said once in the log. It fails nothing.
//   - The reader takes any line: what is no event is counted and left out.
//
// The package must not know stores, HTTP or the command line.
package trail
