package sqlite

import (
	"errors"
	"time"

	lib "modernc.org/sqlite/lib"
)

const (
	checkpointEvery = 200                    // writes; they put some 3 MB into the log
	restartAt       = 16 << 20               // bytes of log
	logPage         = 4096 + 24              // bytes, with the header of its frame
	restartWait     = 20 * time.Millisecond  // for reads that run
	lookEvery       = 250 * time.Millisecond // that reads look after the file
)

var errMoved = errors.New("sqlite: the database file or its -wal file was moved or replaced while it was in use; bring both back, and restart the process")

// checkpoint moves the log into the file. The log begins anew at its start
// only in a moment in which no read needs it, and with steady reads such a
// moment never comes by itself; so a log that has grown long enough has new
// reads go by the file, and waits a little for those that run.
func (s *Store) checkpoint() {
	s.since = 0
	pages, _, err := s.writer.checkpoint(lib.SQLITE_CHECKPOINT_PASSIVE)
	if err == nil && int64(pages)*logPage >= restartAt {
		var restarted bool
		lib.Xsqlite3_busy_timeout(s.writer.tls, s.writer.db, int32(restartWait.Milliseconds()))
		_, restarted, err = s.writer.checkpoint(lib.SQLITE_CHECKPOINT_RESTART)
		lib.Xsqlite3_busy_timeout(s.writer.tls, s.writer.db, 0) // begin waits itself
		if !restarted {
			s.since = checkpointEvery // and after the next group again
		}
	}
	if s.inFile(err) != err { // else nobody would hear of it
		s.o.Logger.Error("the log cannot be moved into the database", "error", s.inFile(err))
	}
	s.sync(err)
}

// inPlace tells whether the file and its log are those that were opened. Where
// they are not, the next read looks too.
func (s *Store) inPlace() error {
	file, err := identify(s.path)
	if err == nil && file == s.id {
		var log identity
		if log, err = identify(s.path + "-wal"); err == nil && log == s.log {
			return nil
		}
	}
	s.looked.Store(-int64(lookEvery))
	return errors.Join(errMoved, err)
}

// lookAfter is inPlace for reads, of which few look. Where one finds the file
// gone they all look, so none succeeds after one has failed.
func (s *Store) lookAfter() error {
	now := time.Since(s.began)
	if now-time.Duration(s.looked.Load()) < lookEvery {
		return nil
	}
	if err := s.inPlace(); err != nil {
		return err
	}
	s.looked.Store(int64(now))
	return nil
}
