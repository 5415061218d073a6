// Package dynamo keeps grants and clients, and the accounts, sessions and consents
// of people, in two DynamoDB tables. It holds the promises of their stores by
// conditional writes to single items; it has no policy of its own, and must not
// know HTTP or the environment.
//
// Both tables have one key, the string attribute pk, and no sort key. N stands
// for a number, ms for milliseconds since 1970, sha for a SHA-256 as binary.
// What is zero is left out, except an.
//
// Every item has a version of its layout, v; where it is absent that is 1. One
// greater than this code knows is an outage, never "absent", so that old and
// new functions may run side by side. testdata/v1 holds items of version 1.
//
// # Tokens table
//
// TTL attribute expires_at (N, whole seconds). Two indexes, by_subject and by_client.
//
//	pk = GRANT#<id in hexadecimal>     one item: a grant and all its tokens
//	  v          N    version of this layout, 1
//	  c, sub     S    client, subject
//	  gs         sha  of the subject, base64url (S): by_subject's key, only where there is a subject
//	  gc         S    client, # and the third hexadecimal digit of the id: by_client's key, likewise
//	  sc, au     S, L scope, audiences
//	  ec, es, eg N    client epoch, subject epoch and store generation, as read before the birth
//	  bn, ab, ie ms   born, absolute end, idle end of the refresh token
//	  expires_at N    when DynamoDB may delete the item
//	  fm, rt     sha  of the family secret, of the current refresh token
//	  p1, p1t    sha, ms  the refresh token before it, and when it was replaced
//	  p2, p2t    sha, ms  the one before that
//	  rn, req    N, sha   number of rotations; the last one's request
//	  op         B    random name of the last birth, redemption or rotation
//	  an         N    access tokens issued so far
//	  a0 ... a7  M    an access token: d sha, i and e ms (issued, expires), s and u (scope, audiences) where its own
//	  code, cc, cr, ce, used   sha, S, sha, ms, BOOL   code, challenge, redirect URI, expiry, whether it was used
//	  rev, why, rop   ms, S, B   the revocation that stands: when, why, by which write
//
//	pk = DENY#<jti>                    a signed token that was issued without an item
//	  rev, why, expires_at
//
//	pk = SESSION#<SHA-256 of the cookie's value in hexadecimal>
//	  v          N    version of this layout, 1
//	  acc        sha  the account's key
//	  sub, label S    subject, how pages name the person
//	  es, eg     N    subject epoch and store generation, as read before the sign-in
//	  auth, bn   ms   when the person proved who they are, when the session was born
//	  ie, ab     ms   idle end, which use moves on, and absolute end
//	  expires_at N    when DynamoDB may delete the item
//	  end        ms   when it was ended, once it was
//	  op         B    random name of the birth
//
//	pk = META                          what this table is
//	  name       S    the table's name when the row was written
//	  gen        N    store generation
//
//	index by_subject, KEYS_ONLY: partition key gs, sort key pk
//	index by_client,  KEYS_ONLY: partition key gc, sort key pk
//
// The indexes are sparse: grants without a subject are in neither. None of
// their attributes changes after the birth: only a birth with a subject writes
// entries, for two more write units; refreshing and revoking never do. A
// client's grants are in 16 partitions, since one bounds how many can be born
// in a second; the digit is of the id's first random byte.
//
// A grant from before by_client existed has no gc, and by_client never lists
// it: walk the grants to find those too, for as long as one can live. The index
// is added to an existing table by the template, or by UpdateTable;
// CreateTables leaves a table that exists as it is.
//
// # Principals table
//
// No TTL.
//
//	pk = CLIENT#<id>
//	  ver, epoch N    version of the named attributes; epoch
//	  state      S    on, off or deleted; a deleted client stays as a tombstone
//	  s1, s2     M    a kept secret: d sha or h (S, an imported hash), and t ms
//	  policy     S    JSON of client.Policy
//	  op         B    random name of the last write
//	  created, updated   ms
//
//	pk = SUBJECT#<SHA-256 of the subject in hexadecimal>
//	  epoch      N
//
//	pk = USER#<the account's key in hexadecimal>
//	  v          N    version of this layout, 1
//	  ver        N    version of the row
//	  sub, state S    subject; on, off or deleted
//	  email, name, iss   S    address, name, issuer of the upstream provider
//	  pw         S    argon2id
//	  op         B    random name of the last write
//	  created, updated   ms
//
//	pk = CONSENT#<SHA-256 of the subject in hexadecimal>
//	  v          N    version of this layout, 1
//	  ver        N    version of the row
//	  sub        S    subject
//	  apps       S    JSON of authorization.App, a list
//	  op, updated     as above
//
//	pk = META                          as above
//
// # The rules
//
//   - Every read that decides something is consistent. One key is read by
//     GetItem, which cannot be answered in part; more by one BatchGetItem, whose
//     unprocessed keys are asked for once more and are then an outage.
//   - Every update of a grant or client requires that the item exists: an update
//     of one that TTL has just removed would make an item that never ends.
//   - rev, an epoch and gen are only ever set where they are absent or less.
//   - USER# and CONSENT# are put whole, under ver or where there is none.
//   - Upserts are DENY#, SUBJECT# and META, and nothing else; that of SUBJECT#
//     sets its epoch where it is absent, as it was read, or less, as its verb says.
//   - No error repeats anything of an item: see outage in store.go. One of a
//     session's item does not name its key either, and no cursor of a walk does.
//
// # Copies and restores
//
// A restore un-revokes whatever was revoked since the backup, and DynamoDB
// restores into a table of another name. So each table holds its own name.
// Where it differs from the configured one every operation fails until an
// operator has run Accept, which raises the store generation and so ends every
// earlier grant. Only a restore under the very name of a deleted table does not
// show: there too Accept has to be run.
//
// The generation of a table in use only rises when an operator means it. Other
// processes see that within MetaInterval: every MetaInterval the next Find
// takes the two META rows along in its one request. The process that raised it
// sees it at once.
//
// # Listing and walking
//
// ListClients and ListUsers scan the principals table for each page: the cost is
// one read unit for 4 KB of all clients, revoked subjects, accounts and consents.
// They are the operator's. ListGrants queries by_subject, which lags a moment behind.
// ListClientGrants queries by_client's 16 partitions one after another, at
// least one unit of half an item each: its order is by the high four bits of the
// ids' byte 1 and then by the ids, which is theirs while all have one byte 0.
//
// WalkGrants, WalkDenied and WalkSubjects scan a whole table consistently, at
// one read unit for 4 KB of all that it holds, and decide nothing. Their order
// is the table's. A cursor is the walk's name and the key where the next Scan
// begins, whose item may be gone by then. A throttled Scan is an outage like
// any other; the walk can go on from the same cursor later. They are the operator's: no
// function of the template may Scan.
package dynamo
