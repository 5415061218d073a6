package trail

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Options may all be left zero.
type Options struct {
	// MaxBytes is the length at which a file is put aside; 0 is 64 MiB.
	MaxBytes int64
	// Every is how long lines are gathered; 0 is 100 ms.
	Every time.Duration
	// Logger hears, once, that the file cannot be written; nil is slog.Default().
	Logger *slog.Logger
}

// room is how many bytes wait at most, where the disk takes none. What comes
// then is left out, and counted.
const room = 4 << 20

// File is the writing end of a trail. It is an io.Writer of whole lines, safe
// for many goroutines.
type File struct {
	path string
	o    Options

	mu      sync.Mutex // of what waits; never held while the disk is waited for
	waiting []byte
	lost    int // lines that found no room
	due     bool
	closed  bool

	disk   sync.Mutex // of what follows
	f      *os.File
	spare  []byte
	torn   bool // the last write ended within a line
	failed bool // and it was said
}

// Create gives the trail at path. The file is made with the first line, for
// its owner only. It never fails: see the package's rules.
func Create(path string, o Options) *File {
	o.MaxBytes, o.Every = cmp.Or(o.MaxBytes, 64<<20), cmp.Or(o.Every, 100*time.Millisecond)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &File{path: path, o: o}
}

// Path is where the trail is.
func (t *File) Path() string { return t.path }

// Write takes one line, or several, with the newline. It returns at once and
// without an error.
func (t *File) Write(line []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || len(t.waiting)+len(line) > room {
		t.lost++
		return len(line), nil
	}
	t.waiting = append(t.waiting, line...)
	if !t.due {
		t.due = true
		time.AfterFunc(t.o.Every, t.flush)
	}
	return len(line), nil
}

// Close writes what waits and closes the file. What comes later is lost.
func (t *File) Close() error {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.flush()
	t.disk.Lock()
	defer t.disk.Unlock()
	t.drop()
	return nil
}

// flush writes what waits. Where that fails it waits on, and is tried again
// with the next line.
func (t *File) flush() {
	t.disk.Lock()
	defer t.disk.Unlock()
	t.mu.Lock()
	lines := t.waiting
	t.waiting, t.due = t.spare[:0], false
	t.mu.Unlock()
	rest, err := t.write(lines)
	t.mu.Lock()
	if err != nil && len(rest)+len(t.waiting) <= room {
		t.waiting = append(slices.Clone(rest), t.waiting...)
	}
	lost := t.lost
	if err == nil {
		t.lost = 0
	}
	t.mu.Unlock()
	if cap(lines) <= 1<<20 {
		t.spare = lines
	}
	t.say(err, lost)
}

// say logs a failure once, and that it is over.
func (t *File) say(err error, lost int) {
	switch {
	case err != nil && !t.failed:
		t.o.Logger.Warn("the audit trail cannot be written, and requests go on without it; see to the file and its disk", "file", t.path, "error", err.Error())
	case err == nil && (t.failed || lost > 0):
		t.o.Logger.Warn("the audit trail is written again", "file", t.path, "events_lost", lost)
	}
	t.failed = err != nil
}

// write appends whole lines with one write, and gives what is left of them
// after an error.
func (t *File) write(lines []byte) (rest []byte, err error) {
	if len(lines) == 0 {
		return nil, nil
	}
	if err := t.ready(int64(len(lines))); err != nil {
		t.drop()
		return lines, err
	}
	if t.torn { // what was begun ends here, and is repeated whole
		lines = append([]byte{'\n'}, lines...)
	}
	n, err := t.f.Write(lines)
	if err == nil {
		t.torn = false
		return nil, nil
	}
	done := 0
	if n > 0 {
		done = 1 + lastNewline(lines[:n])
		t.torn = done != n
	}
	t.drop()
	return lines[done:], bare(err)
}

func lastNewline(b []byte) int {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '\n' {
			return i
		}
	}
	return -1
}

// ready has the file open that is at the path now, with room for n bytes.
func (t *File) ready(n int64) error {
	for range 10 {
		if err := t.open(); err != nil {
			return err
		}
		here, err := t.f.Stat()
		if err != nil {
			return bare(err)
		}
		there, err := os.Lstat(t.path)
		if err != nil || !os.SameFile(here, there) { // another process put it aside, or somebody moved it
			t.drop()
			continue
		}
		if here.Size() == 0 || here.Size()+n <= t.o.MaxBytes {
			return nil
		}
		if err := t.putAside(here); err != nil {
			return err
		}
	}
	return errors.New("it is put aside again and again")
}

// putAside renames the file, unless another process has meanwhile. Of two that
// want to, the one that gets the lock does.
func (t *File) putAside(here fs.FileInfo) error {
	unlock, err := lock(t.f)
	if err != nil {
		return bare(err)
	}
	defer unlock()
	if there, err := os.Lstat(t.path); err == nil && os.SameFile(here, there) {
		if err := os.Rename(t.path, t.path+Older); err != nil {
			return bare(err)
		}
	}
	t.drop()
	return nil
}

// Older is what the name of the file before this one ends with.
const Older = ".1"

// open opens or makes the file. It does not wait for the reader of a pipe,
// follows no link, and takes nothing but a file that is ours alone.
func (t *File) open() error {
	if t.f != nil {
		return nil
	}
	f, err := os.OpenFile(t.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY|syscall.O_NONBLOCK|noFollow, 0o600)
	if err != nil {
		if info, lerr := os.Lstat(t.path); lerr == nil && info.Mode()&fs.ModeSymlink != 0 {
			return errors.New("it is a symbolic link; remove it")
		}
		return bare(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is not a regular file")
	}
	if err == nil {
		err = keepPrivate(f, info)
	}
	if err != nil {
		_ = f.Close() // nothing was written
		return bare(err)
	}
	t.f = f
	return nil
}

func (t *File) drop() {
	if t.f != nil {
		_ = t.f.Close() // each write said whether it failed
		t.f = nil
	}
}

// bare is an error of the file system without the path, which our line has.
func bare(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	if linkErr := (*os.LinkError)(nil); errors.As(err, &linkErr) {
		return fmt.Errorf("renaming it: %w", linkErr.Err)
	}
	return err
}
