package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	lib "modernc.org/sqlite/lib"

	"rescind/shared/authorization"
	"rescind/shared/grant"
	"rescind/shared/session"
	"rescind/shared/user"
)

// ErrCopied is in the error of Open where the file is a copy of the one that
// its records say it is, or where the log beside it is missing.
var ErrCopied = errors.New("a copy of a database")

// errClosed is the outage of a call after Close.
var errClosed = errors.New("sqlite: the store was closed")

// Options may all be left zero.
type Options struct {
	// Accept takes a copied file for the original: its identity is recorded
	// anew, and the store generation rises, which ends every grant born before.
	Accept bool
	// MustExist refuses to make the database where there is none.
	MustExist bool
	// Now is the clock by which expired rows are deleted and a new store's
	// generation is set; nil is time.Now.
	Now func() time.Time
	// BusyTimeout is how long to wait for another process's lock; 0 is 2 s.
	BusyTimeout time.Duration
	// ReadConns is how many reads run at a time; 0 is 4.
	ReadConns int
	// Logger hears what is wrong but no error; nil is slog.Default().
	Logger *slog.Logger
	// Fatal ends the process after a failed sync; nil logs and exits with
	// status 1. Where it returns, the store answers every call with an error.
	Fatal func(error)
	// VFS names a registered SQLite VFS; empty is the platform's. For tests.
	VFS string

	alone bool // the caller has the lock, which keeps all others out
}

// Store is a store in one file, of people too. Its methods may be called concurrently.
type Store struct {
	path    string
	o       Options
	id, log identity // of the file and of its log when it was opened
	began   time.Time
	looked  atomic.Int64 // nanoseconds after began: when a read last found both in their place
	readers chan *reader
	queue   chan *write
	stop    chan struct{} // closed by Close: nothing more is queued
	stopped chan struct{} // closed by the writer: nothing more is done
	broken  atomic.Bool   // a sync failed
	once    sync.Once
	writer  *conn // the writer's alone once it runs
	since   int   // writes since the last checkpoint
	version int64 // the file's
	turn    turn
	lock    inUse // shared by all that have the store open
}

var (
	_ grant.Store                = (*Store)(nil)
	_ user.Store                 = (*Store)(nil)
	_ session.Store              = (*Store)(nil)
	_ authorization.ConsentStore = (*Store)(nil)
)

// Open opens the database at path, and makes it and its folder where there is
// none. Its errors are one sentence each, which says what to do.
func Open(ctx context.Context, path string, o Options) (*Store, error) {
	o = o.filled()
	path, err := settle(path, o)
	if err != nil {
		return nil, err
	}
	if o.alone {
		return open(ctx, path, o)
	}
	if _, err := os.Lstat(path + "-lock"); errors.Is(err, fs.ErrNotExist) { // a backup is refused before anything is made beside it
		if err := (&Store{path: path, o: o}).parted(); err != nil {
			return nil, explain(path, err)
		}
	}
	lock, err := enter(path, false)
	if err != nil {
		return nil, err
	}
	s, err := open(ctx, path, o)
	if err != nil {
		lock.close()
		return nil, err
	}
	s.lock = lock
	return s, nil
}

// filled has a value for everything that was left zero.
func (o Options) filled() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if log := o.Logger; o.Fatal == nil {
		o.Fatal = func(err error) {
			log.Error("a write to the database could not be synced; ending the process, since nobody can tell what is on disk", "error", err)
			os.Exit(1)
		}
	}
	o.BusyTimeout, o.ReadConns = cmp.Or(o.BusyTimeout, 2*time.Second), cmp.Or(o.ReadConns, 4)
	return o
}

func open(ctx context.Context, path string, o Options) (_ *Store, err error) {
	s := &Store{path: path, o: o, began: time.Now(), readers: make(chan *reader, o.ReadConns), queue: make(chan *write, maxGroup),
		stop: make(chan struct{}), stopped: make(chan struct{})}
	if err := s.parted(); err != nil {
		return nil, explain(path, err)
	}
	if s.turn, err = openTurn(path); err != nil {
		return nil, explain(path, err)
	}
	if s.writer, err = s.connect(ctx, s.prepareFile); err != nil {
		s.turn.close()
		return nil, err
	}
	for range o.ReadConns {
		c, err := s.connect(ctx, func(_ context.Context, c *conn) error {
			if _, err := c.exec(`PRAGMA query_only = ON`); err != nil {
				return err
			}
			_, err := checkOwner(c)
			return err
		})
		if err != nil {
			s.closeConns(len(s.readers))
			s.turn.close()
			return nil, err
		}
		s.readers <- &reader{c, policies{}}
	}
	lib.Xsqlite3_busy_timeout(s.writer.tls, s.writer.db, 0) // begin waits itself
	go s.run()
	return s, nil
}

// connect opens one connection and sees to its settings.
func (s *Store) connect(ctx context.Context, then func(context.Context, *conn) error) (*conn, error) {
	c, err := dial(s.path, s.o.VFS, s.o.BusyTimeout)
	if err != nil {
		return nil, explain(s.path, err)
	}
	if err = configure(c); err == nil {
		err = then(ctx, c)
	}
	if err != nil {
		c.close()
		return nil, explain(s.path, err)
	}
	return c, nil
}

// configure makes a COMMIT wait for the disk, and checks that it will. Memory
// stays small: no mmap, which counts as resident, and 2 MB of pages. With its
// size limited the log that a clean end leaves is empty.
func configure(c *conn) error {
	checked := map[string]int64{"synchronous": 2, "wal_autocheckpoint": 0}
	if runtime.GOOS == "darwin" { // where fsync alone does not reach the disk
		checked["fullfsync"], checked["checkpoint_fullfsync"] = 1, 1
	}
	for name, want := range checked {
		if _, err := c.exec(fmt.Sprintf(`PRAGMA %s = %d`, name, want)); err != nil {
			return err
		}
		if got, err := c.number(`PRAGMA ` + name); err != nil || got != want {
			return cmp.Or(err, fmt.Errorf("SQLite keeps %s at %d, not %d; build this program with an unchanged SQLite", name, got, want))
		}
	}
	for _, pragma := range []string{fmt.Sprintf(`journal_size_limit = %d`, restartAt), `mmap_size = 0`, `cache_size = -2000`, `temp_store = MEMORY`, `trusted_schema = OFF`} {
		if _, err := c.exec(`PRAGMA ` + pragma); err != nil {
			return err
		}
	}
	return nil
}

// Close does what is queued and closes the file. Reads that run end first.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.stop)
		<-s.stopped
		s.closeConns(s.o.ReadConns)
		s.turn.close()
		s.lock.close()
	})
	return nil
}

func (s *Store) closeConns(readers int) {
	for range readers {
		(<-s.readers).close()
	}
	s.writer.close()
}
