package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/storetest"
	"rescind/shared/token"
)

// A sinner is the store with one promise broken. What the store itself would
// refuse is kept beside it, in an overlay that both processes share.
type sinner struct {
	storetest.Store
	over *overlay
}

type overlay struct {
	mu     sync.Mutex
	grants map[token.GrantID]*grant.Grant
	epochs map[grant.SubjectKey]int64
	cache  map[string]grant.Rows
}

func newOverlay() *overlay {
	return &overlay{grants: map[token.GrantID]*grant.Grant{}, epochs: map[grant.SubjectKey]int64{}, cache: map[string]grant.Rows{}}
}

// Find shows the overlay in place of what is stored.
func (s sinner) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	rows, err := s.Store.Find(ctx, keys)
	s.over.mu.Lock()
	defer s.over.mu.Unlock()
	for i := range rows.Grants {
		if g := s.over.grants[keys.Grants[i]]; g != nil {
			copied := *g
			rows.Grants[i] = &copied
		}
	}
	for i := range rows.Subjects {
		if epoch, ok := s.over.epochs[grant.KeyOf(keys.Subjects[i])]; ok {
			rows.Subjects[i] = epoch
		}
	}
	return rows, err
}

// dropsConditions makes every change, whatever is stored by now.
type dropsConditions struct{ sinner }

func (s dropsConditions) Replace(ctx context.Context, ch grant.Change) error {
	rows, err := s.Find(ctx, grant.Keys{Grants: []token.GrantID{ch.ID}})
	if err != nil || rows.Grants[0] == nil {
		return errors.Join(err, s.Store.Replace(ctx, ch))
	}
	g := rows.Grants[0]
	if !ch.Op.IsZero() {
		g.Op = ch.Op
	}
	if r := ch.Rotation; r != nil {
		g.Refresh, g.Previous, g.Rotation, g.Request = r.Refresh, r.Previous, r.Rotation, r.Request
	}
	if !ch.Family.IsZero() {
		g.Family = ch.Family
	}
	if f := ch.Slot; f != nil {
		g.Access[f.N], g.Issued = f.Slot, f.Issued
	}
	g.Code.Used = g.Code.Used || ch.UseCode
	g.Revoked = grant.Revocation{}
	s.over.mu.Lock()
	defer s.over.mu.Unlock()
	s.over.grants[ch.ID] = g
	return nil
}

// setsEpochs sets a subject's epoch to whatever it is told.
type setsEpochs struct{ sinner }

func (s setsEpochs) RaiseSubjectEpoch(_ context.Context, subject string, _, to int64) (bool, error) {
	s.over.mu.Lock()
	defer s.over.mu.Unlock()
	s.over.epochs[grant.KeyOf(subject)] = to
	return true, nil
}

// addsEpochs raises a subject's epoch each time that a raise is delivered.
type addsEpochs struct{ sinner }

func (s addsEpochs) RaiseSubjectEpoch(ctx context.Context, subject string, from, to int64) (bool, error) {
	raised, err := s.Store.RaiseSubjectEpoch(ctx, subject, from, to)
	if err == nil && !raised {
		return s.Store.RaiseSubjectEpoch(ctx, subject, to, to+3_600_000)
	}
	return raised, err
}

// readsStale answers from a cache.
type readsStale struct{ sinner }

func (s readsStale) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	s.over.mu.Lock()
	defer s.over.mu.Unlock()
	key := fmt.Sprint(keys)
	rows, ok := s.over.cache[key]
	if !ok {
		var err error
		if rows, err = s.Store.Find(ctx, keys); err != nil {
			return rows, err
		}
		s.over.cache[key] = rows
	}
	return rows, nil
}

// makesPhantoms lets an update make the item that it did not find.
type makesPhantoms struct{ sinner }

func (s makesPhantoms) Replace(ctx context.Context, ch grant.Change) error {
	err := s.Store.Replace(ctx, ch)
	if conflict := (*grant.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored == nil {
		return s.Create(ctx, &grant.Grant{ID: ch.ID, Op: ch.Op, ExpiresAt: ch.ExpiresAt})
	}
	return err
}

// forgetsRevocations answers that the grant is ended, and writes nothing.
type forgetsRevocations struct{ sinner }

func (forgetsRevocations) Revoke(_ context.Context, _ token.GrantID, _ string, r grant.Revocation) (grant.Revocation, error) {
	return r, nil
}

// takesTheLast tells of its own revocation, whichever stands.
type takesTheLast struct{ sinner }

func (s takesTheLast) Revoke(ctx context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error) {
	_, err := s.Store.Revoke(ctx, id, clientID, r)
	return r, err
}

// revokesForAnyone does not look whose the grant is.
type revokesForAnyone struct{ sinner }

func (s revokesForAnyone) Revoke(ctx context.Context, id token.GrantID, _ string, r grant.Revocation) (grant.Revocation, error) {
	return s.Store.Revoke(ctx, id, "", r)
}

// deniesNothing drops denials.
type deniesNothing struct{ sinner }

func (deniesNothing) Deny(context.Context, grant.Denial) error { return nil }

// emptiesSlots does not look which token is in the slot.
type emptiesSlots struct{ sinner }

func (s emptiesSlots) RemoveAccess(ctx context.Context, id token.GrantID, n int, d secret.Digest) error {
	err := s.Store.RemoveAccess(ctx, id, n, d)
	if conflict := (*grant.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored != nil {
		return s.Store.RemoveAccess(ctx, id, n, conflict.Stored.Access[n].Digest)
	}
	return err
}

// ignoresVersions changes a client whatever its version is.
type ignoresVersions struct{ sinner }

func (s ignoresVersions) UpdateClient(ctx context.Context, id string, ver int64, ch client.Change) error {
	err := s.Store.UpdateClient(ctx, id, ver, ch)
	if conflict := (*client.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored != nil && conflict.Stored.State != client.Deleted {
		return s.UpdateClient(ctx, id, conflict.Stored.Version, ch)
	}
	return err
}

// forgetsTombstones lets a deleted id be made again.
type forgetsTombstones struct{ sinner }

func (s forgetsTombstones) CreateClient(ctx context.Context, c *client.Client) error {
	err := s.Store.CreateClient(ctx, c)
	if conflict := (*client.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored.State == client.Deleted {
		return nil
	}
	return err
}

// readsInPart takes a failed read for an absence.
type readsInPart struct{ sinner }

func (s readsInPart) Find(ctx context.Context, keys grant.Keys) (grant.Rows, error) {
	rows, err := s.Store.Find(ctx, keys)
	if err != nil {
		return grant.Rows{Clients: make([]*client.Client, len(keys.Clients)), Grants: make([]*grant.Grant, len(keys.Grants)),
			Subjects: make([]int64, len(keys.Subjects)), Denied: make([]grant.Denial, len(keys.Denied))}, nil
	}
	return rows, nil
}

// keepsItsGeneration never raises it.
type keepsItsGeneration struct{ sinner }

func (keepsItsGeneration) RaiseGeneration(context.Context, int64) error { return nil }

// answersFirst says that a change was made before it is.
type answersFirst struct{ sinner }

func (s answersFirst) Replace(ctx context.Context, ch grant.Change) error {
	_ = s.Store.Replace(ctx, ch)
	return nil
}

// tellsDigests puts what it was to look for in its errors.
type tellsDigests struct{ sinner }

func (s tellsDigests) RemoveAccess(ctx context.Context, id token.GrantID, n int, d secret.Digest) error {
	if err := s.Store.RemoveAccess(ctx, id, n, d); err != nil {
		return fmt.Errorf("%w: no %x in slot %d", err, d[:], n)
	}
	return nil
}

// setsRestored sets a restored epoch to whatever it is told.
type setsRestored struct{ sinner }

func (s setsRestored) RestoreSubjectEpoch(ctx context.Context, subject grant.SubjectKey, to int64) error {
	s.over.mu.Lock()
	defer s.over.mu.Unlock()
	s.over.epochs[subject] = to
	return s.Store.RestoreSubjectEpoch(ctx, subject, to)
}

// skipsAtBoundaries leaves out the first row of every page but the first.
type skipsAtBoundaries struct{ sinner }

func (s skipsAtBoundaries) WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
	page, next, err := s.Store.WalkGrants(ctx, from, limit)
	if from != "" && len(page) > 0 {
		page = page[1:]
	}
	return page, next, err
}

// endsAtFullPages takes a page that is just full for the last.
type endsAtFullPages struct{ sinner }

func (s endsAtFullPages) WalkDenied(ctx context.Context, from grant.Cursor, limit int) ([]grant.Denial, grant.Cursor, error) {
	page, next, err := s.Store.WalkDenied(ctx, from, limit)
	if len(page) == limit {
		next = ""
	}
	return page, next, err
}

// walksByCount remembers how many rows it gave, and not which was the last.
type walksByCount struct{ sinner }

func (s walksByCount) WalkSubjects(ctx context.Context, from grant.Cursor, limit int) ([]grant.SubjectEpoch, grant.Cursor, error) {
	n, _ := strconv.Atoi(string(from))
	all, _, err := s.Store.WalkSubjects(ctx, "", 1000)
	page := all[min(n, len(all)):min(n+max(limit, 1), len(all))]
	if n += len(page); n < len(all) {
		return page, grant.Cursor(strconv.Itoa(n)), err
	}
	return page, "", err
}

// takesAnyCursor begins anew where it does not know the place.
type takesAnyCursor struct{ sinner }

func (s takesAnyCursor) WalkGrants(ctx context.Context, from grant.Cursor, limit int) ([]*grant.Grant, grant.Cursor, error) {
	page, next, err := s.Store.WalkGrants(ctx, from, limit)
	if err != nil {
		return s.Store.WalkGrants(ctx, "", limit)
	}
	return page, next, err
}

// listsMachines has a client's own grants in its list.
type listsMachines struct{ sinner }

func (s listsMachines) ListClientGrants(ctx context.Context, clientID string, after token.GrantID, limit int) (ids []token.GrantID, err error) {
	all, _, err := s.Store.WalkGrants(ctx, "", 1000)
	slices.SortFunc(all, func(a, b *grant.Grant) int { return strings.Compare(a.ID.String(), b.ID.String()) })
	for _, g := range all {
		if g.ClientID == clientID && g.ID.String() > after.String() && len(ids) < limit {
			ids = append(ids, g.ID)
		}
	}
	return ids, err
}
