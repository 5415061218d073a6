package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"rescind/shared/authorization"
	"rescind/shared/secret"
)

const (
	consentColumns = `subject, ver, apps, op, updated`
	findConsents   = `SELECT ` + consentColumns + ` FROM consents WHERE subject = ?`
)

// errNoSubject is a caller's mistake.
var errNoSubject = errors.New("sqlite: consents need a subject")

func readConsents(s *stmt) (*authorization.Consents, error) {
	r, n := row{s: s}, &authorization.Consents{}
	n.Subject, n.Version = r.text(), r.epoch()
	if err := json.Unmarshal(r.view(), &n.Apps); err != nil {
		return nil, errDamaged
	}
	n.Op, n.Updated = secret.Op(r.digest()), r.time()
	if r.bad {
		return nil, errDamaged
	}
	return n, nil
}

// FindConsents reads what a subject has consented to; nil where there is no row.
func (s *Store) FindConsents(ctx context.Context, subject string) (found *authorization.Consents, err error) {
	err = s.read(ctx, func(c *reader, _ int64) (err error) {
		found, err = one(c.conn, readConsents, findConsents, subject)
		return err
	})
	return found, err
}

// PutConsents writes the row if its version is ver, or there is none.
func (s *Store) PutConsents(ctx context.Context, n *authorization.Consents, ver int64) error {
	switch {
	case n.Subject == "":
		return errNoSubject
	case !follows(ver, n.Version):
		return errVersion
	}
	apps, err := json.Marshal(n.Apps)
	if err != nil {
		return fmt.Errorf("encoding a subject's consents: %w", err)
	}
	subject := n.Subject
	sql := `INSERT INTO consents (ver, apps, op, updated, subject) VALUES (?, ?, ?, ?, ?) ON CONFLICT (subject) DO NOTHING`
	args := []any{n.Version, string(apps), n.Op, n.Updated, subject}
	if ver > 0 {
		sql = `UPDATE consents SET ver = ?, apps = ?, op = ?, updated = ? WHERE subject = ? AND ver = ?`
		args = append(args, ver)
	}
	return s.write(ctx, func(c *conn) error {
		return conditional(c, readConsents, findConsents, subject,
			func(n *authorization.Consents) error { return &authorization.Conflict{Stored: n} }, sql, args)
	})
}
