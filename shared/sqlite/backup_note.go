package sqlite

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// unfinished is the note of a restore or accept in the lock's file.
type unfinished struct {
	Doing   string `json:"doing"`
	Aside   string `json:"aside,omitempty"`   // the name, in the store's folder, for the store that was
	Present bool   `json:"present,omitempty"` // there was one
	Accepts bool   `json:"accepts,omitempty"` // and its accepting with a journal had been cut off
	Unread  bool   `json:"unread,omitempty"`  // and it could not be opened
}

const (
	doingRestore = "restore"
	doingAccept  = "accept" // with a journal: a plain one is a single transaction, and has no note
)

// noteBytes is what a note is filled up to a multiple of: a disk's sector,
// which is written whole or not at all. So where one note takes another's
// place, a power failure leaves the one or the other.
const noteBytes = 512

// note is what the lock's file holds; nothing where no restore or accept is
// under way, nor was cut off.
func (l inUse) note() ([]byte, error) {
	note, err := io.ReadAll(io.NewSectionReader(l.f, 0, 1<<16))
	// The length of a first note reached the disk, and nothing else: nothing was
	// begun. A note that was there before would not be gone.
	if len(bytes.Trim(note, "\x00")) == 0 {
		note = nil
	}
	return bytes.TrimRight(note, " "), err
}

// write puts a note in the place of the one before, durably; an empty one takes
// it out. The file is never empty in between, which would say that all is well.
func (l inUse) write(note []byte) error {
	if len(note) > 0 {
		note = append(note, bytes.Repeat([]byte(" "), noteBytes-1-(len(note)-1)%noteBytes)...)
		if _, err := l.f.WriteAt(note, 0); err != nil {
			return err
		}
	}
	if err := l.f.Truncate(int64(len(note))); err != nil {
		return err
	}
	return l.f.Sync()
}

// begin makes the note durable.
func (l inUse) begin(path string, u unfinished) error {
	note, err := json.Marshal(u)
	if err == nil {
		err = errors.Join(l.write(note), syncFolder(filepath.Dir(path)))
	}
	if err != nil {
		return fmt.Errorf("writing %s-lock: %w; see to its disk", path, bare(err))
	}
	return nil
}

// unfinished gives what was cut off; nil where nothing was.
func (l inUse) unfinished(path string) (*unfinished, error) {
	note, err := l.note()
	if err != nil {
		return nil, fmt.Errorf("cannot read %s-lock: %w; see to its disk", path, bare(err))
	}
	if len(note) == 0 {
		return nil, nil
	}
	u := &unfinished{}
	if json.Unmarshal(note, u) != nil || u.Doing != doingRestore && u.Doing != doingAccept {
		return nil, &tornError{path}
	}
	return u, nil
}

// tornError is of a note that does not say what was begun. It may have been an
// accept, so the store is one in which too much may be alive.
type tornError struct{ path string }

// Error says what to do.
func (e *tornError) Error() string {
	return fmt.Sprintf("a restore or accept of %s was cut off, and %[1]s-lock, which says how far it went, cannot be read; see which file of that name is the right one (%[1]s.before-... is one that was moved aside, with its -wal file), put it in place, and run `rescind restore accept --replay FILE --store sqlite:%[1]s`", e.path)
}

// acceptCutOff says that only an accept with a journal goes on from here.
func acceptCutOff(path string) error {
	return fmt.Errorf("%s was being accepted with a journal, and that was cut off: what was ended since the backup may be alive in it; run `rescind restore accept --replay FILE --store sqlite:%[1]s` again, or put a backup in its place with `rescind restore`", path)
}

// Unfinished says that a restore or accept of the store at path was cut off,
// and what to do; nil where that is not so, or nothing is there.
func Unfinished(path string) error { return checkUnfinished(path) }

// checkUnfinished refuses a store whose restore or accept was cut off.
func checkUnfinished(path string) error {
	info, err := os.Lstat(path + "-lock")
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil
	}
	f, err := os.OpenFile(path+"-lock", os.O_RDONLY|noFollow, 0)
	if err != nil {
		return fmt.Errorf("cannot read %s-lock: %w; make it your own file", path, bare(err))
	}
	defer func() { _ = f.Close() }()
	u, err := inUse{f}.unfinished(path)
	switch {
	case err != nil:
		return err
	case u != nil && u.Doing == doingAccept:
		return acceptCutOff(path)
	}
	return fmt.Errorf("a restore of %s was cut off; run `rescind restore FILE --store sqlite:%[1]s` again, which ends it or takes it back before it begins anew", path)
}
