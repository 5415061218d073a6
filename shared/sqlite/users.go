package sqlite

import (
	"context"
	"errors"

	"rescind/shared/secret"
	"rescind/shared/user"
)

// errVersion is a caller's mistake: a row's version is one more than that of
// the row which it replaces.
var errVersion = errors.New("sqlite: a row's version must be one more than that of the row it replaces")

// follows tells whether a row of version next may replace one of version ver.
func follows(ver, next int64) bool { return canRise(ver) && next == ver+1 }

const (
	userColumns = `id, ver, subject, state, email, name, issuer, password, op, created, updated`
	findUser    = `SELECT ` + userColumns + ` FROM users WHERE id = ?`
)

func readUser(s *stmt) (*user.Account, error) {
	r, a := row{s: s}, &user.Account{}
	r.bad = len(r.s.view(0)) != len(a.Key)
	copy(a.Key[:], r.view())
	a.Version, a.Subject, a.State = r.epoch(), r.text(), user.State(r.text())
	a.Email, a.Name, a.Issuer, a.Password = r.text(), r.text(), r.text(), secret.NewText(r.text())
	a.Op, a.Created, a.Updated = secret.Op(r.digest()), r.time(), r.time()
	if r.bad || (a.State != user.On && a.State != user.Off && a.State != user.Deleted) {
		return nil, errDamaged
	}
	return a, nil
}

// FindUser reads one account; nil where there is none.
func (s *Store) FindUser(ctx context.Context, key user.Key) (found *user.Account, err error) {
	err = s.read(ctx, func(c *reader, _ int64) (err error) {
		found, err = one(c.conn, readUser, findUser, key[:])
		return err
	})
	return found, err
}

// PutUser writes the account if the row's version is ver, or there is none.
func (s *Store) PutUser(ctx context.Context, a *user.Account, ver int64) error {
	if !follows(ver, a.Version) {
		return errVersion
	}
	key := a.Key
	sql := `INSERT INTO users (ver, subject, state, email, name, issuer, password, op, created, updated, id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`
	args := []any{a.Version, a.Subject, string(a.State), a.Email, a.Name, a.Issuer, a.Password.Reveal(), a.Op, a.Created, a.Updated, key[:]}
	if ver > 0 {
		sql = `UPDATE users SET ver = ?, subject = ?, state = ?, email = ?, name = ?, issuer = ?, password = ?, op = ?, created = ?, updated = ?
			WHERE id = ? AND ver = ?`
		args = append(args, ver)
	}
	return s.write(ctx, func(c *conn) error {
		return conditional(c, readUser, findUser, key[:], func(a *user.Account) error { return &user.Conflict{Stored: a} }, sql, args)
	})
}

// ListUsers gives accounts, in the order of their keys, after the given one.
func (s *Store) ListUsers(ctx context.Context, after user.Key, limit int) (list []*user.Account, err error) {
	err = s.read(ctx, func(c *reader, _ int64) error {
		return each(c.conn, func(s *stmt) error {
			found, err := readUser(s)
			list = append(list, found)
			return err
		}, `SELECT `+userColumns+` FROM users WHERE id > ? ORDER BY id LIMIT ?`, after[:], int64(max(limit, 0)))
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
