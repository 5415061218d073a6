-- The schema of version 1, as the programs of that version made it.
CREATE TABLE meta (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	generation INTEGER NOT NULL,
	inode INTEGER NOT NULL, -- of the file when it was made or accepted, 0 where there is none
	born INTEGER NOT NULL,  -- when the file system says that inode began, 0 where it does not
	commits INTEGER NOT NULL -- how many there were; the file beside the database holds it too
) STRICT;
CREATE TABLE clients (
	id TEXT NOT NULL UNIQUE,
	ver INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	state TEXT NOT NULL,
	secrets BLOB NOT NULL,
	policy TEXT NOT NULL, -- JSON
	op BLOB,
	created INTEGER,
	updated INTEGER
) STRICT;
CREATE TABLE subjects (
	subject BLOB PRIMARY KEY, -- SHA-256 of the name
	epoch INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE grants (
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
) STRICT;
CREATE INDEX grants_expires_at ON grants (expires_at);
CREATE INDEX grants_subject ON grants (subject, id) WHERE subject <> '';
CREATE TABLE denied (
	jti TEXT NOT NULL UNIQUE,
	at INTEGER, why TEXT NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX denied_expires_at ON denied (expires_at);
