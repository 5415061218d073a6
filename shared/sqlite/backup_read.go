package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// BackupInfo is what a backup holds.
type BackupInfo struct {
	Path            string
	TakenAt         time.Time // what was answered before it is in the backup
	Grants, Clients int64
	Bytes           int64
	Generation      int64 // the store's, when it was taken
}

// readInfo reads what the backup says of itself.
func readInfo(c *conn, path string) (info BackupInfo, err error) {
	info.Path = path
	if _, err := checkOwner(c); err == nil {
		return info, errNotBackup
	} else if !errors.Is(err, errBackup) {
		return info, err
	}
	taken := int64(0)
	for _, n := range []struct {
		to  *int64
		sql string
	}{
		{&info.Grants, `SELECT count(*) FROM grants`}, {&info.Clients, `SELECT count(*) FROM clients`},
		{&info.Generation, `SELECT generation FROM meta`}, {&taken, `SELECT taken_at FROM backup`},
	} {
		if *n.to, err = c.number(n.sql); err != nil {
			return info, err
		}
	}
	if taken <= 0 {
		return info, errDamaged
	}
	info.TakenAt = time.UnixMilli(taken).UTC()
	return info, nil
}

// ReadBackup tells what a backup holds, by its own word: it is not checked.
// The error says why the file is none that this program can restore.
func ReadBackup(path string) (BackupInfo, error) { return readBackup(path, time.Time{}) }

// mostSkew is how far another machine's clock may be ahead of ours.
const mostSkew = 5 * time.Minute

// readBackup refuses what was taken after now as well, by the clock of whoever
// restores it; zero looks at no clock.
func readBackup(path string, now time.Time) (BackupInfo, error) {
	stat, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return BackupInfo{}, fmt.Errorf("there is no backup %s; name a file that `rescind backup` made", path)
	case err != nil:
		return BackupInfo{}, fmt.Errorf("cannot reach the backup %s: %w", path, bare(err))
	case !stat.Mode().IsRegular():
		return BackupInfo{}, fmt.Errorf("%s is not a regular file; name a file that `rescind backup` made", path)
	}
	if log, err := os.Lstat(path + "-wal"); err == nil && log.Size() > 0 {
		return BackupInfo{}, notBackup(path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return BackupInfo{}, err
	}
	c, err := dialUnchanged(abs, "")
	if err != nil {
		return BackupInfo{}, explainBackup(path, err)
	}
	defer c.close()
	info, err := readInfo(c, abs)
	if err != nil {
		return BackupInfo{}, explainBackup(path, err)
	}
	if !now.IsZero() && info.TakenAt.After(now.Add(mostSkew)) {
		return BackupInfo{}, fmt.Errorf("%s says that it was taken at %s, which is to come by this machine's clock; set the clock right, or take another backup", path, info.TakenAt.Format(time.RFC3339))
	}
	info.Bytes = stat.Size()
	return info, nil
}

func notBackup(path string) error {
	return fmt.Errorf("%s is a store, or a plain copy of one, and no backup that `rescind backup` made; to take such a copy into use put it in its place together with its -wal file, and run `rescind restore accept`", path)
}

func explainBackup(path string, err error) error {
	f := (*fault)(nil)
	switch {
	case errors.Is(err, errNotBackup):
		return notBackup(path)
	case errors.Is(err, errForeign):
		return fmt.Errorf("%s is another program's database and no backup of ours; name a file that `rescind backup` made", path)
	case errors.Is(err, errNewer):
		return fmt.Errorf("%s was made by a newer rescind; upgrade this program", path)
	case errors.Is(err, errDamaged), errors.As(err, &f) && isDamage(f):
		return fmt.Errorf("%s is no backup, or a damaged one (%w); take another", path, err)
	}
	return fmt.Errorf("the backup %s cannot be read: %w", path, err)
}
