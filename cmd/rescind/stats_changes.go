package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"rescind/shared/audit"
	"rescind/shared/audit/trail"
)

// change is a client or a user that an operator changed, or a restore.
type change struct {
	Time      time.Time `json:"time"`
	Operation string    `json:"operation"`
	ClientID  string    `json:"client_id,omitempty"`
	Subject   string    `json:"sub,omitempty"`
	Outcome   string    `json:"outcome"`
	Reason    string    `json:"reason,omitempty"`
}

// mostChanges is how many are shown.
const mostChanges = 20

// changeLog keeps the newest changes of the lines it is given, and how many
// each hour had. It is for one goroutine.
type changeLog struct {
	newest []change // the newest first
	hours  map[int64]int
}

// What a line of a change has, whoever wrote it: other lines are not parsed.
var clientWord, userWord, restoreWord = []byte(audit.Client), []byte(audit.User), []byte(audit.Restore)

func (l *changeLog) add(line []byte) {
	if !bytes.Contains(line, clientWord) && !bytes.Contains(line, userWord) && !bytes.Contains(line, restoreWord) {
		return
	}
	e, is, ok := trail.Parse(line)
	if !is || !ok || e.Action != audit.Client && e.Action != audit.User && e.Action != audit.Restore {
		return
	}
	if l.hours == nil {
		l.hours = map[int64]int{}
	}
	l.hours[e.Time.Truncate(time.Hour).Unix()]++
	c := change{e.Time, cmp.Or(e.Operation, string(e.Action)), e.ClientID, e.Subject, e.Outcome, e.Reason}
	at, _ := slices.BinarySearchFunc(l.newest, c, func(a, b change) int { return b.Time.Compare(a.Time) })
	l.newest = slices.Insert(l.newest, at, c)
	l.newest = l.newest[:min(len(l.newest), mostChanges)]
}

// since gives the newest changes from that hour on, and how many there were.
func (l *changeLog) since(since time.Time) (newest []change, all int) {
	newest, since = []change{}, since.UTC().Truncate(time.Hour)
	for _, c := range l.newest {
		if !c.Time.Before(since) {
			newest = append(newest, c)
		}
	}
	for at, n := range l.hours {
		if at >= since.Unix() {
			all += n
		}
	}
	return newest, all
}

// changeReader reads the changes of a trail that others write, and only what is
// new the next time.
type changeReader struct {
	path string
	log  changeLog
	file fs.FileInfo // as it was read last
	next int64       // the first byte that was not
}

func (r *changeReader) read(ctx context.Context) error {
	f, info, err := openTrail(r.path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	if r.file == nil || !os.SameFile(r.file, info) || info.Size() < r.next {
		r.log, r.next = changeLog{}, 0
		if err := r.older(ctx); err != nil {
			return err
		}
	}
	end, err := lastNewline(f, r.next, info.Size())
	if err != nil {
		return err
	}
	if err := trail.Lines(ctx, io.NewSectionReader(f, r.next, end-r.next), r.log.add); err != nil {
		r.file = nil // from the beginning, the next time
		return err
	}
	r.file, r.next = info, end
	return nil
}

func (r *changeReader) older(ctx context.Context) error {
	old, _, err := openTrail(r.path + trail.Older)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = old.Close() }() // only read
	return trail.Lines(ctx, old, r.log.add)
}

// openTrail opens a file and nothing else: a pipe would keep us waiting.
func openTrail(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file; give its lines on standard input", path)
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		_ = f.Close() // only read
		return nil, nil, err
	}
	return f, info, nil
}

// lastNewline gives where the last whole line ends: the next one is being written.
func lastNewline(f io.ReaderAt, from, size int64) (int64, error) {
	buf := make([]byte, 64<<10)
	for end := size; end > from; {
		at := max(from, end-int64(len(buf)))
		n, err := f.ReadAt(buf[:end-at], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return from, err
		}
		if i := bytes.LastIndexByte(buf[:n], '\n'); i >= 0 {
			return at + int64(i) + 1, nil
		}
		end = at
	}
	return from, nil
}

// changeLines are the changes as text.
func (v statsView) changeLines() []string {
	if len(v.Changes) == 0 {
		return nil
	}
	title := "CHANGES OF CLIENTS AND USERS, AND RESTORES, the newest first:"
	if v.ChangesInAll > len(v.Changes) {
		title = fmt.Sprintf("CHANGES OF CLIENTS AND USERS, AND RESTORES, the newest %d of %s; the trail has all:", len(v.Changes), thousands(v.ChangesInAll))
	}
	lines := []string{title}
	for _, c := range v.Changes {
		lines = append(lines, fmt.Sprintf("%s  %-20s  %-36s  %s", c.Time.Format("01-02 15:04:05"), redact(c.Operation), redact(cmp.Or(c.ClientID, c.Subject, "-")), redact(joined(c.Outcome, c.Reason))))
	}
	return lines
}

func joined(outcome, reason string) string {
	if reason == "" {
		return outcome
	}
	return outcome + ", " + reason
}
