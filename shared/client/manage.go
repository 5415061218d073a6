package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"rescind/shared/secret"
)

// Answers to an operator.
var (
	ErrUnknown   = errors.New("there is no client with this id")
	ErrDeleted   = errors.New("this client was deleted; its id cannot be used again")
	ErrExists    = errors.New("a client with this id exists, or existed and was deleted; choose another id")
	ErrNoSecret  = errors.New("a public client has no secret")
	ErrContended = errors.New("the client is being changed by others all the time; try again")
)

// How long a write may take, and the read that finds out whether it landed.
const (
	writeTimeout  = 5 * time.Second
	settleTimeout = 3 * time.Second
)

// Manager changes clients for an operator.
type Manager struct {
	Store Store
	Now   func() time.Time
	Rand  io.Reader
}

func (m Manager) now() time.Time { return m.Now().UTC().Truncate(time.Millisecond) }

// Create registers a client and gives its row and, for a confidential one, its
// secret, which is shown this once. The epoch starts at now, in milliseconds.
// Errors: ErrExists, or what Policy.Check finds.
func (m Manager) Create(ctx context.Context, id string, p Policy) (*Client, secret.Text, error) {
	if err := CheckID(id); err != nil {
		return nil, secret.Text{}, err
	}
	if err := p.Check(); err != nil {
		return nil, secret.Text{}, err
	}
	now := m.now()
	op, err := secret.NewOp(m.Rand)
	if err != nil {
		return nil, secret.Text{}, err
	}
	c := &Client{ID: id, Version: 1, Epoch: now.UnixMilli(), State: On, Policy: p, Op: op, Created: now, Updated: now}
	var text secret.Text
	if !p.IsPublic() {
		var kept Secret
		if text, kept, err = NewSecret(m.Rand, now); err != nil {
			return nil, secret.Text{}, err
		}
		c.Secrets = []Secret{kept}
	}
	err = m.write(ctx, func(ctx context.Context) error { return m.Store.CreateClient(ctx, c) })
	if err := m.settle(ctx, id, op, err); err != nil {
		if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
			err = ErrExists
		}
		return nil, secret.Text{}, err
	}
	return c, text, nil
}

// Update changes a client's policy by edit, which may be called again where
// somebody else changed the row meanwhile. Errors: ErrUnknown, ErrDeleted,
// edit's own, or what Policy.Check finds.
func (m Manager) Update(ctx context.Context, id string, edit func(*Policy) error) (*Client, error) {
	return m.change(ctx, id, func(c *Client) (Change, error) {
		p := c.Policy
		if err := edit(&p); err != nil {
			return Change{}, err
		}
		if p.Type != c.Policy.Type {
			return Change{}, errors.New("a client's type cannot be changed; register a new client")
		}
		return Change{Policy: &p}, p.Check()
	})
}

// RotateSecret gives a confidential client a new secret, returned once; the
// newest of the old ones works beside it until DropOldSecret.
func (m Manager) RotateSecret(ctx context.Context, id string) (*Client, secret.Text, error) {
	text, kept, err := NewSecret(m.Rand, m.now())
	if err != nil {
		return nil, secret.Text{}, err
	}
	c, err := m.change(ctx, id, func(c *Client) (Change, error) {
		if c.Policy.IsPublic() {
			return Change{}, ErrNoSecret
		}
		secrets := append([]Secret{kept}, c.Secrets[:min(1, len(c.Secrets))]...)
		return Change{Secrets: &secrets}, nil
	})
	return c, text, err
}

// DropOldSecret leaves a confidential client its newest secret only.
func (m Manager) DropOldSecret(ctx context.Context, id string) (*Client, error) {
	return m.change(ctx, id, func(c *Client) (Change, error) {
		if c.Policy.IsPublic() {
			return Change{}, ErrNoSecret
		}
		secrets := c.Secrets[:min(1, len(c.Secrets))]
		return Change{Secrets: &secrets}, nil
	})
}

// Disable switches a client off and ends all its grants.
func (m Manager) Disable(ctx context.Context, id string) (*Client, error) { return m.end(ctx, id, Off) }

// Delete leaves a tombstone and ends all the client's grants.
func (m Manager) Delete(ctx context.Context, id string) (*Client, error) {
	c, err := m.end(ctx, id, Deleted)
	if errors.Is(err, ErrDeleted) { // a second time is no error: it is deleted; but its epoch must be raised
		return m.RaiseEpoch(ctx, id)
	}
	return c, err
}

func (m Manager) end(ctx context.Context, id string, state State) (*Client, error) {
	if _, err := m.change(ctx, id, func(*Client) (Change, error) { return Change{State: &state}, nil }); err != nil {
		return nil, err
	}
	return m.RaiseEpoch(context.WithoutCancel(ctx), id) // begun is to be done, though the operator types Ctrl-C
}

// Enable switches a client on. The epoch is raised first: a Disable that was
// cut off before it raised it must not leave grants that come alive again.
func (m Manager) Enable(ctx context.Context, id string) (*Client, error) {
	c, err := m.Store.FindClient(ctx, id)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return nil, ErrUnknown
	case c.State == Deleted:
		return nil, ErrDeleted
	case c.State == On:
		return c, nil
	}
	if _, err := m.RaiseEpoch(ctx, id); err != nil {
		return nil, err
	}
	on := On
	return m.change(ctx, id, func(*Client) (Change, error) { return Change{State: &on}, nil })
}

// RaiseEpoch ends every grant of the client that was born until now. It is
// idempotent: where another call has raised the epoch meanwhile, that counts.
func (m Manager) RaiseEpoch(ctx context.Context, id string) (*Client, error) {
	c, err := m.Store.FindClient(ctx, id)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, ErrUnknown
	}
	to := max(c.Epoch+1, m.now().UnixMilli())
	err = m.write(ctx, func(ctx context.Context) error { return m.Store.RaiseClientEpoch(ctx, id, c.Epoch, to) })
	if err == nil {
		c.Epoch = to
		return c, nil
	}
	// Lost condition or lost answer: either way only the row knows.
	stored, readErr := m.readAfter(ctx, id)
	if readErr == nil && stored != nil && stored.Epoch > c.Epoch {
		return stored, nil
	}
	return nil, fmt.Errorf("raising the client's epoch: %w", err)
}

// change applies one versioned change, reading again where the row moved.
func (m Manager) change(ctx context.Context, id string, decide func(*Client) (Change, error)) (*Client, error) {
	for range 5 {
		c, err := m.Store.FindClient(ctx, id)
		switch {
		case err != nil:
			return nil, err
		case c == nil:
			return nil, ErrUnknown
		case c.State == Deleted:
			return nil, ErrDeleted
		}
		ch, err := decide(c)
		if err != nil {
			return nil, err
		}
		if ch.Op, err = secret.NewOp(m.Rand); err != nil {
			return nil, err
		}
		ch.Updated = m.now()
		err = m.write(ctx, func(ctx context.Context) error { return m.Store.UpdateClient(ctx, id, c.Version, ch) })
		err = m.settle(ctx, id, ch.Op, err)
		if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ch.apply(c)
		return c, nil
	}
	return nil, ErrContended
}

func (ch Change) apply(c *Client) {
	if ch.State != nil {
		c.State = *ch.State
	}
	if ch.Secrets != nil {
		c.Secrets = *ch.Secrets
	}
	if ch.Policy != nil {
		c.Policy = *ch.Policy
	}
	c.Version, c.Op, c.Updated = c.Version+1, ch.Op, ch.Updated
}

// write runs one write under its own deadline, also when the caller goes away.
func (m Manager) write(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	return do(ctx)
}

// settle finds out what became of a write that did not plainly succeed: the
// row holding our op means that it landed.
func (m Manager) settle(ctx context.Context, id string, op secret.Op, err error) error {
	if err == nil {
		return nil
	}
	stored := (*Client)(nil)
	if conflict := (*Conflict)(nil); errors.As(err, &conflict) {
		stored = conflict.Stored
	} else {
		var readErr error
		if stored, readErr = m.readAfter(ctx, id); readErr != nil {
			return err
		}
	}
	if stored != nil && stored.Op.Equal(op) {
		return nil
	}
	return err
}

func (m Manager) readAfter(ctx context.Context, id string) (*Client, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	return m.Store.FindClient(ctx, id)
}
