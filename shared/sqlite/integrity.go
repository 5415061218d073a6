package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	lib "modernc.org/sqlite/lib"
)

// mostFindings is how many Check gives: who has more has lost the file.
const mostFindings = 100

// Check reads the whole database at path and tells what is damaged in it, a
// sentence each that names the page, table, index or row; none where all is
// well. It changes nothing, may run beside servers, and takes about as long as
// reading the file does. It sees every page's checksum and structure, every index
// against its table, and that each row can be read. In an older file without
// checksums it cannot see a value that was overwritten with another possible one.
//
// err is why the check could not be made or finished: the file is not there or
// not ours, or ctx ended. What was found until then is given too.
func Check(ctx context.Context, path string) (findings []string, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the path of the database: %w", err)
	}
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("cannot check the database %s: %w", path, bare(err))
	}
	c, err := dialToCheck(path)
	if err != nil {
		return nil, explain(path, err)
	}
	defer c.close()
	k := check{ctx: ctx, c: c}
	err = k.run()
	if f := (*fault)(nil); errors.As(err, &f) && isDamage(f) {
		k.found("%s: %s", cmp.Or(k.at, "the file"), f.text)
		err = nil
	}
	if err != nil {
		err = explain(path, err)
	}
	return k.findings, err
}

// dialToCheck opens the file to read it. With a log beside it that holds
// anything it is read through the log, as a server does.
func dialToCheck(path string) (*conn, error) {
	if log, err := os.Lstat(path + "-wal"); errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
		return dialUnchanged(path, "")
	}
	c, err := openConn(path, "", lib.SQLITE_OPEN_READONLY)
	if err != nil {
		return nil, err
	}
	*(*int32)(pointer(c.cell)) = 1
	if rc := lib.Xsqlite3_file_control(c.tls, c.db, 0, lib.SQLITE_FCNTL_PERSIST_WAL, c.cell); rc != lib.SQLITE_OK {
		err := c.fault(rc)
		c.close()
		return nil, err
	}
	lib.Xsqlite3_busy_timeout(c.tls, c.db, 2000)
	return c, nil
}

// isDamage tells an error of the file's content from one of reaching it.
func isDamage(f *fault) bool {
	switch f.primary() {
	case lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB, lib.SQLITE_FORMAT, lib.SQLITE_ERROR, lib.SQLITE_MISMATCH: // ERROR: a table of ours is not there
		return true
	}
	return f.code == lib.SQLITE_IOERR_SHORT_READ
}

// check is one run of Check.
type check struct {
	ctx      context.Context
	c        *conn
	at       string // what is being read
	trees    map[string]string
	findings []string
}

func (k *check) found(format string, args ...any) {
	if len(k.findings) < mostFindings {
		k.findings = append(k.findings, printable(fmt.Sprintf(format, args...)))
	}
}

// mostText is how long what came out of a file may be in a sentence, in bytes.
const mostText = 500

// printable is text as it may stand on a terminal: names in a file, and what
// SQLite says of them, are whoever's who wrote the file.
func printable(text string) string {
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func (k *check) run() error {
	stop := context.AfterFunc(k.ctx, func() { lib.Xsqlite3_interrupt(k.c.tls, k.c.db) })
	defer stop()
	err := k.all()
	if k.ctx.Err() != nil {
		return k.ctx.Err()
	}
	return err
}

func (k *check) all() error {
	// One read transaction, so that all of it sees one state.
	if _, err := k.c.exec(`BEGIN`); err != nil {
		return err
	}
	k.at = "the file's header and list of tables"
	if isNew, err := checkOwner(k.c); err != nil && !errors.Is(err, errBackup) {
		return err
	} else if isNew {
		k.found("the file is empty: it holds no store")
		return nil
	}
	k.at = "the pages"
	if err := k.c.wrongSums(k.ctx, func(f *fault) { k.found("%s", f.text) }); err != nil {
		return err
	}
	if err := k.nameTrees(); err != nil {
		return err
	}
	err := each(k.c, func(s *stmt) error {
		for line := range strings.Lines(string(s.view(0))) {
			if line = strings.TrimSpace(line); line != "" && line != "ok" && !strings.HasPrefix(line, "***") {
				k.found("%s", k.named(line))
			}
		}
		return nil
	}, fmt.Sprintf(`PRAGMA integrity_check(%d)`, mostFindings))
	if err != nil {
		return err
	}
	return k.rows()
}

// nameTrees finds what each tree of pages holds, by the number of its root.
func (k *check) nameTrees() error {
	k.trees = map[string]string{"1": "the list of tables"}
	return each(k.c, func(s *stmt) error {
		what := string(s.view(0)) + " " + string(s.view(1))
		if table := string(s.view(2)); strings.HasPrefix(what, "index ") {
			what += " of table " + table
		}
		k.trees[string(s.view(3))] = what
		return nil
	}, `SELECT type, name, tbl_name, CAST(rootpage AS TEXT) FROM sqlite_schema WHERE rootpage > 0`)
}

var treeNumber = regexp.MustCompile(`^Tree (\d+)\b`)

// named puts the table's or index's name into a line of PRAGMA integrity_check.
func (k *check) named(line string) string {
	m := treeNumber.FindStringSubmatch(line)
	if m == nil || k.trees[m[1]] == "" {
		return line
	}
	return k.trees[m[1]] + ", tree " + m[1] + strings.TrimPrefix(line, m[0])
}

// tablesToRead are all tables, with the version since which there is each, what
// reads a row of it and what names it. A session's name would be its secret's digest.
var tablesToRead = []struct {
	table, columns string
	since          int64
	read           func(*stmt) error
	name           func(s *stmt, n int) string
}{
	{"meta", "generation", 1, func(s *stmt) error { return rises(s) }, rowNumber},
	{"clients", clientColumns, 1, func(s *stmt) error { _, err := readClient(s); return err },
		func(s *stmt, n int) string { return fmt.Sprintf("row %d, client %q,", n, s.view(0)) }},
	{"subjects", "epoch", 1, func(s *stmt) error { return rises(s) }, rowNumber},
	{"grants", grantColumns, 1, func(s *stmt) error { _, err := readGrant(s); return err },
		func(s *stmt, n int) string { return grantName(s, int64(n)) }},
	{"denied", "at, why, expires_at", 1, func(s *stmt) error {
		if s.isNull(0) {
			return errDamaged
		}
		return nil
	}, rowNumber},
	{"users", userColumns, peopleSince, func(s *stmt) error { _, err := readUser(s); return err },
		func(s *stmt, n int) string { return fmt.Sprintf("row %d, account %x,", n, s.view(0)) }},
	{"sessions", sessionColumns, peopleSince, func(s *stmt) error { _, err := readSession(s); return err }, rowNumber},
	{"consents", consentColumns, peopleSince, func(s *stmt) error { _, err := readConsents(s); return err },
		func(s *stmt, n int) string { return fmt.Sprintf("row %d, subject %q,", n, s.view(0)) }},
}

func rowNumber(_ *stmt, n int) string { return fmt.Sprintf("row %d", n) }

func rises(s *stmt) error {
	if !canRise(s.int(0)) {
		return errDamaged
	}
	return nil
}

// rows reads every row as the store would.
func (k *check) rows() error {
	has, err := k.c.number(`PRAGMA user_version`)
	if err != nil {
		return err
	}
	for _, t := range tablesToRead {
		if t.since > has {
			continue
		}
		n := 0
		k.at = "table " + t.table
		err := each(k.c, func(s *stmt) error {
			n++
			if err := t.read(s); err != nil {
				k.found("table %s: %s cannot be read", t.table, t.name(s, n))
			}
			return nil
		}, `SELECT `+t.columns+` FROM `+t.table+` NOT INDEXED`)
		if f := (*fault)(nil); errors.As(err, &f) && isDamage(f) {
			k.found("table %s: after row %d: %s", t.table, n, f.text)
			err = nil
		}
		if err != nil {
			return err
		}
		if t.table == "meta" && n != 1 {
			k.found("table meta has %d rows, and must have one", n)
		}
	}
	return nil
}

// inFile names the file in an error that says it is damaged: whoever reads the
// log of an outage must know which one.
func (s *Store) inFile(err error) error {
	if err == nil {
		return nil
	}
	if f := (*fault)(nil); errors.Is(err, errDamaged) || errors.As(err, &f) && isDamage(f) {
		return damaged(s.path, err)
	}
	return err
}
