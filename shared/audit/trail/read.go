package trail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// longestLine is what is read of a line; the rest of a longer one is left out.
const longestLine = 64 << 10

// Lines gives each line of r without its newline, until r or ctx ends.
func Lines(ctx context.Context, r io.Reader, give func(line []byte)) error {
	_, err := eachLine(ctx, r, true, give)
	return err
}

// eachLine also gives how many bytes the whole lines took. What follows the
// last newline is given as a line only where unended says so: in a file that
// others write it may be getting its end just now.
func eachLine(ctx context.Context, r io.Reader, unended bool, give func(line []byte)) (whole int64, err error) {
	br := bufio.NewReaderSize(r, longestLine)
	tooLong, n := false, int64(0)
	for {
		part, err := br.ReadSlice('\n')
		n += int64(len(part))
		ended := err == nil
		if len(part) > 0 && !tooLong && (unended || !errors.Is(err, io.EOF)) {
			give(bytes.TrimRight(part, "\r\n"))
		}
		tooLong = errors.Is(err, bufio.ErrBufferFull)
		if ended {
			whole, n = whole+n, 0
		}
		switch {
		case errors.Is(err, io.EOF):
			return whole, nil
		case err != nil && !tooLong:
			return whole, err
		case ctx.Err() != nil:
			return whole, ctx.Err()
		}
	}
}

// slack is how far a line may stand from where its time belongs: several
// processes write, each some moments after the event.
const slack = time.Minute

// step is how far the search for a time goes back at once, in bytes.
const step = 1 << 20

// Reader reads a trail that others write, and only what is new the next time.
type Reader struct {
	path string
	c    *Collector
	file fs.FileInfo // as it was read last
	next int64       // the first byte that was not
}

// NewReader reads the trail at path, and the file before it, from since on.
func NewReader(path string, since time.Time) *Reader {
	return &Reader{path: path, c: NewCollector(since)}
}

// Summary reads what was written since the last call, and gives what happened
// from since's hour on. Where there is no trail the error is fs.ErrNotExist.
func (r *Reader) Summary(ctx context.Context, since, now time.Time) (Summary, error) {
	f, err := openRegular(r.path)
	if err != nil {
		return Summary{}, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return Summary{}, err
	}
	r.c.Forget(since)
	switch {
	case r.file == nil:
		err = r.begin(ctx, f, info, since)
	case !os.SameFile(r.file, info): // put aside meanwhile: it ends in the older file
		if err = r.older(ctx, func(old *os.File, is fs.FileInfo) int64 {
			if os.SameFile(r.file, is) {
				return r.next
			}
			return is.Size() // more than one file behind
		}); err == nil {
			r.next = 0
			err = r.rest(ctx, f)
		}
	case info.Size() < r.next: // emptied in place
		r.next = 0
		err = r.rest(ctx, f)
	default:
		err = r.rest(ctx, f)
	}
	if err != nil {
		return Summary{}, err
	}
	r.file = info
	return r.c.Summary(now), nil
}

// begin reads from since on, in the older file too if since may be there.
func (r *Reader) begin(ctx context.Context, f *os.File, info fs.FileInfo, since time.Time) error {
	from := since.UTC().Truncate(time.Hour).Add(-slack)
	start, err := seek(f, info.Size(), from)
	if err != nil {
		return err
	}
	if start == 0 {
		if err := r.older(ctx, func(old *os.File, is fs.FileInfo) int64 {
			at, err := seek(old, is.Size(), from)
			if err != nil {
				return 0 // reading it will say why
			}
			return at
		}); err != nil {
			return err
		}
	}
	r.next = start
	return r.rest(ctx, f)
}

// older reads the file before this one, if there is one, from where start says.
func (r *Reader) older(ctx context.Context, start func(*os.File, fs.FileInfo) int64) error {
	old, err := openRegular(r.path + Older)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = old.Close() }() // only read
	info, err := old.Stat()
	if err != nil {
		return err
	}
	at := start(old, info)
	_, err = eachLine(ctx, io.NewSectionReader(old, at, info.Size()-at), true, r.c.Add)
	return err
}

// rest reads all whole lines after what was read.
func (r *Reader) rest(ctx context.Context, f *os.File) error {
	n, err := eachLine(ctx, io.NewSectionReader(f, r.next, 1<<62), false, r.c.Add)
	r.next += n
	return err
}

// seek finds a place at the beginning of a line from which on all events since
// then are. It goes back from the end, so that a long file costs what its
// newest part does.
func seek(f *os.File, size int64, since time.Time) (int64, error) {
	buf := make([]byte, longestLine)
	for at := size - step; at > 0; at -= step {
		n, err := f.ReadAt(buf, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		begin := 0
		for begin < n { // the first event after this place
			end := bytes.IndexByte(buf[begin:n], '\n')
			if end < 0 {
				break
			}
			if e, is, ok := Parse(buf[begin : begin+end]); begin > 0 && is && ok {
				if e.Time.Before(since) {
					return at + int64(begin), nil
				}
				break
			}
			begin += end + 1
		}
	}
	return 0, nil
}

// openRegular opens a file and nothing else: a pipe would keep us waiting.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file; give its lines on standard input", path)
	}
	return os.Open(path)
}
