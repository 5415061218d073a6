package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	lib "modernc.org/sqlite/lib"
)

// parted refuses a database without its log, which holds the latest writes and
// never goes away by our doing: a file that was moved or copied alone, or has
// a second name by a mount. What SQLite would do is make a new log.
func (s *Store) parted() error {
	file, err := os.Lstat(s.path)
	if err != nil || file.Size() == 0 || s.o.Accept {
		return err
	}
	if _, err := os.Lstat(s.path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	c, err := dialUnchanged(s.path, s.o.VFS)
	if err != nil {
		return err
	}
	defer c.close()
	if isNew, err := checkOwner(c); err != nil || isNew {
		return err
	}
	return errParted
}

// prepareFile checks whose the file is before it changes anything in it.
func (s *Store) prepareFile(ctx context.Context, c *conn) error {
	if lib.Xsqlite3_db_readonly(c.tls, c.db, 0) != 0 {
		return &fault{code: lib.SQLITE_READONLY, text: "the file cannot be written"}
	}
	if err := c.reserveSums(); err != nil {
		return err
	}
	isNew, err := s.ours(c)
	if err != nil {
		return err
	}
	if s.id, err = identify(s.path); err != nil {
		return err
	}
	if err := s.useWAL(ctx, c); err != nil {
		return err
	}
	if s.log, err = identify(s.path + "-wal"); err != nil {
		return err
	}
	if isNew {
		if err := inTransaction(c, s.create); err != nil {
			return err
		}
	}
	if _, err := s.ours(c); err != nil { // what another process may have made
		return err
	}
	if s.o.Accept {
		err = inTransaction(c, s.accept)
	} else {
		err = s.checkIdentity(c)
	}
	if err != nil {
		return err
	}
	if err := migrate(c, s.ours); err != nil {
		return err
	}
	if s.version, err = c.number(`PRAGMA user_version`); err == nil && s.version == sumless {
		s.o.Logger.Warn("the database is of an older version, whose pages have no checksums: damage to its file may go unnoticed; `rescind backup` and then `rescind restore` of that backup give it checksums, and end all grants in it", "path", s.path)
	}
	return err
}

// migrate brings an older file to this schema, but for checksums; those it
// cannot have in place. Programs of its version stop writing with the COMMIT,
// since each of their writes looks at the version.
func migrate(c *conn, ours func(*conn) (bool, error)) error {
	has, err := c.number(`PRAGMA user_version`)
	if _, older := migrations[has]; err != nil || !older {
		return err
	}
	return inTransaction(c, func(c *conn) error {
		if _, err := ours(c); err != nil {
			return err
		}
		has, err := c.number(`PRAGMA user_version`) // another process may have been first
		if err != nil {
			return err
		}
		for step, older := migrations[has]; older; step, older = migrations[has] {
			for _, sql := range step.sql {
				if _, err := c.exec(sql); err != nil {
					return err
				}
			}
			has = step.to
		}
		_, err = c.exec(fmt.Sprintf(`PRAGMA user_version = %d`, has))
		return err
	})
}

// checkOwner tells whether the file is empty; if not it must be ours, and not newer.
func checkOwner(c *conn) (isNew bool, err error) {
	owner, err := c.number(`PRAGMA application_id`)
	if err != nil {
		return false, err
	}
	has, err := c.number(`PRAGMA user_version`)
	if err != nil {
		return false, err
	}
	tables, err := c.number(`SELECT count(*) FROM sqlite_schema`)
	switch {
	case err != nil:
		return false, err
	case owner == 0 && has == 0 && tables == 0:
		return true, nil
	case owner != applicationID && owner != backupID:
		return false, errForeign
	case has > version:
		return false, errNewer
	case has < 1:
		return false, errDamaged
	case HasChecksums(has) != c.hasSums(): // else a bit of the header could switch them off
		return false, &fault{code: lib.SQLITE_CORRUPT, text: "page 1 is wrong about whether pages have checksums", page: 1}
	case owner == backupID:
		return false, errBackup
	}
	return false, nil
}

// useWAL switches the write-ahead log on. The switch does not wait for other
// processes of itself.
func (s *Store) useWAL(ctx context.Context, c *conn) error {
	for end := time.Now().Add(s.o.BusyTimeout); ; {
		mode, err := c.text(`PRAGMA journal_mode = WAL`)
		if err == nil && mode != "wal" {
			return errNoWAL
		}
		if err == nil { // the log is opened by the next read, and made where a power failure took it
			_, err = c.number(`SELECT count(*) FROM sqlite_schema`)
			return err
		}
		if f := (*fault)(nil); !errors.As(err, &f) || f.primary() != lib.SQLITE_BUSY || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// create makes the schema, unless another process has meanwhile.
func (s *Store) create(c *conn) error {
	if isNew, err := checkOwner(c); err != nil || !isNew {
		return err
	}
	is := int64(version)
	if !c.hasSums() { // an older program made the file's first page just now
		is = sumless
	}
	for _, sql := range append(schema, fmt.Sprintf(`PRAGMA application_id = %d`, applicationID), fmt.Sprintf(`PRAGMA user_version = %d`, is)) {
		if _, err := c.exec(sql); err != nil {
			return err
		}
	}
	_, err := c.exec(`INSERT INTO meta (one, generation, inode, born, commits) VALUES (1, ?, ?, ?, 0)`, s.o.Now().UnixMilli(), s.id.inode, s.id.born)
	return err
}

// checkIdentity tells a copy from the file that was made or accepted.
func (s *Store) checkIdentity(c *conn) error {
	inode, err := c.number(`SELECT inode FROM meta`)
	if err != nil {
		return err
	}
	born, err := c.number(`SELECT born FROM meta`)
	if err != nil {
		return err
	}
	if !s.id.same(identity{inode, born}) {
		return ErrCopied
	}
	// In this order: it is noted after the COMMIT.
	noted := s.turn.noted()
	commits, err := c.number(`SELECT commits FROM meta`)
	if err == nil && noted > commits {
		err = errBehind
	}
	return err
}

// accept records the file as it is now, and ends every grant born before.
func (s *Store) accept(c *conn) error {
	if err := unmark(c); err != nil {
		return err
	}
	_, err := c.exec(`UPDATE meta SET generation = max(generation + 1, ?), inode = ?, born = ?, commits = max(commits, ?) + 1`,
		s.o.Now().UnixMilli(), s.id.inode, s.id.born, s.turn.noted())
	return err
}

// inTransaction runs do in a write transaction of its own.
func inTransaction(c *conn, do func(*conn) error) error {
	if _, err := c.exec(`BEGIN IMMEDIATE`); err != nil {
		return err
	}
	err := do(c)
	if err == nil {
		_, err = c.exec(`COMMIT`)
	}
	if err != nil && c.inTransaction() {
		_, _ = c.exec(`ROLLBACK`)
	}
	return err
}
