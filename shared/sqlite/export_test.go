package sqlite

import "context"

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
