package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Reader reads a journal.
type Reader struct {
	r       *bufio.Reader
	header  Header
	n       int // lines
	entries int64
	over    bool
}

// opening is how every journal begins, of any format.
const opening = `{"rescind_journal":`

var errNone = errors.New("this is no journal; `rescind journal export` makes one")

// NewReader reads the first line. Its errors, and Next's, say what is wrong
// with the journal and in which line.
func NewReader(r io.Reader) (*Reader, error) {
	j := &Reader{r: bufio.NewReaderSize(r, maxLine)}
	if start, err := j.r.Peek(len(opening)); (err == nil || errors.Is(err, io.EOF)) &&
		!strings.HasPrefix(opening, string(start)) {
		return nil, errNone
	}
	l, err := j.next()
	if err == nil && l.Header == nil {
		err = errNone
	}
	if err != nil {
		return nil, err
	}
	j.header = *l.Header
	return j, nil
}

// Header is the journal's first line.
func (j *Reader) Header() Header { return j.header }

// Next gives an entry, or io.EOF after the last of a journal that is whole.
func (j *Reader) Next() (Entry, error) {
	if j.over {
		return Entry{}, io.EOF
	}
	l, err := j.next()
	switch {
	case err != nil:
		return Entry{}, err
	case l.Header != nil:
		return Entry{}, j.wrong(errors.New("a second journal begins; replay each by itself"))
	case l.End == nil:
		j.entries++
		return l.Entry, nil
	case l.End.Entries != j.entries:
		return Entry{}, j.wrong(fmt.Errorf("the journal should have %d entries and has %d", l.End.Entries, j.entries))
	}
	if _, err := j.r.Peek(1); !errors.Is(err, io.EOF) {
		j.n++
		return Entry{}, j.wrong(errors.New("something follows the end"))
	}
	j.over = true
	return Entry{}, io.EOF
}

// next reads a line that is written as we write it.
func (j *Reader) next() (l line, err error) {
	j.n++
	b, err := j.r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return l, j.wrong(errors.New("the line is too long"))
	case errors.Is(err, io.EOF):
		return l, j.wrong(errors.New("the journal was cut: its end is missing; export or copy it again"))
	case err != nil:
		return l, fmt.Errorf("reading the journal: %w", err)
	}
	if err := j.version(b); err != nil {
		return l, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if d.Decode(&l) != nil {
		return l, j.wrong(errors.New("the line is not one of a journal"))
	}
	again, err := json.Marshal(l)
	if err != nil || !bytes.Equal(append(again, '\n'), b) {
		return l, j.wrong(errors.New("the line is not as it was written"))
	}
	if l.Header != nil || l.End != nil {
		if (l.Header != nil && l.End != nil) || l.Entry != (Entry{}) {
			return l, j.wrong(errors.New("the line is several at once"))
		}
		return l, nil
	}
	if err := l.check(); err != nil {
		return l, j.wrong(err)
	}
	return l, nil
}

// version refuses another format before anything else is looked at.
func (j *Reader) version(b []byte) error {
	var only struct {
		Header *struct {
			Format int `json:"format"`
		} `json:"rescind_journal"`
	}
	if j.n == 1 && json.Unmarshal(b, &only) == nil && only.Header != nil && only.Header.Format != Format {
		return j.wrong(fmt.Errorf("the journal's format is %d, and this program reads %d; use the rescind that made it, or a newer one", only.Header.Format, Format))
	}
	return nil
}

func (j *Reader) wrong(err error) error { return fmt.Errorf("journal, line %d: %w", j.n, err) }

// Verify reads a whole journal, and tells whether it is one.
func Verify(r io.Reader) (Header, error) {
	j, err := NewReader(r)
	for err == nil {
		_, err = j.Next()
	}
	if !errors.Is(err, io.EOF) {
		return Header{}, err
	}
	return j.header, nil
}
