package sqlite

import (
	"context"
	"crypto/sha256"

	"rescind/shared/client"
	"rescind/shared/grant"
)

// reader is a connection that only reads.
type reader struct {
	*conn
	policies policies
}

// read lends do a connection for one snapshot: the generation's statement is
// stepped first and stays open until do is through, and with it the read
// transaction that all statements of do are part of.
func (s *Store) read(ctx context.Context, do func(c *reader, generation int64) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var c *reader
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.stopped:
		return errClosed
	}
	defer func() { s.readers <- c }()
	select {
	case <-s.stop:
		return errClosed
	default:
	}
	if s.broken.Load() {
		return errBroken
	}
	if err := s.lookAfter(); err != nil {
		return err
	}
	meta, row, err := c.start(findGeneration)
	if err != nil {
		return s.inFile(err)
	}
	defer meta.reset()
	if !row || !canRise(meta.int(0)) {
		return s.inFile(errDamaged)
	}
	return s.inFile(do(c, meta.int(0)))
}

// Find reads all keys in one snapshot.
func (s *Store) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	var rows grant.Rows
	err := s.read(ctx, func(c *reader, generation int64) (err error) {
		rows, err = find(c, keys)
		rows.Generation = generation
		return err
	})
	if err != nil {
		return grant.Rows{}, err
	}
	return rows, nil
}

func find(c *reader, keys grant.Keys) (rows grant.Rows, err error) {
	if len(keys.Clients) > 0 {
		rows.Clients = make([]*client.Client, len(keys.Clients))
	}
	for i, id := range keys.Clients {
		if rows.Clients[i], err = one(c.conn, c.policies.readClient, findClient, id); err != nil {
			return rows, err
		}
	}
	if len(keys.Grants) > 0 {
		rows.Grants = make([]*grant.Grant, len(keys.Grants))
	}
	for i := range keys.Grants {
		if rows.Grants[i], err = oneGrant(c.conn, keys.Grants[i][:]); err != nil {
			return rows, err
		}
	}
	for _, subject := range keys.Subjects {
		epoch, err := c.number(findSubject, subjectKey(subject))
		if err == nil && !canRise(epoch) {
			err = errDamaged
		}
		if err != nil {
			return rows, err
		}
		rows.Subjects = append(rows.Subjects, epoch)
	}
	for _, jti := range keys.Denied {
		denial, err := oneDenial(c.conn, jti)
		if err != nil {
			return rows, err
		}
		rows.Denied = append(rows.Denied, denial)
	}
	return rows, nil
}

// subjectKey has one length for every name.
func subjectKey(subject string) []byte {
	sum := sha256.Sum256([]byte(subject))
	return sum[:]
}

func oneGrant(c *conn, id []byte) (*grant.Grant, error) { return one(c, readGrant, findGrant, id) }

func oneClient(c *conn, id string) (*client.Client, error) {
	return one(c, readClient, findClient, id)
}

// one reads a row by its key; nil where there is none.
func one[T any](c *conn, decode func(*stmt) (*T, error), sql string, key any) (*T, error) {
	s, row, err := c.start(sql, key)
	if err != nil {
		return nil, err
	}
	defer s.reset()
	if !row {
		return nil, nil
	}
	return decode(s)
}

func oneDenial(c *conn, jti string) (grant.Denial, error) {
	d, err := one(c, func(s *stmt) (*grant.Denial, error) {
		r := row{s: s}
		d := r.denial()
		d.JTI = jti
		return &d, nil
	}, findDenial, jti)
	if d == nil {
		return grant.Denial{}, err
	}
	return *d, err
}

// each reads all rows of a query.
func each(c *conn, do func(*stmt) error, sql string, args ...any) error {
	s, row, err := c.start(sql, args...)
	if err != nil {
		return err
	}
	defer s.reset()
	for row {
		if err := do(s); err != nil {
			return err
		}
		if row, err = s.step(); err != nil {
			return err
		}
	}
	return nil
}

// FindClient reads one client; nil where there is none.
func (s *Store) FindClient(ctx context.Context, id string) (found *client.Client, err error) {
	err = s.read(ctx, func(c *reader, _ int64) (err error) {
		found, err = oneClient(c.conn, id)
		return err
	})
	return found, err
}

// ListClients gives clients, in the order of their ids, after the given one.
func (s *Store) ListClients(ctx context.Context, after string, limit int) (list []*client.Client, err error) {
	err = s.read(ctx, func(c *reader, _ int64) error {
		return each(c.conn, func(s *stmt) error {
			found, err := readClient(s)
			list = append(list, found)
			return err
		}, `SELECT `+clientColumns+` FROM clients WHERE id > ? ORDER BY id LIMIT ?`, after, int64(max(limit, 0)))
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Generation is the store generation.
func (s *Store) Generation(ctx context.Context) (generation int64, err error) {
	err = s.read(ctx, func(_ *reader, now int64) error {
		generation = now
		return nil
	})
	return generation, err
}
