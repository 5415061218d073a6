package journal

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"rescind/shared/client"
	"rescind/shared/grant"
	"rescind/shared/token"
)

// Format is the version that this package writes, and the only one it reads.
const Format = 1

// maxLine is the longest line, in bytes, with its end.
const maxLine = 64 << 10

// maxText is how much of a reason or subject, which only inform, is kept.
const maxText = 1024

// Header is a journal's first line.
type Header struct {
	Format     int       `json:"format"`
	Since      time.Time `json:"since"`       // all that was ended from then on is in it
	ExportedAt time.Time `json:"exported_at"` // and until then
	Store      string    `json:"store"`       // as its operator names it
	Generation int64     `json:"generation"`  // the store's
}

// Entry is one line: exactly one member is set.
type Entry struct {
	Client  *Client  `json:"client,omitempty"`
	User    *User    `json:"user,omitempty"`
	Subject *Subject `json:"subject,omitempty"`
	Denied  *Denied  `json:"denied,omitempty"`
	Grant   *Grant   `json:"grant,omitempty"`
}

// Client is a client as it was when the journal was made. All times are UTC
// and in whole milliseconds.
type Client struct {
	ID      string       `json:"id"`
	Epoch   int64        `json:"epoch"`
	State   client.State `json:"state"`
	Updated time.Time    `json:"updated"`
	Secrets []time.Time  `json:"secrets"` // when those that live were made
	Policy  string       `json:"policy"`  // SHA-256 of its settings as JSON, in hexadecimal: whether they were changed
}

// Subject is the epoch of a subject.
type Subject struct {
	Key   string `json:"key"` // a grant.SubjectKey, in hexadecimal
	Epoch int64  `json:"epoch"`
}

// Denied is the revocation of a signed token that has no row.
type Denied struct {
	JTI       string    `json:"jti"`
	At        time.Time `json:"at"`
	Reason    string    `json:"reason"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Grant is a grant that was ended. Client and subject only inform.
type Grant struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Reason  string    `json:"reason"`
	Client  string    `json:"client"`
	Subject string    `json:"subject,omitempty"`
}

// name is what an entry speaks of.
func (e Entry) name() string {
	switch {
	case e.Client != nil:
		return "client " + e.Client.ID
	case e.User != nil:
		return "user " + e.User.Key
	case e.Subject != nil:
		return "subject " + e.Subject.Key
	case e.Denied != nil:
		return "denied " + e.Denied.JTI
	}
	return "grant " + e.Grant.ID
}

// line is any line: exactly one member is set.
type line struct {
	Header *Header `json:"rescind_journal,omitempty"`
	Entry
	End *end `json:"end,omitempty"`
}

type end struct {
	Entries int64 `json:"entries"`
}

// check tells what is wrong with an entry, if anything.
func (e Entry) check() error {
	set := 0
	for _, is := range []bool{e.Client != nil, e.User != nil, e.Subject != nil, e.Denied != nil, e.Grant != nil} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		return errors.New("the line is no entry")
	case e.Client != nil:
		return e.Client.check()
	case e.User != nil:
		return e.User.check()
	case e.Subject != nil:
		if _, ok := e.Subject.key(); !ok || e.Subject.Epoch < 0 {
			return errors.New("a subject's key or epoch is not one")
		}
	case e.Denied != nil:
		if e.Denied.JTI == "" || !isMoment(e.Denied.At) || !isMoment(e.Denied.ExpiresAt) {
			return errors.New("a denied token lacks its id or a time")
		}
	default:
		if _, ok := token.ParseGrantID(e.Grant.ID); !ok || !isMoment(e.Grant.At) {
			return errors.New("a grant's id or time is not one")
		}
	}
	return nil
}

func (c *Client) check() error {
	if err := client.CheckID(c.ID); err != nil {
		return err
	}
	if c.Epoch < 0 || c.Secrets == nil || c.State != client.On && c.State != client.Off && c.State != client.Deleted {
		return errors.New("a client's epoch, state or secrets are none")
	}
	if b, err := hex.DecodeString(c.Policy); err != nil || len(b) != sha256.Size {
		return errors.New("the digest of a client's settings is none")
	}
	for _, made := range c.Secrets {
		if !isMoment(made) {
			return errors.New("the time of a client's secret is none")
		}
	}
	return nil
}

func (s *Subject) key() (key grant.SubjectKey, ok bool) {
	b, err := hex.DecodeString(s.Key)
	if err != nil || len(b) != len(key) {
		return key, false
	}
	copy(key[:], b)
	return key, true
}

// isMoment is for times that a store has written.
func isMoment(t time.Time) bool {
	return !t.IsZero() && t.Location() == time.UTC && t.Equal(t.Truncate(time.Millisecond))
}

// Writer writes a journal.
type Writer struct {
	w       *bufio.Writer
	entries int64
}

// NewWriter writes the first line. The format is ours, whatever h says.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	h.Format = Format
	j := &Writer{w: bufio.NewWriter(w)}
	return j, j.put(line{Header: &h})
}

// Write writes one entry.
func (j *Writer) Write(e Entry) error {
	if err := e.check(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	j.entries++
	return j.put(line{Entry: e})
}

// Close writes the last line. A journal without it is none.
func (j *Writer) Close() error {
	if err := j.put(line{End: &end{j.entries}}); err != nil {
		return err
	}
	return j.w.Flush()
}

func (j *Writer) put(l line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	if len(b)+1 > maxLine {
		return errors.New("journal: an entry is longer than a line may be")
	}
	_, err = j.w.Write(append(b, '\n'))
	return err
}

// short is a text that only informs: valid UTF-8, and cut where it is long.
func short(s string) string {
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	for len(s) > maxText {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}
