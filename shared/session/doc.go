// Package session holds a person's sign-in in one browser: its birth, its two
// ends (idle and absolute), and its end by decision.
//
// A session is one row, found by the digest of the value that only the
// browser's cookie holds. It records the epochs as they were read before the
// password or the upstream provider's answer was checked, and is dead once a
// current one is greater: so whatever ends a user's grants ends the sessions
// too, and a grant made out of a session carries the session's epochs, never
// newer ones. A row's end only ever moves towards dead; rows are never deleted
// but by age.
//
// CSRF tokens are derived from the cookie's value, so that nothing is stored
// for them. The package must not know HTTP, pages or stores.
package session
