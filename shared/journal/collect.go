package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/user"
)

// Source is what a journal is derived from.
type Source interface {
	WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error)
	WalkSubjects(ctx context.Context, from grant.Cursor, limit int) ([]grant.SubjectEpoch, grant.Cursor, error)
	WalkDenied(ctx context.Context, from grant.Cursor, limit int) ([]grant.Denial, grant.Cursor, error)
	ListClients(ctx context.Context, after string, limit int) ([]*client.Client, error)
	ListUsers(ctx context.Context, after user.Key, limit int) ([]*user.Account, error)
}

// skew is how much earlier than asked a journal begins: clocks of several
// servers differ, or were set back.
const skew = 10 * time.Minute

// pageSize is how many rows are read at a time.
const pageSize = 500

// Collect walks the whole store and gives what was ended since then: clients and
// users first, for they matter most. read is told how many rows were read so far; it
// may be nil. Errors: the store's, or emit's.
func Collect(ctx context.Context, s Source, since time.Time, emit func(Entry) error, read func(rows int64)) error {
	w := &walk{ctx: ctx, from: since.Add(-skew), emit: emit, read: read}
	for _, part := range []struct {
		what string
		do   func(*walk, Source) error
	}{{"clients", (*walk).clients}, {"users", (*walk).users}, {"subjects", (*walk).subjects}, {"denied tokens", (*walk).denied}, {"grants", (*walk).grants}} {
		if err := part.do(w, s); err != nil {
			return fmt.Errorf("reading the %s: %w", part.what, err)
		}
	}
	return nil
}

type walk struct {
	ctx  context.Context
	from time.Time
	emit func(Entry) error
	read func(int64)
	rows int64
}

func (w *walk) page(rows int) {
	w.rows += int64(rows)
	if w.read != nil {
		w.read(w.rows)
	}
}

func (w *walk) since(t time.Time) bool   { return !t.Before(w.from) }
func (w *walk) raisedSince(e int64) bool { return e >= w.from.UnixMilli() }

func (w *walk) clients(s Source) error {
	for after := ""; ; {
		page, err := s.ListClients(w.ctx, after, pageSize)
		if err != nil {
			return err
		}
		for _, c := range page {
			after = c.ID
			if c.State == client.On && !w.since(c.Updated) && !w.raisedSince(c.Epoch) {
				continue
			}
			e := &Client{ID: c.ID, Epoch: c.Epoch, State: c.State, Updated: moment(c.Updated), Secrets: []time.Time{}}
			if e.Policy, err = settings(c.Policy); err != nil {
				return err
			}
			for _, kept := range c.Secrets {
				e.Secrets = append(e.Secrets, moment(kept.Created))
			}
			if err := w.emit(Entry{Client: e}); err != nil {
				return err
			}
		}
		w.page(len(page))
		if len(page) < pageSize {
			return nil
		}
	}
}

// settings is the digest of a client's policy.
func settings(p client.Policy) (string, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

func (w *walk) subjects(s Source) error {
	return pages(w, s.WalkSubjects, func(row grant.SubjectEpoch) *Entry {
		if !w.raisedSince(row.Epoch) {
			return nil
		}
		return &Entry{Subject: &Subject{Key: hex.EncodeToString(row.Key[:]), Epoch: row.Epoch}}
	})
}

func (w *walk) denied(s Source) error {
	return pages(w, s.WalkDenied, func(d grant.Denial) *Entry {
		if !w.since(d.At) {
			return nil
		}
		return &Entry{Denied: &Denied{JTI: d.JTI, At: moment(d.At), Reason: short(d.Reason), ExpiresAt: moment(d.ExpiresAt)}}
	})
}

func (w *walk) grants(s Source) error {
	return pages(w, s.WalkGrants, func(g *grant.Grant) *Entry {
		if g.Revoked.At.IsZero() || !w.since(g.Revoked.At) {
			return nil
		}
		return &Entry{Grant: &Grant{ID: g.ID.String(), At: moment(g.Revoked.At), Reason: short(g.Revoked.Reason),
			Client: short(g.ClientID), Subject: short(g.Subject)}}
	})
}

// pages walks one table; of gives nil for a row that is not of the journal.
func pages[T any](w *walk, next func(context.Context, grant.Cursor, int) ([]T, grant.Cursor, error), of func(T) *Entry) error {
	for at := grant.Cursor(""); ; {
		page, after, err := next(w.ctx, at, pageSize)
		if err != nil {
			return err
		}
		for _, row := range page {
			if e := of(row); e != nil {
				if err := w.emit(*e); err != nil {
					return err
				}
			}
		}
		w.page(len(page))
		if at = after; at == "" {
			return nil
		}
	}
}

func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
