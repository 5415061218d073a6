package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"
)

// pagesAtOnce is how many pages are copied between two looks at ctx.
const pagesAtOnce = 512

// BackupOptions may all be left zero.
type BackupOptions struct {
	// Force replaces a file that is there, but never a store.
	Force bool
	// Progress is told now and then how many bytes of the copy there are.
	Progress func(done, of int64)
}

// Backup copies the store to the file "to", while this and other processes go
// on using it: the copy is of one moment after the call, and holds all that was
// answered before it. It is written beside its name and gets that only once it
// is whole, checked and on disk. The copy is marked: no server takes it for a
// store. Errors are one sentence, which says what to do; none leaves a file.
func (s *Store) Backup(ctx context.Context, to string, o BackupOptions) (info BackupInfo, err error) {
	to, err = s.mayBackUp(to, o.Force)
	if err != nil {
		return info, err
	}
	if err := checkFolder(filepath.Dir(to), s.o.Logger); err != nil {
		return info, fmt.Errorf("no backup was made in %s: %w", filepath.Dir(to), err)
	}
	partial, err := openPartial(to + ".partial")
	if err != nil {
		return info, err
	}
	defer func() {
		if err != nil && stillThere(partial) == nil {
			for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
				_ = os.Remove(partial.Name() + suffix)
			}
		}
		_ = partial.Close() // only now: closing it drops SQLite's locks
	}()
	taken := s.o.Now().UTC()
	if err = s.copyTo(ctx, partial.Name(), o.Progress); err != nil {
		return info, backupFailed(to, err)
	}
	if err = stillThere(partial); err != nil {
		return info, err
	}
	if info, err = finishCopy(partial.Name(), taken); err != nil {
		return info, backupFailed(to, err)
	}
	if err = partial.Sync(); err != nil {
		return info, backupFailed(to, bare(err))
	}
	findings, err := Check(ctx, partial.Name())
	if err == nil && len(findings) > 0 {
		err = fmt.Errorf("the copy is damaged (%s), and so most likely is the store %s; look at it with `rescind doctor`, and keep your older backups", findings[0], s.path)
	}
	if err != nil {
		return info, err
	}
	// Another name may have come meanwhile.
	if _, err = s.mayBackUp(to, o.Force); err != nil {
		return info, err
	}
	if err = stillThere(partial); err != nil {
		return info, err
	}
	if err = os.Rename(partial.Name(), to); err == nil {
		err = syncFolder(filepath.Dir(to))
	}
	if err != nil {
		return info, backupFailed(to, bare(err))
	}
	stat, err := os.Stat(to)
	if err != nil {
		return info, backupFailed(to, bare(err))
	}
	info.Path, info.Bytes = to, stat.Size()
	return info, nil
}

func backupFailed(to string, err error) error {
	f := (*fault)(nil)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.As(err, &f) && f.primary() == lib.SQLITE_FULL:
		return fmt.Errorf("the disk of %s is full (%w); make room on it, or choose another", to, err)
	}
	return fmt.Errorf("writing the backup %s: %w; nothing was left there, choose another file or see to its disk", to, err)
}

// besideStore are the names of the files that belong to a store.
var besideStore = []string{"", "-wal", "-shm", "-turn", "-lock", "-journal", stagingSuffix}

// mayBackUp gives the absolute path, unless the backup would harm something.
func (s *Store) mayBackUp(to string, force bool) (string, error) {
	abs, err := filepath.Abs(to)
	if err == nil {
		var folder string
		if folder, err = filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
			abs = filepath.Join(folder, filepath.Base(abs))
		}
	}
	if err != nil {
		return "", fmt.Errorf("cannot reach the folder of the backup %s: %w; choose a folder that is there", to, bare(err))
	}
	if abs == s.path || strings.HasPrefix(abs, s.path+stagingSuffix) || strings.HasPrefix(abs, s.path+"-") {
		return "", fmt.Errorf("%s is a file of the store itself; choose another name for the backup", abs)
	}
	there, err := os.Lstat(abs)
	if errors.Is(err, fs.ErrNotExist) {
		return abs, nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot reach %s: %w; choose another file", abs, bare(err))
	}
	for _, suffix := range besideStore {
		if own, err := os.Lstat(s.path + suffix); err == nil && os.SameFile(own, there) {
			return "", fmt.Errorf("%s is another name of the store's own %s; choose another file, and remove that name", abs, s.path+suffix)
		}
	}
	switch {
	case !there.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file; choose another name for the backup", abs)
	case !force:
		return "", fmt.Errorf("%s is there already; choose another name, or replace it with --force", abs)
	case isStore(abs):
		return "", fmt.Errorf("%s is a store and no backup, and is not replaced; choose another name", abs)
	}
	return abs, nil
}

// isStore tells whether a file is a store in use, or might be.
func isStore(path string) bool {
	if log, err := os.Lstat(path + "-wal"); err == nil && log.Size() > 0 {
		return true
	}
	c, err := dialUnchanged(path, "")
	if err != nil {
		return false
	}
	defer c.close()
	owner, err := c.number(`PRAGMA application_id`)
	return err == nil && owner == applicationID
}

// openPartial makes the file to write to, empty and its owner's only, and locks
// it against another backup to the same name. One that a backup left when it
// was killed is taken over.
func openPartial(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|noFollow, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot make %s: %w; choose a folder that you may write to", name, bare(err))
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%s is not a regular file; remove it", name)
	default:
		err = checkOnly(name, info)
	}
	if err == nil && !lockWhole(f) {
		err = fmt.Errorf("another backup to %s is under way; wait for it, or choose another name", name)
	}
	if err == nil {
		err = errors.Join(f.Truncate(0), f.Chmod(0o600))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// stillThere refuses a file that is not the one that was opened by its name:
// SQLite goes by the name.
func stillThere(f *os.File) error {
	here, err := f.Stat()
	if err != nil {
		return fmt.Errorf("cannot reach %s: %w", f.Name(), bare(err))
	}
	if there, err := os.Lstat(f.Name()); err != nil || !os.SameFile(here, there) {
		return fmt.Errorf("%s was exchanged while the backup was written to it; choose a folder that is yours only", f.Name())
	}
	return nil
}

// copyTo copies all pages as they are at one moment. The read transaction that
// stays open over all steps is what makes it one, and what keeps a step from
// beginning anew because somebody wrote. It holds up no writer; the log only
// grows meanwhile, since what it holds from before that moment is needed.
func (s *Store) copyTo(ctx context.Context, name string, progress func(done, of int64)) error {
	from, err := s.connect(ctx, func(_ context.Context, c *conn) error {
		_, err := c.exec(`PRAGMA query_only = ON`)
		return err
	})
	if err != nil {
		return err
	}
	defer from.close()
	if err := s.inPlace(); err != nil {
		return err
	}
	if _, err := from.exec(`BEGIN`); err != nil {
		return err
	}
	if _, err := from.number(findGeneration); err != nil {
		return s.inFile(err)
	}
	to, err := openConn(name, "", lib.SQLITE_OPEN_READWRITE)
	if err != nil {
		return err
	}
	defer to.close()
	for _, pragma := range []string{`synchronous = OFF`, `journal_mode = OFF`} { // the whole file is synced at the end
		if _, err := to.exec(`PRAGMA ` + pragma); err != nil {
			return err
		}
	}
	at[summed](to.file).on = from.hasSums() // also for pages that are written before the first
	if err := copyPages(ctx, to, from, progress); err != nil {
		return s.inFile(err)
	}
	return nil
}

func copyPages(ctx context.Context, to, from *conn, progress func(done, of int64)) (err error) {
	pageSize, err := from.number(`PRAGMA page_size`)
	if err != nil {
		return err
	}
	main, err := libc.CString("main")
	if err != nil {
		return err
	}
	defer libc.Xfree(to.tls, main)
	b := lib.Xsqlite3_backup_init(to.tls, to.db, main, from.db, main)
	if b == 0 {
		return to.fault(lib.Xsqlite3_extended_errcode(to.tls, to.db))
	}
	defer func() {
		if rc := lib.Xsqlite3_backup_finish(to.tls, b); rc != lib.SQLITE_OK && err == nil {
			err = to.fault(rc)
		}
	}()
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		rc := lib.Xsqlite3_backup_step(to.tls, b, pagesAtOnce)
		if rc != lib.SQLITE_OK && rc != lib.SQLITE_DONE {
			return to.fault(rc)
		}
		if all := int64(lib.Xsqlite3_backup_pagecount(to.tls, b)); progress != nil {
			progress((all-int64(lib.Xsqlite3_backup_remaining(to.tls, b)))*pageSize, all*pageSize)
		}
		if rc == lib.SQLITE_DONE {
			return nil
		}
	}
}

// finishCopy marks the copy, and reads what it holds.
func finishCopy(name string, taken time.Time) (BackupInfo, error) {
	c, err := openConn(name, "", lib.SQLITE_OPEN_READWRITE)
	if err != nil {
		return BackupInfo{}, err
	}
	defer c.close()
	if err := mark(c, taken); err != nil {
		return BackupInfo{}, err
	}
	return readInfo(c, name)
}
