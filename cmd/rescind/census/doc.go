// Package census counts grants for an operator: how many are alive, by client,
// and why the others are dead.
//
// The rules are: a grant is judged by grant.Dead alone, with rows that were
// read after it, so that what had ended before the count began is never
// counted as alive; nothing is written. The package must not know the command
// line, nor which store it reads.
package census
