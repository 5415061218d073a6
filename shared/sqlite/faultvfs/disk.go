package faultvfs

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// A disk is what would be left of some files if the power failed now. It is
// told of every write and sync, and forgets what was not synced.
//
// The model: a sync makes its own file durable, as it is, and its name. The
// first sync of a log or journal by whoever opened it syncs the folder too:
// then what was made and what was deleted there is durable. Of what was not
// synced any part may be there: sectors of each write without the others,
// whatever their order; a truncation or not; a file that was made or one that
// was deleted. A sector is the old one or the new one, and never a third: that
// is what SQLite asks of a disk (powersafe overwrite). The folder itself is
// there.
type disk struct{ files map[string]*image }

// image is one file.
type image struct {
	durable []byte
	named   bool // whether its name is durable
	gone    bool // deleted, and not durably so
	since   []change
}

// change is a write, or a truncation where data is nil.
type change struct {
	at   int64
	data []byte
}

func (c change) apply(b []byte) []byte {
	if c.data == nil {
		return resized(b, c.at)
	}
	if end := c.at + int64(len(c.data)); end > int64(len(b)) {
		b = resized(b, end)
	}
	copy(b[c.at:], c.data)
	return b
}

// resized gives b with another length; what is added is zero.
func resized(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// found notes a file as it is, and whether its name is durable.
func (d *disk) found(name string, content []byte, named bool) {
	if f := d.files[name]; f != nil && !f.gone {
		return
	}
	d.files[name] = &image{durable: content, named: named}
}

func (d *disk) change(name string, c change) {
	if f := d.files[name]; f != nil {
		f.since = append(f.since, c)
	}
}

func (d *disk) sync(name string) {
	f := d.files[name]
	if f == nil {
		return
	}
	for _, c := range f.since {
		f.durable = c.apply(f.durable)
	}
	f.since, f.named = nil, true
}

func (d *disk) syncFolder(folder string) {
	for name, f := range d.files {
		switch {
		case filepath.Dir(name) != folder:
		case f.gone:
			delete(d.files, name)
		default:
			f.named = true
		}
	}
}

func (d *disk) remove(name string, durably bool) {
	if f := d.files[name]; f != nil {
		if f.gone = true; durably || !f.named {
			delete(d.files, name)
		}
	}
}

// Loss is how much of what was not synced a power failure takes.
type Loss int

// The losses.
const (
	LoseAll     Loss = iota // everything that was not synced
	LoseNothing             // as if only the process had ended
	LoseSectors             // some sectors of 512 bytes, and some of the other changes
	LosePages               // the same with sectors of 4096 bytes
	LoseLast                // what came after some write, and a part of that one
)

// String names the loss.
func (l Loss) String() string {
	return [...]string{"all that was not synced is lost", "nothing is lost", "some sectors are lost", "some pages are lost", "the last writes are lost"}[l]
}

// after gives a file's content after a loss; nil where it is not there.
func (f *image) after(l Loss, r *rand.Rand) []byte {
	if !f.thereAfter(l, r) {
		return nil
	}
	b := append([]byte{}, f.durable...)
	last := len(f.since)
	if l == LoseLast && last > 0 {
		last = r.IntN(last)
	}
	for i, c := range f.since {
		switch {
		case l == LoseNothing, l == LoseLast && i < last:
			b = c.apply(b)
		case l == LoseLast && i == last && c.data != nil:
			b = change{c.at, c.data[:min(len(c.data), 512*r.IntN(len(c.data)/512+1))]}.apply(b)
		case l == LoseSectors || l == LosePages:
			b = inPart(b, c, map[Loss]int64{LoseSectors: 512, LosePages: 4096}[l], r)
		}
	}
	return b
}

// thereAfter tells whether the name is there: one that was made or deleted, and
// not durably so, may or may not be.
func (f *image) thereAfter(l Loss, r *rand.Rand) bool {
	switch {
	case f.named && !f.gone:
		return true
	case l == LoseAll:
		return f.gone
	case l == LoseNothing:
		return !f.gone
	}
	return r.IntN(2) == 0
}

// inPart applies some sectors of a write.
func inPart(b []byte, c change, sector int64, r *rand.Rand) []byte {
	if c.data == nil {
		if r.IntN(2) == 0 {
			return c.apply(b)
		}
		return b
	}
	for at := c.at; at < c.at+int64(len(c.data)); {
		end := min((at/sector+1)*sector, c.at+int64(len(c.data)))
		if r.IntN(2) == 0 {
			b = change{at, c.data[at-c.at : end-c.at]}.apply(b)
		}
		at = end
	}
	return b
}

// fail leaves the files on the real disk as a loss leaves them. A file that is
// there keeps its inode.
func (d *disk) fail(l Loss, r *rand.Rand) error {
	names := make([]string, 0, len(d.files))
	for name := range d.files {
		names = append(names, name)
	}
	slices.Sort(names) // so that r alone decides
	for _, name := range names {
		content := d.files[name].after(l, r)
		if content == nil {
			if err := os.Remove(name); err != nil && !os.IsNotExist(err) {
				return err
			}
			continue
		}
		if err := os.WriteFile(name, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
