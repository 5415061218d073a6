// Package sqlite is the embedded store: grants and clients, and the accounts,
// sessions and consents of people, in one SQLite file, for one machine. It keeps
// the promises of shared/storetest, which its own tests run.
//
// The rules are:
//
//   - Every operation is one statement whose WHERE holds the whole condition.
//     No row is read, changed and written back, and no update creates a row.
//   - One goroutine writes. It takes all that is queued into one BEGIN
//     IMMEDIATE, a SAVEPOINT each, and answers after COMMIT has synced: every
//     connection has synchronous=FULL and that is checked when it opens.
//   - A failed sync ends the process. What the kernel dropped once, a second
//     sync reports as written.
//   - All reads of one Find are of one snapshot, begun after the call. A walk
//     has a short one for each page, of at most 1,000 rows: a long one would keep
//     the log growing. Its cursor is a rowid, or a subject's key; a VACUUM would
//     give other rowids, so nothing here ever does one in place.
//   - A file of an older schema is brought to this one, but for checksums, as it is
//     opened, in one write transaction, once its identity was checked. Older programs that have
//     it open stop writing: each write looks at the version.
//   - Every page has a checksum and its number (sums.go), checked at each read of
//     it from the file or the log. A file that was made before version 3 has none,
//     and works on: versions since then are odd where pages have them, and even
//     in such a file.
//   - Several processes may use the file at once, and one that waits to write
//     gets its turn: it shows that it waits by a lock beside the file.
//   - A copy of it is refused until an operator accepts it: it would un-revoke
//     what was revoked since. So is a file without its log, which every
//     connection therefore leaves in place when it closes. A process whose file
//     or log was moved away answers nothing more, reads included.
//   - The file holds digests only, and only its owner may read it. It has one
//     owner, the process's user, and one name.
//
// The package speaks to SQLite through modernc.org/sqlite/lib (conn.go), below
// database/sql and the driver: reading a client and a grant takes half the time
// so, and a tenth of the allocations. It must not know any policy: what a
// write requires is in the grant.Change that it is given.
//
// What one process can promise has an end: other programs must leave the file
// alone, and a copy made block by block below the file system (a snapshot of a
// disk) cannot be told from the original; run `rescind restore accept` after
// going back to one.
package sqlite
