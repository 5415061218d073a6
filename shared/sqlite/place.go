package sqlite

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
)

// identity tells a file from its copy: the inode's number, and when the file
// system says that the inode began, since a freed number is soon used again.
// Zero where the system cannot say.
type identity struct{ inode, born int64 }

// same leaves out what either side does not know.
func (i identity) same(o identity) bool {
	return (i.inode == o.inode || i.inode == 0 || o.inode == 0) && (i.born == o.born || i.born == 0 || o.born == 0)
}

// settle makes the folder and an empty file where there are none, both for
// their owner only, and gives the file's path without symbolic links. It never
// opens a file that exists: closing it would drop the locks that this process
// holds on it (POSIX: fcntl).
func settle(path string, o Options) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("the path of the database: %w", err)
	}
	folder := filepath.Dir(path)
	_, err = os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && o.MustExist:
		if err := checkUnfinished(path); err != nil {
			return "", err
		}
		return "", fmt.Errorf("there is no database %s; start the server once to make it, or name another", path)
	case err != nil && !missing:
		return "", fmt.Errorf("cannot reach the database %s: %w; choose a path below a folder of your own", path, bare(err))
	}
	if err := makeFolder(folder); err != nil {
		return "", fmt.Errorf("cannot make the folder %s: %w; choose a folder that you may write to", folder, bare(err))
	}
	if err := checkFileSystem(folder); err != nil {
		return "", err
	}
	if missing {
		if err := cmp.Or(checkFolder(folder, o.Logger), checkUnfinished(path), checkNoLog(path)); err != nil {
			return "", err
		}
		if err := makeEmpty(path); err != nil {
			return "", err
		}
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return "", fmt.Errorf("cannot reach the database: %w", bare(err))
	}
	if !missing {
		if err := checkFolder(filepath.Dir(path), o.Logger); err != nil {
			return "", err
		}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		if err := makeEmpty(path); err != nil {
			return "", err
		}
	}
	return path, tighten(path)
}

// makeFolder makes a folder and those above it, and has the disk keep their
// names: SQLite syncs the folder that its files are in, and none above. A
// system that cannot sync a folder is left to itself, as SQLite does.
func makeFolder(folder string) error {
	var above []string
	for f := folder; f != filepath.Dir(f); f = filepath.Dir(f) {
		if _, err := os.Stat(f); err == nil {
			break
		}
		above = append(above, filepath.Dir(f))
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	for _, f := range above {
		if d, err := os.Open(f); err == nil {
			_ = d.Sync()
			_ = d.Close()
		}
	}
	return nil
}

// checkNoLog refuses to make a database beside the log of another, which
// SQLite would delete.
func checkNoLog(path string) error {
	log, err := os.Lstat(path + "-wal")
	if err != nil || log.Size() == 0 {
		return nil
	}
	if _, err := os.Lstat(path); err == nil { // another process was first
		return nil
	}
	return fmt.Errorf("%s is not there, but %[1]s-wal is, which holds the latest writes of the database that was: bring that back, or move the log away too", path)
}

// makeEmpty makes the log and then the file, unless another process was first.
// So a database without a log is never one that is just being made.
func makeEmpty(path string) error {
	for _, name := range []string{path + "-wal", path} {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
		if err == nil {
			err = f.Close()
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("cannot make the database %s: %w; choose a folder that you may write to", path, bare(err))
		}
	}
	return nil
}

// tighten leaves the file and what SQLite keeps beside it to their owner, who
// must be us. SQLite makes those with the mode of the file.
func tighten(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm", path + "-turn", path + "-lock"} {
		info, err := os.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("cannot reach %s: %w", name, bare(err))
		case !info.Mode().IsRegular():
			return fmt.Errorf("%s is not a regular file; move it away, or name another database", name)
		}
		if err := checkOnly(name, info); err != nil {
			return err
		}
		if !hasModes || info.Mode().Perm()&0o077 == 0 {
			continue
		}
		if err := os.Chmod(name, 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("others may read or write %s, and that cannot be changed: %w; run chmod 600 on it as its owner", name, bare(err))
		}
	}
	return nil
}

// checkOnly refuses a file that another user owns, who may write to it whatever
// its mode, and one of several names: SQLite finds the log by the file's name,
// so each name has its own.
func checkOnly(name string, info fs.FileInfo) error {
	uid, names, ok := ownership(info)
	us := os.Geteuid()
	switch {
	case !ok:
		return nil
	case uid != us:
		return fmt.Errorf("%s belongs to the user with uid %d, and this program runs as uid %d; run it as that user, or run chown %[3]d on the file", name, uid, us)
	case names > 1:
		return fmt.Errorf("%s has more than one name (hard links), and what is revoked under one would be alive under the other; remove the other names", name)
	}
	return nil
}

// checkFolder refuses a folder where anybody may put another file in the
// database's place.
func checkFolder(folder string, log *slog.Logger) error {
	info, err := os.Stat(folder)
	if err != nil {
		return fmt.Errorf("cannot reach the folder %s: %w", folder, bare(err))
	}
	if uid, _, ok := ownership(info); ok && uid != 0 && uid != os.Geteuid() {
		return fmt.Errorf("the folder %s belongs to the user with uid %d, who may replace the database; run this program as that user, or run chown %d on the folder", folder, uid, os.Geteuid())
	}
	mode := info.Mode()
	if !hasModes || mode.Perm()&0o022 == 0 {
		return nil
	}
	if mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0 {
		return fmt.Errorf("everybody may replace files in the folder %s; run chmod 700 on it, or choose a folder of your own", folder)
	}
	log.Warn("others may write to the database's folder; chmod 700 it, or choose a folder of your own", "folder", folder)
	return nil
}

// bare is an error of the file system without the path, which our sentence has.
func bare(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		if errno := syscall.Errno(0); errors.As(pathErr.Err, &errno) {
			return errno
		}
		return pathErr.Err
	}
	return err
}
