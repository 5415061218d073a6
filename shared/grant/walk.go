package grant

import (
	"context"
	"crypto/sha256"
)

// SubjectKey is what a store keeps of a subject that has an epoch: the SHA-256
// of its name.
type SubjectKey [sha256.Size]byte

// KeyOf gives the key of a subject.
func KeyOf(subject string) SubjectKey { return sha256.Sum256([]byte(subject)) }

// SubjectEpoch is one row of a subject.
type SubjectEpoch struct {
	Key   SubjectKey
	Epoch int64
}

// Cursor is a place in a walk. Empty is the beginning and, given back, the end.
// It is plain text that may be shown and kept, and any process on the same data
// takes it; only the kind of store that gave it understands it. One that the
// same walk cannot have given is an error, never a panic and never the
// beginning.
type Cursor string

// Walker reads whole tables for an operator: a walk's cost rises with what the
// table holds, so whoever walks says so. Every row that was there before the
// walk began and is not removed during it is given exactly once; a row changed
// meanwhile is given as it was or as it is, and one added meanwhile once or not
// at all. So what is decided by a row is decided by reading it again. The order
// is the store's own.
//
// A page has at most limit rows, of which a store may give fewer, and a limit
// below 1 is 1. A page has no rows only at the end, where the cursor is empty,
// which it may be beside rows too: go by the cursor. A row that cannot be read
// is an error that names it (a grant by its id) and nothing that it holds; no
// page is given then, and the same cursor meets the same row again.
type Walker interface {
	WalkGrants(ctx context.Context, from Cursor, limit int) ([]*Grant, Cursor, error)
	WalkSubjects(ctx context.Context, from Cursor, limit int) ([]SubjectEpoch, Cursor, error)
	WalkDenied(ctx context.Context, from Cursor, limit int) ([]Denial, Cursor, error)
	// RestoreSubjectEpoch sets the subject's epoch to "to" if it is less or there
	// is no row: for a journal, which knows keys and no names. It never lowers
	// one; where it is greater already that is no error. to is not negative.
	RestoreSubjectEpoch(ctx context.Context, subject SubjectKey, to int64) error
}
