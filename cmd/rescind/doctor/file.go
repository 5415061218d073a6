package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rescind/shared/sqlite"
)

// File examines the SQLite store at path, and the trail beside it, where trail
// names one.
func File(ctx context.Context, path, trail string, now time.Time) Report {
	var r Report
	real, err := filepath.EvalSymlinks(path)
	info, statErr := os.Stat(path)
	switch err = errors.Join(err, statErr); {
	case errors.Is(err, fs.ErrNotExist):
		r.wrong("file", "name another with --store, or make it with `rescind store create`", "there is no file %s", path)
		return r
	case err != nil:
		r.wrong("file", "run this as the user that the server runs as, and see to the folders above it", "%s cannot be reached: %v", path, bare(err))
		return r
	case !info.Mode().IsRegular():
		r.wrong("file", "name another with --store", "%s is not a regular file", path)
		return r
	case info.Size() == 0:
		r.look("file", "nothing, if a server is to make its store there; otherwise name another with --store", "%s is empty: it holds no store yet", path)
		return r
	}
	if real, err = filepath.Abs(real); err != nil {
		r.wrong("file", "name it by its whole path", "%s: %v", path, err)
		return r
	}
	logged := false
	if log, err := os.Lstat(real + "-wal"); err == nil && log.Size() > 0 {
		logged = true
	}
	f, factsErr := readFacts(ctx, real, logged)
	if factsErr == nil && f.owner != storeID && f.owner != backupID {
		r.wrong("store", "name another file with --store", "this is another program's database")
		return r
	}
	if f.owner == backupID {
		r.backup(ctx, path, real, info.Size(), f, factsErr)
		return r
	}
	r.ok("file", "%s, %s", real, size(info.Size()))
	r.owner(real, trail)
	r.folder(filepath.Dir(real))
	r.log(real)
	r.disk(real, info.Size())
	if factsErr == nil {
		r.identity(real, f)
		r.times(f, now)
	}
	r.pages(ctx, real, factsErr)
	r.trail(trail)
	return r
}

// backup examines a file that `rescind backup` made. No server serves it, so
// that it has no -wal and lies in any folder is as it should be.
func (r *Report) backup(ctx context.Context, path, real string, bytes int64, f facts, factsErr error) {
	var pages Report
	pages.pages(ctx, real, factsErr)
	if pages.Count(OK) == len(pages) {
		r.look("file", "nothing, to keep it as it is; `rescind restore "+path+"` puts it in a store's place", "%s, %s: it is a backup, whole", real, size(bytes))
	} else {
		r.look("file", "restore another backup, and make a new one of the store", "%s, %s: it is a backup, damaged or not to be read", real, size(bytes))
	}
	if factsErr == nil {
		r.holds(f)
	}
	for _, one := range pages {
		if one.Check == "pages" && one.Verdict == Wrong {
			one.Do = "restore another backup; see to the disk that this one is on"
		}
		*r = append(*r, one)
	}
}

// companions are the files that belong to a store.
var companions = []string{"", "-wal", "-shm", "-turn", "-lock"}

// owner examines whose the files are and who else may read them, and whether
// the store has one name.
func (r *Report) owner(path, trail string) {
	us, well := os.Geteuid(), true
	names := []string{}
	for _, suffix := range companions {
		names = append(names, path+suffix)
	}
	if trail != "" {
		names = append(names, trail)
	}
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil {
			continue // whether it must be there others examine
		}
		uid, links, known := ownership(info)
		switch {
		case !info.Mode().IsRegular():
			well = false
			r.wrong("owner and mode", "move it away", "%s is not a regular file", name)
		case known && uid != us:
			well = false
			r.wrong("owner and mode", "run rescind as that user, or chown the file", "%s belongs to the user with uid %d, and this is uid %d: the server refuses a file that another may write", name, uid, us)
		case known && info.Mode().Perm()&0o077 != 0:
			well = false
			r.look("owner and mode", "chmod 600 it; the server does so to its own files when it starts", "others may read or write %s (mode %04o)", name, info.Mode().Perm())
		}
		if name == path && known && links > 1 {
			r.wrong("hard links", "remove the other names (find them with find -samefile)", "%s has %d names: what is revoked under one would be alive under another, each with its own -wal", name, links)
		} else if name == path && known {
			r.ok("hard links", "it has one name")
		}
	}
	if well {
		r.ok("owner and mode", "all files are this user's, and nobody else's to read")
	}
}

func (r *Report) folder(dir string) {
	info, err := os.Stat(dir)
	if err != nil {
		r.wrong("folder", "see to the folder", "%s cannot be looked at: %v", dir, bare(err))
		return
	}
	uid, _, known := ownership(info)
	mode := info.Mode()
	switch {
	case !known:
		r.ok("folder", "%s; this system does not say whose it is", dir)
	case uid != 0 && uid != os.Geteuid():
		r.wrong("folder", "run rescind as that user, or chown the folder", "%s belongs to the user with uid %d, who may replace the store", dir, uid)
	case mode.Perm()&0o002 != 0 && mode&fs.ModeSticky == 0:
		r.wrong("folder", "chmod 700 it", "everybody may replace files in %s", dir)
	case mode.Perm()&0o022 != 0:
		r.look("folder", "chmod 700 it, or give the store a folder of its own", "others may write to %s (mode %04o)", dir, mode.Perm())
	default:
		r.ok("folder", "only its owner may write to %s", dir)
	}
}

// longLog is a log that servers should have moved into the file long ago.
const longLog = 256 << 20

// log examines the write-ahead log.
func (r *Report) log(path string) {
	info, err := os.Lstat(path + "-wal")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.wrong("log", "put that file back beside it; if it is gone for good run `rescind restore accept --store sqlite:"+path+"`, which ends all grants in it",
			"there is no %s-wal, which holds the latest revocations: this is a copy or a backup, or was parted from it", path)
	case err != nil:
		r.wrong("log", "see to the folder", "%s-wal cannot be looked at: %v", path, bare(err))
	case info.Size() > longLog:
		r.look("log", "end whatever keeps the store open for reading; the server then moves it into the file", "%s-wal has grown to %s", path, size(info.Size()))
	default:
		r.ok("log", "%s-wal is beside it, %s", filepath.Base(path), size(info.Size()))
	}
}

// leastFree is the room on the disk below which somebody should look.
const leastFree = 1_000_000_000

func (r *Report) disk(path string, store int64) {
	free, ok, err := freeSpace(filepath.Dir(path))
	switch {
	case err != nil:
		r.look("disk space", "see to the disk", "cannot be told: %v", err)
	case !ok:
		r.ok("disk space", "this system does not say")
	case free < 10_000_000:
		r.wrong("disk space", "make room: without any, every write is answered 503", "%s are left", size(free))
	case free < leastFree:
		r.look("disk space", "make room: without any, every write is answered 503", "%s are left", size(free))
	case free < store:
		r.look("disk space", "make room: a backup beside the store needs as much as it has", "%s are left, less than the store's own %s", size(free), size(store))
	default:
		r.ok("disk space", "%s are left", size(free))
	}
}

// shown is how many damaged places are named.
const shown = 5

// pages reads the whole file, as the store's own check does.
func (r *Report) pages(ctx context.Context, path string, factsErr error) {
	findings, err := sqlite.Check(ctx, path)
	switch {
	case err != nil:
		sentence, do, _ := strings.Cut(err.Error(), "; ")
		r.wrong("store", cmp.Or(do, "see what the sentence says"), "%s", sentence)
	case len(findings) > 0:
		places := strings.Join(findings[:min(len(findings), shown)], "; ")
		if more := len(findings) - shown; more > 0 {
			places += fmt.Sprintf("; and %d more", more)
		}
		r.wrong("pages", "stop the server, keep the file and its -wal aside, and put a backup in its place with `rescind restore`; see to the disk and the memory of this machine",
			"damaged: %s", places)
	case factsErr != nil:
		r.look("store", "run it again", "what it says of itself cannot be read: %v", factsErr)
	default:
		r.ok("pages", "every page, index and row can be read")
	}
}

func (r *Report) trail(path string) {
	if path == "" {
		return
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r.ok("audit trail", "none yet; it begins with the first event")
	case err != nil:
		r.look("audit trail", "see to the file", "%s cannot be looked at: %v", path, bare(err))
	default:
		r.ok("audit trail", "%s, %s, the last event %s", path, size(info.Size()), info.ModTime().UTC().Format("2006-01-02 15:04:05 MST"))
	}
}

// bare is an error of the file system without the path, which the sentence has.
func bare(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
