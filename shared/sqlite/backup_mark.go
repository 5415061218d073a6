package sqlite

import (
	"errors"
	"fmt"
	"time"
)

// backupID marks a backup in the place of applicationID: "rsc" and "B". So no
// rescind serves it, on any system, before it was restored or accepted.
const backupID = 0x72736342

// errBackup is of a file that Backup made.
var errBackup = fmt.Errorf("made by `rescind backup`: %w", ErrCopied)

// backupError is errBackup as a sentence. It is an ErrCopied.
type backupError struct{ path string }

// Error says what to do.
func (e *backupError) Error() string {
	return fmt.Sprintf("%s is a backup that `rescind backup` made, and not served as it is: what was revoked since would be alive again; put it in a store's place with `rescind restore %[1]s --store sqlite:PATH`", e.path)
}

// Is says what it is.
func (e *backupError) Is(target error) bool { return target == ErrCopied }

var errNotBackup = errors.New("not a backup")

// mark makes a backup of the database that c has open, all in one file.
func mark(c *conn, taken time.Time) error {
	err := inTransaction(c, func(c *conn) error {
		for _, sql := range []string{
			fmt.Sprintf(`PRAGMA application_id = %d`, backupID),
			`DROP TABLE IF EXISTS backup`,
			`CREATE TABLE backup (taken_at INTEGER NOT NULL) STRICT`,
		} {
			if _, err := c.exec(sql); err != nil {
				return err
			}
		}
		_, err := c.exec(`INSERT INTO backup (taken_at) VALUES (?)`, taken)
		return err
	})
	if err != nil {
		return err
	}
	mode, err := c.text(`PRAGMA journal_mode = DELETE`)
	if err == nil && mode != "delete" {
		err = errors.New("sqlite: the log could not be moved into the backup")
	}
	return err
}

// unmark takes the mark away again, in the transaction that accepts the file.
func unmark(c *conn) error {
	owner, err := c.number(`PRAGMA application_id`)
	if err != nil || owner != backupID {
		return err
	}
	for _, sql := range []string{fmt.Sprintf(`PRAGMA application_id = %d`, applicationID), `DROP TABLE IF EXISTS backup`} {
		if _, err := c.exec(sql); err != nil {
			return err
		}
	}
	return nil
}

// ours is checkOwner, but a backup may be accepted.
func (s *Store) ours(c *conn) (isNew bool, err error) {
	isNew, err = checkOwner(c)
	if s.o.Accept && errors.Is(err, errBackup) {
		return false, nil
	}
	return isNew, err
}
