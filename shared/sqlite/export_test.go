package sqlite

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// Version is the schema's, and Sumless the same one's without checksums.
const (
	Version = version
	Sumless = sumless
)

// Synchronous is what PRAGMA synchronous says on the writer's own connection
// and on each reader's.
func (s *Store) Synchronous() (writer int64, readers []int64, err error) {
	err = s.write(context.Background(), func(c *conn) (err error) {
		writer, err = c.number(`PRAGMA synchronous`)
		return err
	})
	for range s.o.ReadConns {
		c := <-s.readers
		n, readErr := c.number(`PRAGMA synchronous`)
		readers = append(readers, n)
		if readErr != nil {
			err = readErr
		}
		s.readers <- c
	}
	return writer, readers, err
}

// Exec runs one statement outside the store's ways, as another program would.
func Exec(path string, statements ...string) error {
	c, err := dial(path, "", 0)
	if err != nil {
		return err
	}
	defer c.close()
	for _, sql := range statements {
		if _, err := c.exec(sql); err != nil {
			return err
		}
	}
	return nil
}

// Count counts what a query for one number says.
func (s *Store) Count(sql string) (n int64, err error) {
	err = s.read(context.Background(), func(c *reader, _ int64) error {
		n, err = c.number(sql)
		return err
	})
	return n, err
}

// HoldWriteLock takes the write lock as another process would, until release.
func HoldWriteLock(path string) (release func(), err error) {
	c, err := dial(path, "", 0)
	if err != nil {
		return nil, err
	}
	if _, err := c.exec(`BEGIN IMMEDIATE`); err != nil {
		c.close()
		return nil, err
	}
	return func() {
		_, _ = c.exec(`ROLLBACK`)
		c.close()
	}, nil
}

// CreateOld makes an empty database as a program of an earlier version did.
func CreateOld(path, schema string, version int) error {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	c, err := dial(path, "", 0)
	if err != nil {
		return err
	}
	defer c.close()
	if HasChecksums(int64(version)) {
		if err := c.reserveSums(); err != nil {
			return err
		}
	}
	if _, err := c.exec(`PRAGMA journal_mode = WAL`); err != nil {
		return err
	}
	id, err := identify(path)
	if err != nil {
		return err
	}
	return inTransaction(c, func(c *conn) error {
		for _, sql := range append(strings.Split(strings.TrimSuffix(schema, ";\n"), ";\n"),
			fmt.Sprintf(`PRAGMA application_id = %d`, applicationID), fmt.Sprintf(`PRAGMA user_version = %d`, version)) {
			if _, err := c.exec(sql); err != nil {
				return err
			}
		}
		_, err := c.exec(`INSERT INTO meta (one, generation, inode, born, commits) VALUES (1, 1, ?, ?, 0)`, id.inode, id.born)
		return err
	})
}

// Texts gives the first column of a query's rows.
func (s *Store) Texts(sql string) (all []string, err error) {
	err = s.read(context.Background(), func(c *reader, _ int64) error {
		return each(c.conn, func(st *stmt) error {
			all = append(all, string(st.view(0)))
			return nil
		}, sql)
	})
	return all, err
}

// Plan is how SQLite finds the rows of a list of a client's grants.
func (s *Store) Plan() (plan string, err error) {
	err = s.read(context.Background(), func(c *reader, _ int64) error {
		return each(c.conn, func(st *stmt) error {
			plan += string(st.view(3)) + "; "
			return nil
		}, `EXPLAIN QUERY PLAN `+grantsOfClient, "c", make([]byte, 16), int64(10))
	})
	return plan, err
}

// PutSum, SumIsRight and FrameSum are of one page.
func PutSum(page []byte, number uint32) { putSum(page, number) }

// SumIsRight is the check of a page that was read.
func SumIsRight(page []byte) bool { return sumIsRight(page) }

// FrameSum is the checksum of the log over a page.
func FrameSum(page []byte) (s0, s1 uint32) { return frameSum(page) }
