package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/secret"
	"rescind/shared/token"
	"rescind/shared/user"
)

// Target is what a journal is replayed into.
type Target interface {
	Revoke(ctx context.Context, id token.GrantID, clientID string, r grant.Revocation) (grant.Revocation, error)
	Deny(ctx context.Context, d grant.Denial) error
	RestoreSubjectEpoch(ctx context.Context, subject grant.SubjectKey, to int64) error
	grant.SubjectStore
	client.Store
	user.Store
}

// Replayer replays journals into one store. It is for one goroutine.
type Replayer struct {
	Store Target
	Now   func() time.Time
	Rand  io.Reader
	// Changed is told of every client that the journal speaks of and that was
	// changed, or must be looked at. It may be nil.
	Changed func(ClientChange)
	// UserChanged is the same for users.
	UserChanged func(UserChange)
	// Done is told now and then how many entries were replayed. It may be nil.
	Done func(entries int64)
	// Once counts an entry once that several journals have. It keeps the names
	// of all entries for that.
	Once bool

	counts Counts
	named  map[string]bool
}

// Counts are what replaying did, of all journals together.
type Counts struct {
	Entries     int64 // in all
	Grants      int64 // that are ended now, by the journal's word or already
	GrantsGone  int64 // that the store does not have, so nothing of them can live
	Denied      int64 // signed tokens without a row
	Subjects    int64 // whose epoch is at least the journal's
	Clients     int64 // that are as dead as the journal says
	ClientsGone int64 // that were registered after the backup, and not deleted
	Users       int64 // whose accounts are as dead as the journal says
}

// ClientChange is what became of one client.
type ClientChange struct {
	ID      string
	Deleted bool // it was not, or there was no row: now there is a tombstone
	Off     bool // it was on
	Dropped int  // secrets
	Raised  bool // its epoch

	// What must be looked at:
	Missing  bool // it was registered after the backup: register it again
	Lost     int  // secrets that worked, were made after the backup and are not there
	NoSecret bool // no secret is left: rotate it
	LeftOff  bool // it was switched on since the backup, and stays off
	Older    bool // its settings were changed since the backup, and are as they were then
}

// IsEmpty tells that there is nothing to say.
func (c ClientChange) IsEmpty() bool { return c == ClientChange{ID: c.ID} }

const (
	atOnce       = 32 // writes
	writeTimeout = 5 * time.Second
)

// Replay replays all that next gives, until io.EOF. It stops at the first
// error; run it again from the beginning then. All of it is idempotent and
// moves towards dead only: a grant is ended with the journal's time and reason
// unless it has its own, epochs rise, clients and users go off or are deleted,
// secrets that are not among the journal's and passwords of accounts that were
// changed are dropped.
func (r *Replayer) Replay(ctx context.Context, next func() (Entry, error)) (Counts, error) {
	writes, writing := errgroup.WithContext(ctx)
	writes.SetLimit(atOnce)
	results := make(chan result, atOnce)
	counted := make(chan struct{})
	go func() {
		defer close(counted)
		for done := range results {
			if done.tell != nil {
				done.tell()
			}
			if !r.isNew(done.of) {
				continue
			}
			done.count(&r.counts)
			if r.counts.Entries++; r.Done != nil && r.counts.Entries%100 == 0 {
				r.Done(r.counts.Entries)
			}
		}
	}()
	var err error
	for err == nil && writing.Err() == nil {
		var e Entry
		if e, err = next(); err != nil {
			break
		}
		if err = e.check(); err != nil {
			break
		}
		if e.Client != nil { // few; and what is said of them stays in order
			var add func(*Counts)
			if add, err = r.client(ctx, *e.Client); err == nil {
				results <- result{of: e, count: add}
			}
			continue
		}
		writes.Go(func() error {
			done, err := r.one(writing, e)
			if err == nil {
				results <- done
			}
			return err
		})
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	err = errors.Join(err, writes.Wait())
	close(results)
	<-counted
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return r.counts, fmt.Errorf("replaying the journal: %w", err)
	}
	if r.Done != nil {
		r.Done(r.counts.Entries)
	}
	return r.counts, nil
}

// result is an entry that was replayed, and how it counts.
type result struct {
	of    Entry
	count func(*Counts)
	tell  func() // whoever asked, of what became of it; may be nil
}

// isNew tells whether an entry is to be counted.
func (r *Replayer) isNew(e Entry) bool {
	if !r.Once {
		return true
	}
	if r.named == nil {
		r.named = map[string]bool{}
	}
	name := e.name()
	was := r.named[name]
	r.named[name] = true
	return !was
}

// one replays an entry that is no client. A write runs on under its own
// deadline: what has begun shall be done.
func (r *Replayer) one(ctx context.Context, e Entry) (result, error) {
	if err := ctx.Err(); err != nil {
		return result{}, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if e.User != nil {
		return r.user(ctx, *e.User)
	}
	count, err := r.write(ctx, e)
	return result{of: e, count: count}, err
}

func (r *Replayer) write(ctx context.Context, e Entry) (func(*Counts), error) {
	switch {
	case e.Subject != nil:
		key, _ := e.Subject.key()
		return func(c *Counts) { c.Subjects++ }, r.Store.RestoreSubjectEpoch(ctx, key, e.Subject.Epoch)
	case e.Denied != nil:
		d := e.Denied
		add := func(c *Counts) { c.Denied++ }
		if !r.Now().Before(d.ExpiresAt) {
			return add, nil // the token has expired by an hour
		}
		return add, r.Store.Deny(ctx, grant.Denial{JTI: d.JTI, At: d.At, Reason: d.Reason, ExpiresAt: d.ExpiresAt})
	}
	id, _ := token.ParseGrantID(e.Grant.ID)
	op, err := secret.NewOp(r.Rand)
	if err != nil {
		return nil, err
	}
	_, err = r.Store.Revoke(ctx, id, "", grant.Revocation{At: e.Grant.At, Reason: e.Grant.Reason, Op: op})
	if conflict := (*grant.Conflict)(nil); errors.As(err, &conflict) && conflict.Stored == nil {
		return func(c *Counts) { c.GrantsGone++ }, nil
	}
	return func(c *Counts) { c.Grants++ }, err
}

// client makes a client as dead as the journal says.
func (r *Replayer) client(ctx context.Context, e Client) (func(*Counts), error) {
	m := client.Manager{Store: r.Store, Now: r.Now, Rand: r.Rand}
	change := ClientChange{ID: e.ID}
	row, err := r.Store.FindClient(ctx, e.ID)
	if err == nil && row == nil {
		change, err = r.missing(ctx, m, e)
	} else if err == nil {
		err = r.present(ctx, m, e, row, &change)
	}
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", e.ID, err)
	}
	if r.Changed != nil && !change.IsEmpty() {
		r.Changed(change)
	}
	return func(c *Counts) {
		if change.Missing {
			c.ClientsGone++
		} else {
			c.Clients++
		}
	}, nil
}

// missing is a client that was registered after the backup. None of its grants
// can be in the backup. The id of one that was deleted must never be made
// again; that of another may, by whoever still needs it.
func (r *Replayer) missing(ctx context.Context, m client.Manager, e Client) (ClientChange, error) {
	if e.State != client.Deleted {
		return ClientChange{ID: e.ID, Missing: true}, nil
	}
	return ClientChange{ID: e.ID, Deleted: true}, m.Bury(ctx, e.ID, e.Epoch)
}

func (r *Replayer) present(ctx context.Context, m client.Manager, e Client, row *client.Client, change *ClientChange) (err error) {
	switch {
	case row.State == client.Deleted:
	case e.State == client.Deleted:
		change.Deleted = true
		_, err = m.Delete(ctx, e.ID)
	default:
		if e.State == client.Off && row.State == client.On {
			change.Off = true
			if _, err = m.Disable(ctx, e.ID); err != nil {
				return err
			}
		}
		var now *client.Client
		if now, change.Dropped, err = m.KeepSecrets(ctx, e.ID, e.Secrets); err != nil {
			return err
		}
		change.NoSecret = !now.Policy.IsPublic() && len(now.Secrets) == 0
		change.Lost = lost(e.Secrets, now.Secrets)
		change.LeftOff = e.State == client.On && row.State == client.Off
		var same string
		if same, err = settings(row.Policy); err != nil {
			return err
		}
		change.Older = same != e.Policy
	}
	if err != nil {
		return err
	}
	change.Raised, err = m.RaiseEpochTo(ctx, e.ID, e.Epoch)
	return err
}

// lost is how many of the times are of no secret that is there.
func lost(times []time.Time, there []client.Secret) (n int) {
	for _, t := range times {
		if !slices.ContainsFunc(there, func(s client.Secret) bool { return s.Created.UnixMilli() == t.UnixMilli() }) {
			n++
		}
	}
	return n
}
