package sqlite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	lib "modernc.org/sqlite/lib"
)

// ErrInUse is in the error of a restore or accept of a store that some process
// has open.
var ErrInUse = errors.New("a process has this store open")

// The steps of a restore, as its Step hears of them before each.
const (
	StepCopy   = "copy"   // the backup to a file beside the store
	StepCheck  = "check"  // that file, whole
	StepAccept = "accept" // it: all its grants end
	StepBegin  = "begin"  // the exchange of files; from here on no store opens
	StepLog    = "log"    // of the present store is moved aside
	StepAside  = "aside"  // the present store is moved after it
	StepPlace  = "place"  // the new store's log, and then the new store
	StepMark   = "mark"   // the store that was, as a backup
	StepEnd    = "end"    // the exchange
)

// RestoreOptions may all be left zero.
type RestoreOptions struct {
	Options
	// Step is told what comes next, and while copying how many bytes there are.
	Step func(step string, done, of int64)
}

// Restore is one that was begun: the backup's copy, checked, accepted, and with
// a generation of its own, stands ready beside the store that is in place.
// Nobody else can open either until Finish or Abort.
type Restore struct {
	path        string
	o           RestoreOptions
	lock        inUse
	stagingLock inUse
	info        BackupInfo
	present     *Store
	why         error // the present store could not be read
	staged      *Store
	staging     bool // what is beside the store may be removed
}

// BeginRestore gets all ready to put the backup in the place of the store at
// path, where there may be one or none; that stays as it is. A restore that
// was cut off before is first taken back, or ended where it was nearly done.
// Errors: ErrInUse where a server or command has the store open.
func BeginRestore(ctx context.Context, path, backup string, o RestoreOptions) (*Restore, error) {
	if o.Step == nil {
		o.Step = func(string, int64, int64) {}
	}
	r := &Restore{o: o}
	if err := r.begin(ctx, path, backup); err != nil {
		r.Abort()
		return nil, err
	}
	return r, nil
}

func (r *Restore) begin(ctx context.Context, path, backup string) (err error) {
	if _, err := readBackup(backup, r.o.filled().Now()); err != nil {
		return err
	}
	if r.path, err = target(path, r.o.Options); err != nil {
		return err
	}
	for _, suffix := range besideStore {
		if isSame(backup, r.path+suffix) {
			return fmt.Errorf("%s is a file of the store itself; name a backup", backup)
		}
	}
	if r.lock, err = enter(r.path, true); err != nil {
		return err
	}
	if err := recoverRestore(r.path, r.lock, r.o); err != nil {
		return err
	}
	if err := r.openPresent(ctx); err != nil {
		return err
	}
	return r.stage(ctx, backup)
}

func isSame(a, b string) bool {
	first, err := os.Stat(a)
	second, err2 := os.Stat(b)
	return err == nil && err2 == nil && os.SameFile(first, second)
}

// target is the store's path without symbolic links, in a folder that is fit.
func target(path string, o Options) (string, error) {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		o.MustExist = true
		return settle(path, o.filled())
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("the path of the database: %w", err)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", fmt.Errorf("cannot make the folder %s: %w; choose a folder that you may write to", folder, bare(err))
	}
	if err := cmp.Or(checkFileSystem(folder), checkFolder(folder, o.filled().Logger)); err != nil {
		return "", err
	}
	if folder, err = filepath.EvalSymlinks(folder); err != nil {
		return "", fmt.Errorf("cannot reach the folder %s: %w", folder, bare(err))
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}

// openPresent opens the store that is in place. That it is damaged, or a copy
// itself, is no error: then nobody can tell what it held.
func (r *Restore) openPresent(ctx context.Context) (err error) {
	if _, err := os.Lstat(r.path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	o := r.o.Options
	o.MustExist, o.Accept, o.alone = true, false, true
	r.present, err = Open(ctx, r.path, o)
	f := (*fault)(nil)
	if errors.Is(err, ErrCopied) || errors.Is(err, errDamaged) || errors.As(err, &f) && isDamage(f) {
		r.present, r.why = nil, err
		return nil
	}
	return err
}

// stage makes the new store.
func (r *Restore) stage(ctx context.Context, backup string) (err error) {
	staging := r.path + stagingSuffix
	if r.stagingLock, err = enter(staging, true); err != nil {
		return err
	}
	r.staging = true
	// Should this be killed, it is a store in which nothing was replayed yet.
	if err := r.stagingLock.begin(staging, unfinished{Doing: doingAccept}); err != nil {
		return err
	}
	if err := r.copyBackup(ctx, backup, staging); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("copying the backup to %s: %w; the store is as it was", staging, bare(err))
	}
	r.o.Step(StepCheck, 0, 0)
	findings, err := Check(ctx, staging)
	if err != nil {
		return err
	}
	if len(findings) > 0 {
		return fmt.Errorf("the backup %s is damaged (%s); the store is as it was, take another backup", backup, findings[0])
	}
	if r.info, err = readBackup(staging, r.o.filled().Now()); err != nil { // of the copy: nobody can change that any more
		return err
	}
	r.info.Path = backup
	r.o.Step(StepAccept, 0, 0)
	if err := protect(staging); err != nil {
		return fmt.Errorf("giving %s checksums: %w; the store is as it was", staging, err)
	}
	o := r.o.Options
	o.MustExist, o.Accept, o.alone = true, true, true
	if r.staged, err = Open(ctx, staging, o); err != nil || r.present == nil {
		return err
	}
	generation, err := r.present.Generation(ctx)
	if err != nil {
		return nil // it turns out when its journal is read
	}
	return r.staged.RaiseGeneration(ctx, generation+1)
}

func (r *Restore) copyBackup(ctx context.Context, backup, to string) (err error) {
	from, err := os.Open(backup)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.o.Step(StepCopy, done, max(r.sizeOf(from), done))
		n, err := io.CopyN(f, from, 8<<20)
		done += n
		if errors.Is(err, io.EOF) {
			return f.Sync()
		}
		if err != nil {
			return err
		}
	}
}

// protect gives the copy of a backup that has none checksums.
func protect(path string) error {
	c, err := openConn(path, "", lib.SQLITE_OPEN_READWRITE)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.reserveSums(); err != nil {
		return err
	}
	if _, err := checkOwner(c); !errors.Is(err, errBackup) || c.hasSums() {
		if errors.Is(err, errBackup) {
			err = nil
		}
		return err
	}
	if err := migrate(c, func(*conn) (bool, error) { return false, nil }); err != nil {
		return err
	}
	return c.addSums()
}

func (r *Restore) sizeOf(f *os.File) int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// Backup is what the backup holds.
func (r *Restore) Backup() BackupInfo { return r.info }

// Store is the new store. What is written into it is in place after Finish.
func (r *Restore) Store() *Store { return r.staged }

// Present is the store in place, to read from: nil where there is none, and
// with an error where it cannot be read.
func (r *Restore) Present() (*Store, error) { return r.present, r.why }

// Abort leaves everything as it was. After Finish it does nothing.
func (r *Restore) Abort() {
	for _, s := range []*Store{r.present, r.staged} {
		if s != nil {
			_ = s.Close()
		}
	}
	if r.staging {
		removeStaging(r.path)
	}
	r.stagingLock.close()
	r.lock.close()
	r.lock, r.stagingLock, r.staging = inUse{}, inUse{}, false
}
