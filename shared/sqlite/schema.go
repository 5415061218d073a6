package sqlite

// applicationID marks our files: "rsc1", in the file's header.
const applicationID = 0x72736331

// version is this schema's, in the file's user_version. It is checked inside
// every write transaction, since a newer program may have raised it meanwhile.
const version = 5

// sumless is the same schema in a file whose pages have no checksums, which one
// that was made without them cannot have in place.
const sumless = version - 1

// HasChecksums tells whether pages of a file of a schema's version have them:
// since version 3 every schema has an even number without and an odd one with.
func HasChecksums(version int64) bool { return version >= 3 && version%2 == 1 }

// schema is made in one transaction. Times are milliseconds, but expires_at is
// in seconds. Rows are in a rowid table with the id in an index: new grants
// then go to the end of the table, wherever their random ids fall.
var schema = []string{
	`CREATE TABLE meta (
		one INTEGER PRIMARY KEY CHECK (one = 1),
		generation INTEGER NOT NULL,
		inode INTEGER NOT NULL, -- of the file when it was made or accepted, 0 where there is none
		born INTEGER NOT NULL,  -- when the file system says that inode began, 0 where it does not
		commits INTEGER NOT NULL -- how many there were; the file beside the database holds it too
	) STRICT`,
	`CREATE TABLE clients (
		id TEXT NOT NULL UNIQUE,
		ver INTEGER NOT NULL,
		epoch INTEGER NOT NULL,
		state TEXT NOT NULL,
		secrets BLOB NOT NULL,
		policy TEXT NOT NULL, -- JSON
		op BLOB,
		created INTEGER,
		updated INTEGER
	) STRICT`,
	`CREATE TABLE subjects (
		subject BLOB PRIMARY KEY, -- SHA-256 of the name
		epoch INTEGER NOT NULL
	) STRICT, WITHOUT ROWID`,
	`CREATE TABLE grants (
		id BLOB NOT NULL UNIQUE,
		client TEXT NOT NULL,
		subject TEXT NOT NULL,
		scope BLOB, audience BLOB,
		client_epoch INTEGER NOT NULL, subject_epoch INTEGER NOT NULL, generation INTEGER NOT NULL,
		born INTEGER, absolute_end INTEGER, idle_end INTEGER, expires_at INTEGER NOT NULL,
		op BLOB, family BLOB,
		rt BLOB, p1 BLOB, p1t INTEGER, p2 BLOB, p2t INTEGER, rotation INTEGER NOT NULL, req BLOB,
		issued INTEGER NOT NULL,
		a0 BLOB, a1 BLOB, a2 BLOB, a3 BLOB, a4 BLOB, a5 BLOB, a6 BLOB, a7 BLOB,
		code BLOB, challenge TEXT NOT NULL, redirect_uri BLOB, code_end INTEGER, used INTEGER NOT NULL,
		rev_at INTEGER, rev_why TEXT NOT NULL, rev_op BLOB
	) STRICT`,
	`CREATE INDEX grants_expires_at ON grants (expires_at)`,
	`CREATE INDEX grants_subject ON grants (subject, id) WHERE subject <> ''`,
	grantsClient,
	`CREATE TABLE denied (
		jti TEXT NOT NULL UNIQUE,
		at INTEGER, why TEXT NOT NULL,
		expires_at INTEGER NOT NULL
	) STRICT`,
	`CREATE INDEX denied_expires_at ON denied (expires_at)`,
	usersTable, sessionsTable, sessionsExpiry, consentsTable,
}

// grantsClient has no entry for a client's own grants, so that issuing one to
// a machine costs no more for it.
const grantsClient = `CREATE INDEX grants_client ON grants (client, id) WHERE subject <> ''`

// The tables of people are there since version 4.
const (
	usersTable = `CREATE TABLE users (
		id BLOB PRIMARY KEY, -- the account's key
		ver INTEGER NOT NULL,
		subject TEXT NOT NULL,
		state TEXT NOT NULL,
		email TEXT NOT NULL, name TEXT NOT NULL, issuer TEXT NOT NULL,
		password TEXT NOT NULL, -- argon2id
		op BLOB,
		created INTEGER,
		updated INTEGER
	) STRICT, WITHOUT ROWID`
	sessionsTable = `CREATE TABLE sessions (
		id BLOB NOT NULL UNIQUE, -- SHA-256 of the cookie's value
		account BLOB NOT NULL, subject TEXT NOT NULL, label TEXT NOT NULL,
		subject_epoch INTEGER NOT NULL, generation INTEGER NOT NULL,
		auth_time INTEGER, born INTEGER, idle_end INTEGER, absolute_end INTEGER, expires_at INTEGER NOT NULL,
		ended INTEGER,
		op BLOB
	) STRICT`
	sessionsExpiry = `CREATE INDEX sessions_expires_at ON sessions (expires_at)`
	consentsTable  = `CREATE TABLE consents (
		subject TEXT NOT NULL UNIQUE,
		ver INTEGER NOT NULL,
		apps TEXT NOT NULL, -- JSON
		op BLOB,
		updated INTEGER
	) STRICT`
	peopleSince = 4
)

var people = []string{usersTable, sessionsTable, sessionsExpiry, consentsTable}

// migrations make of a file of an older version one of a newer. None adds
// checksums, which a file cannot have in place.
var migrations = map[int64]struct {
	to  int64
	sql []string
}{
	1: {2, []string{grantsClient}},
	2: {4, people},
	3: {5, people},
}

// grantColumns are read and written in the order of codec.go.
const grantColumns = `id, client, subject, scope, audience, client_epoch, subject_epoch, generation,
	born, absolute_end, idle_end, expires_at, op, family, rt, p1, p1t, p2, p2t, rotation, req, issued,
	a0, a1, a2, a3, a4, a5, a6, a7, code, challenge, redirect_uri, code_end, used, rev_at, rev_why, rev_op`

const clientColumns = `id, ver, epoch, state, secrets, policy, op, created, updated`

const (
	findGrant      = `SELECT ` + grantColumns + ` FROM grants WHERE id = ?`
	findClient     = `SELECT ` + clientColumns + ` FROM clients WHERE id = ?`
	findSubject    = `SELECT epoch FROM subjects WHERE subject = ?`
	findDenial     = `SELECT at, why, expires_at FROM denied WHERE jti = ?`
	findGeneration = `SELECT generation FROM meta`
)
