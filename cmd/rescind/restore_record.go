package main

import (
	"context"
	"errors"

	"rescind/shared/audit"
	"rescind/shared/sqlite"
)

// refusedRestore is one that was not begun, so it ended nothing.
type refusedRestore struct {
	reason string // for the audit
	err    error
}

func (e *refusedRestore) Error() string { return e.err.Error() }
func (e *refusedRestore) Unwrap() error { return e.err }

func refusing(reason string, err error) error { return &refusedRestore{reason, err} }

// inUse makes a refusal of a store that a server has open.
func inUse(err error) error {
	if errors.Is(err, sqlite.ErrInUse) {
		return refusing("store_in_use", err)
	}
	return err
}

// unchangedError is of a restore that failed before the new store was in place.
type unchangedError struct{ err error }

func (e *unchangedError) Error() string { return e.err.Error() }
func (e *unchangedError) Unwrap() error { return e.err }

func unchanged(err error) error {
	if err == nil {
		return nil
	}
	return &unchangedError{err}
}

// recordRestore leaves the restore, and what it did to each client and user, in
// the audit.
func (a *app) recordRestore(ctx context.Context, operation string, v restoredView, err error) {
	e := audit.Event{Action: audit.Restore, Operation: operation, Reason: "ended_all_grants"}
	no, still := (*refusedRestore)(nil), (*unchangedError)(nil)
	switch {
	case errors.As(err, &no):
		e.Reason = no.reason
	case errors.As(err, &still):
		e.Reason = "ended_nothing"
	case err != nil:
		e.Reason = "cut_off"
	default:
		for _, c := range v.Clients {
			if c.changed() {
				a.record(ctx, audit.Event{Action: audit.Client, Operation: operation, ClientID: c.ID, Reason: "replayed"}, nil)
			}
		}
		for _, u := range v.Users {
			if u.changed() {
				a.recordUser(ctx, operation, u.Subject, "replayed", nil)
			}
		}
	}
	a.record(ctx, e, err)
}
