package doctor

import (
	"context"
	"database/sql"
	"encoding/binary"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"rescind/shared/sqlite"
)

// What the header of a store, and of a backup of one, says whose it is; as
// shared/sqlite writes it.
const (
	storeID  = 0x72736331
	backupID = 0x72736342
)

// facts are what a file says of itself.
type facts struct {
	owner, schema, generation    int64
	inode, born, commits         int64
	noted                        int64 // commits by the -turn file; 0: it does not say
	nowInode, nowBorn            int64 // of the file as it is; 0: the system does not say
	clients, newest, newestEpoch int64 // newest: the latest time of a row, in milliseconds
}

// readFacts reads the file as readers do, through its log where that holds
// anything. Nothing is changed: the file is opened for reading only, which
// keeps SQLite from moving or deleting the log when it is closed.
func readFacts(ctx context.Context, path string, logged bool) (f facts, err error) {
	// In this order: a server that runs notes a write after its COMMIT.
	var b [8]byte
	if turn, err := os.ReadFile(path + "-turn"); err == nil && copy(b[:], turn) == len(b) {
		f.noted = int64(binary.BigEndian.Uint64(b[:]))
	}
	mode := "immutable=1"
	if logged {
		mode = "mode=ro&_pragma=busy_timeout(2000)"
	}
	name := filepath.ToSlash(path)
	if !strings.HasPrefix(name, "/") { // C:/data
		name = "/" + name
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: name, RawQuery: mode}).String())
	if err != nil {
		return f, err
	}
	defer func() { _ = db.Close() }() // only read
	db.SetMaxOpenConns(1)
	for query, into := range map[string]*int64{
		`PRAGMA application_id`: &f.owner, `PRAGMA user_version`: &f.schema,
	} {
		if err := db.QueryRowContext(ctx, query).Scan(into); err != nil {
			return f, err
		}
	}
	if f.owner != storeID && f.owner != backupID {
		return f, nil
	}
	if err := db.QueryRowContext(ctx, `SELECT generation, inode, born, commits FROM meta`).Scan(&f.generation, &f.inode, &f.born, &f.commits); err != nil {
		return f, err
	}
	// New grants are at the end of their table, so its end has the newest times.
	const newest = `SELECT max(
		(SELECT coalesce(max(born), 0) FROM (SELECT born FROM grants ORDER BY rowid DESC LIMIT 1000)),
		(SELECT coalesce(max(coalesce(updated, 0)), 0) FROM clients))`
	if err := db.QueryRowContext(ctx, newest).Scan(&f.newest); err != nil {
		return f, err
	}
	const epochs = `SELECT (SELECT count(*) FROM clients), max((SELECT coalesce(max(epoch), 0) FROM clients), (SELECT coalesce(max(epoch), 0) FROM subjects))`
	if err := db.QueryRowContext(ctx, epochs).Scan(&f.clients, &f.newestEpoch); err != nil {
		return f, err
	}
	f.nowInode, f.nowBorn = identify(path)
	return f, nil
}

// identity examines what the file is, and whether it is the original.
func (r *Report) identity(path string, f facts) {
	accept := "if you mean to use it run `rescind restore accept --store sqlite:" + path + "`, which ends all grants in it; otherwise put the original back"
	same := (f.inode == 0 || f.nowInode == 0 || f.inode == f.nowInode) && (f.born == 0 || f.nowBorn == 0 || f.born == f.nowBorn)
	switch {
	case !same:
		r.wrong("original", accept, "this is a copy of the file that was made or accepted: what was revoked after the copy was made would be alive again")
	case f.noted > f.commits:
		r.wrong("original", accept, "the file is older than it was: %d writes are in it, and there were %d", f.commits, f.noted)
	default:
		r.ok("original", "it is the file that was made or accepted, with all %d writes", f.commits)
	}
	r.holds(f)
}

// holds says what is in the file.
func (r *Report) holds(f facts) {
	if sqlite.HasChecksums(f.schema) {
		r.ok("schema", "version %d", f.schema)
	} else {
		r.look("schema", "run `rescind backup` and then `rescind restore` of that backup, which ends all grants in it", "version %d, whose pages have no checksums: damage to the file may go unnoticed", f.schema)
	}
	r.ok("generation", "%d (%s); %d clients", f.generation, milliseconds(f.generation), f.clients)
}

// times compares the store's times with our clock.
func (r *Report) times(f facts, now time.Time) {
	for _, is := range []struct {
		what string
		at   int64
	}{{"a row", f.newest}, {"the generation", f.generation}, {"an epoch", f.newestEpoch}} {
		if ahead := time.UnixMilli(is.at).Sub(now); ahead > skewLook {
			r.wrong("clock", "set this machine's clock; if it is right now, it was ahead when that was written, and what was written then counts as younger than it is until "+milliseconds(is.at),
				"%s in the store is %s in the future", is.what, ahead.Round(time.Second))
			return
		}
	}
	r.ok("clock", "no time in the store lies in the future")
}

func milliseconds(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05 MST")
}
