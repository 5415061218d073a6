// Package journal is the revocation journal: what was ended in a store since a
// moment, and how to end it again in a store that was restored from an older
// backup.
//
// It is derived from a store's state and not kept beside it: every reason for a
// token to be dead stays where it was written, so a walk finds them all. What
// leaves no mark it cannot hold: a single access token that was revoked alone,
// of a client set to that, is a slot that was emptied.
//
// The rules are:
//
//   - A journal names grants, clients, users and the keys of subjects. It never holds a
//     token, a secret or a digest of one: of secrets only when they were made.
//   - It is lines of JSON, of which the first says what it is and the last how
//     many there are. Reading takes what writing writes and nothing else, so a
//     file that was cut or changed by hand is noticed.
//   - Replaying it only moves towards dead, and may be repeated.
//
// The package knows stores by grant's, client's and user's interfaces only.
package journal
