package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	lib "modernc.org/sqlite/lib"

	"rescind/shared/client"
	"rescind/shared/grant"
)

const (
	maxGroup         = 256 // writes in one transaction
	expiredWithGroup = 100 // expired rows deleted in one transaction
)

var errBroken = errors.New("sqlite: a write could not be synced; restart the process once the disk is well")

// write is one operation on its way through the writer.
type write struct {
	do    func(*conn) error
	state atomic.Int32
	err   error
	done  chan struct{}
}

// The states of a write. Only the writer takes, only the caller leaves.
const (
	queued int32 = iota
	taken
	left
)

func (w *write) finish(err error) {
	w.err = err
	close(w.done)
}

// write has the writer run do in a group, and gives its answer once that is
// durable. Where ctx ends first the write is certainly not made, unless it had
// begun: then nobody can tell, and the error says so.
func (s *Store) write(ctx context.Context, do func(*conn) error) error {
	w := &write{do: do, done: make(chan struct{})}
	select {
	case <-s.stop: // before the queue, which may have room
		return errClosed
	default:
	}
	select {
	case s.queue <- w:
	case <-s.stop:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-w.done:
		return w.err
	case <-ctx.Done():
		if w.state.CompareAndSwap(queued, left) {
			return ctx.Err()
		}
		return fmt.Errorf("sqlite: the write had begun and may still be made: %w", ctx.Err())
	case <-s.stopped:
		if w.state.CompareAndSwap(queued, left) {
			return errClosed
		}
		<-w.done
		return w.err
	}
}

// run is the writer.
func (s *Store) run() {
	defer close(s.stopped)
	for {
		select {
		case w := <-s.queue:
			s.group(w)
		case <-s.stop:
			for len(s.queue) > 0 {
				s.group(<-s.queue)
			}
			return
		}
	}
}

// group makes the first write and all that are queued by the time the
// transaction has begun, and answers them together.
func (s *Store) group(first *write) {
	err := s.begin() // a wait for another process's lock is here, before anything is taken
	group := s.take(first)
	if err == nil {
		err = s.made(group)
	} else {
		err = fmt.Errorf("sqlite: no write could begin, most likely because another process is writing: %w", err)
	}
	for _, w := range group {
		if err != nil {
			w.err = err
		}
		w.finish(s.inFile(w.err))
	}
	if s.since += len(group); err == nil && s.since >= checkpointEvery {
		s.checkpoint()
	}
}

// giveWay is how long a writer pauses for another process that waits, and
// pollTurn how often that one tries: SQLite's own waiting sleeps ever longer
// and would starve beside a server that begins anew right after each COMMIT.
const (
	giveWay  = 2 * time.Millisecond
	pollTurn = 200 * time.Microsecond
)

// begin takes the write lock, in turn with other processes.
func (s *Store) begin() error {
	if s.turn.wanted() {
		time.Sleep(giveWay)
	}
	busy := func() (bool, error) {
		_, err := s.writer.exec(`BEGIN IMMEDIATE`)
		f := (*fault)(nil)
		return errors.As(err, &f) && f.primary() == lib.SQLITE_BUSY, err
	}
	waits, err := busy()
	if !waits {
		return err
	}
	s.turn.want()
	defer s.turn.had()
	for end := time.Now().Add(s.o.BusyTimeout); waits && time.Now().Before(end); {
		time.Sleep(pollTurn)
		waits, err = busy()
	}
	return err
}

// take claims what nobody has left meanwhile.
func (s *Store) take(first *write) []*write {
	var group []*write
	for w := first; ; {
		if w.state.CompareAndSwap(queued, taken) {
			group = append(group, w)
		}
		if len(group) == maxGroup {
			return group
		}
		select {
		case w = <-s.queue:
		default:
			return group
		}
	}
}

// made runs the transaction that has begun. An error is every write's.
func (s *Store) made(group []*write) error {
	err := s.allowed()
	for _, w := range group {
		if err == nil {
			err = s.inSavepoint(w)
		}
	}
	if err == nil {
		err = s.deleteExpired()
	}
	commits := int64(0)
	if err == nil {
		commits, err = s.writer.number(`UPDATE meta SET commits = commits + 1 RETURNING commits`)
	}
	if err == nil {
		if _, err = s.writer.exec(`COMMIT`); err == nil {
			s.turn.note(commits)
			return nil
		}
		s.sync(err)
	}
	if s.writer.inTransaction() {
		if _, rollback := s.writer.exec(`ROLLBACK`); rollback != nil {
			err = errors.Join(err, rollback)
		}
	}
	return err
}

// allowed checks what may have changed since the last transaction.
func (s *Store) allowed() error {
	if s.broken.Load() {
		return errBroken
	}
	has, err := s.writer.number(`PRAGMA user_version`)
	if err != nil {
		return err
	}
	if has != s.version {
		return explain(s.path, errNewer)
	}
	return s.inPlace()
}

// inSavepoint runs one write. Its error is the group's only where SQLite gave
// up the whole transaction.
func (s *Store) inSavepoint(w *write) error {
	if _, err := s.writer.exec(`SAVEPOINT one`); err != nil {
		return err
	}
	w.err = w.do(s.writer)
	if !s.writer.inTransaction() {
		return w.err
	}
	if w.err != nil {
		if _, err := s.writer.exec(`ROLLBACK TO one`); err != nil {
			return err
		}
	}
	_, err := s.writer.exec(`RELEASE one`)
	return err
}

// deleteExpired is hygiene: expiry is decided on read.
func (s *Store) deleteExpired() error {
	most, now := int64(expiredWithGroup), s.o.Now().Unix()
	for _, sql := range []string{
		`DELETE FROM grants WHERE rowid IN (SELECT rowid FROM grants WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
		`DELETE FROM denied WHERE rowid IN (SELECT rowid FROM denied WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
		`DELETE FROM sessions WHERE rowid IN (SELECT rowid FROM sessions WHERE expires_at < ? ORDER BY expires_at LIMIT ?)`,
	} {
		n, err := s.writer.exec(sql, now, most)
		if err != nil {
			return err
		}
		most -= n
	}
	return nil
}

// sync ends the process where err says that the disk failed under a COMMIT or
// a checkpoint.
func (s *Store) sync(err error) {
	if f := (*fault)(nil); errors.As(err, &f) && f.primary() == lib.SQLITE_IOERR {
		s.broken.Store(true)
		s.o.Fatal(err)
	}
}

// updateGrant makes one conditional statement; where it changed nothing the
// error is a *grant.Conflict with the row as it is.
func updateGrant(c *conn, id []byte, sql string, args ...any) error {
	return conditional(c, readGrant, findGrant, id, func(g *grant.Grant) error { return &grant.Conflict{Stored: g} }, sql, args)
}

func updateClient(c *conn, id, sql string, args ...any) error {
	return conditional(c, readClient, findClient, id, func(n *client.Client) error { return &client.Conflict{Stored: n} }, sql, args)
}

// conditional makes one statement; where it changed nothing the error is what
// conflict makes of the row as it is, nil where there is none.
func conditional[T any](c *conn, read func(*stmt) (*T, error), find string, key any, conflict func(*T) error, sql string, args []any) error {
	changed, err := c.exec(sql, args...)
	if err != nil || changed > 0 {
		return err
	}
	stored, err := one(c, read, find, key)
	if err != nil {
		return err
	}
	return conflict(stored)
}
