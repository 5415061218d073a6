package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
)

var (
	// errEpoch is a caller's mistake: an epoch only ever rises, and can always.
	errEpoch  = errors.New("sqlite: an epoch must be raised, not lowered, and not to the end of numbers")
	errNoTime = errors.New("sqlite: a revocation needs its time")
)

var createGrant = `INSERT INTO grants (` + grantColumns + `) VALUES (?` +
	strings.Repeat(`, ?`, strings.Count(grantColumns, ",")) + `) ON CONFLICT (id) DO NOTHING`

// Create puts the grant if there is none with its id.
func (s *Store) Create(ctx context.Context, g *grant.Grant) error {
	id, values := g.ID, grantValues(g)
	return s.write(ctx, func(c *conn) error { return updateGrant(c, id[:], createGrant, values...) })
}

// update collects a statement's pieces, each with its argument, in the order
// of the text.
type update struct {
	set, where         []string
	setArgs, whereArgs []any
}

func (u *update) assign(column string, value any) {
	u.set, u.setArgs = append(u.set, column+" = ?"), append(u.setArgs, value)
}

func (u *update) require(condition string, values ...any) {
	u.where, u.whereArgs = append(u.where, condition), append(u.whereArgs, values...)
}

func (u *update) text(table string) (sql string, args []any) {
	return "UPDATE " + table + " SET " + strings.Join(u.set, ", ") + " WHERE " + strings.Join(u.where, " AND "),
		append(u.setArgs, u.whereArgs...)
}

// Replace makes the change if its condition holds and the grant is not revoked.
func (s *Store) Replace(ctx context.Context, ch grant.Change) error {
	if ch.Slot != nil && (ch.Slot.N < 0 || ch.Slot.N >= grant.Slots) {
		return fmt.Errorf("sqlite: there is no slot %d", ch.Slot.N)
	}
	var u update
	u.change(ch)
	u.require("id = ?", ch.ID[:])
	u.require("rev_at IS NULL")
	u.condition(ch.If)
	sql, args := u.text("grants")
	return s.write(ctx, func(c *conn) error { return updateGrant(c, ch.ID[:], sql, args...) })
}

func (u *update) change(ch grant.Change) {
	u.set = append(u.set, "id = id") // a change of nothing still asks for its condition
	if !ch.Op.IsZero() {
		u.assign("op", ch.Op)
	}
	if r := ch.Rotation; r != nil {
		u.assign("rt", r.Refresh)
		u.assign("p1", r.Previous[0].Digest)
		u.assign("p1t", r.Previous[0].At)
		u.assign("p2", r.Previous[1].Digest)
		u.assign("p2t", r.Previous[1].At)
		u.assign("rotation", r.Rotation)
		u.assign("req", r.Request)
	}
	if !ch.Family.IsZero() {
		u.assign("family", ch.Family)
	}
	if f := ch.Slot; f != nil {
		u.assign(slotColumn(f.N), encodeSlot(f.Slot))
		u.assign("issued", f.Issued)
	}
	if ch.UseCode {
		u.assign("used", int64(1))
	}
	if !ch.IdleEnd.IsZero() {
		u.assign("idle_end", ch.IdleEnd)
	}
	if !ch.ExpiresAt.IsZero() {
		u.assign("expires_at", ch.ExpiresAt.Unix())
	}
}

func (u *update) condition(c grant.Condition) {
	if c.ClientID != "" {
		u.require("client = ?", c.ClientID)
	}
	if !c.Refresh.IsZero() {
		u.require("rt = ?", c.Refresh)
	}
	if !c.Previous.IsZero() {
		u.require("p1 = ?", c.Previous)
	}
	if !c.Op.IsZero() {
		u.require("op = ?", c.Op)
	}
	if c.Issued != nil {
		u.require("issued = ?", *c.Issued)
	}
	if !c.UnusedCode.IsZero() {
		u.require("code = ? AND used = 0", c.UnusedCode)
	}
}

func slotColumn(n int) string { return fmt.Sprintf("a%d", n) }

// Revoke sets the grant's revocation unless it has one, and gives the one that stands.
func (s *Store) Revoke(ctx context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error) {
	if r.At.IsZero() {
		return grant.Revocation{}, errNoTime // the column would be NULL, and the grant alive
	}
	var u update
	u.assign("rev_at", r.At)
	u.assign("rev_why", r.Reason)
	u.assign("rev_op", r.Op)
	u.require("id = ?", id[:])
	u.require("rev_at IS NULL")
	if clientID != "" {
		u.require("client = ?", clientID)
	}
	sql, args := u.text("grants")
	stands := new(grant.Revocation)
	err := s.write(ctx, func(c *conn) error {
		err := updateGrant(c, id[:], sql, args...)
		conflict := (*grant.Conflict)(nil)
		if err == nil {
			*stands = grant.Revocation{At: r.At.UTC().Truncate(time.Millisecond), Reason: r.Reason, Op: r.Op}
		} else if errors.As(err, &conflict) && conflict.Stored != nil && !conflict.Stored.Revoked.At.IsZero() &&
			(clientID == "" || conflict.Stored.ClientID == clientID) {
			*stands, err = conflict.Stored.Revoked, nil
		}
		return err
	})
	if err != nil { // the writer may still be writing to stands
		return grant.Revocation{}, err
	}
	return *stands, nil
}

// RemoveAccess empties slot n if it still holds the digest.
func (s *Store) RemoveAccess(ctx context.Context, id token.GrantID, n int, d secret.Digest) error {
	if n < 0 || n >= grant.Slots {
		return fmt.Errorf("sqlite: there is no slot %d", n)
	}
	column := slotColumn(n)
	sql := `UPDATE grants SET ` + column + ` = NULL WHERE id = ? AND substr(` + column + `, 1, 32) = ?`
	return s.write(ctx, func(c *conn) error { return updateGrant(c, id[:], sql, id[:], d) })
}

// Deny records the denial unless there is one.
func (s *Store) Deny(ctx context.Context, d grant.Denial) error {
	if d.At.IsZero() {
		return errNoTime
	}
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`INSERT INTO denied (jti, at, why, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT (jti) DO NOTHING`,
			d.JTI, d.At, d.Reason, d.ExpiresAt.Unix())
		return err
	})
}

// RaiseSubjectEpoch sets the subject's epoch if it is still "from".
func (s *Store) RaiseSubjectEpoch(ctx context.Context, subject string, from, to int64) (bool, error) {
	if to <= from || !canRise(to) {
		return false, errEpoch
	}
	sql, args := `UPDATE subjects SET epoch = ? WHERE subject = ? AND epoch = ?`, []any{to, subjectKey(subject), from}
	if from == 0 { // where an absent row counts as one
		sql = `INSERT INTO subjects (epoch, subject) VALUES (?, ?) ON CONFLICT (subject) DO UPDATE SET epoch = excluded.epoch WHERE epoch = ?`
	}
	changed := new(int64)
	err := s.write(ctx, func(c *conn) (err error) {
		*changed, err = c.exec(sql, args...)
		return err
	})
	return err == nil && *changed > 0, err
}

// RaiseGeneration sets the store generation if it is less.
func (s *Store) RaiseGeneration(ctx context.Context, to int64) error {
	if !canRise(to) {
		return errEpoch
	}
	return s.write(ctx, func(c *conn) error {
		_, err := c.exec(`UPDATE meta SET generation = ? WHERE generation < ?`, to, to)
		return err
	})
}
