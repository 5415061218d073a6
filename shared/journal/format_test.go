package journal_test

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"rescind/shared/client"
	"rescind/shared/journal"
	"rescind/shared/user"
)

var at = time.Date(2026, 11, 23, 4, 5, 6, 789_000_000, time.UTC)

var header = journal.Header{Format: journal.Format, Since: at, ExportedAt: at.Add(time.Hour), Store: "sqlite:s.db", Generation: 7}

func some() []journal.Entry {
	return []journal.Entry{
		{Client: &journal.Client{ID: "app", Epoch: 5, State: client.Off, Updated: at, Secrets: []time.Time{at, at.Add(time.Second)}, Policy: strings.Repeat("0a", 32)}},
		{Client: &journal.Client{ID: "gone", Epoch: 9, State: client.Deleted, Secrets: []time.Time{}, Policy: strings.Repeat("0b", 32)}},
		{User: &journal.User{Key: strings.Repeat("cd", 32), Subject: "usr_1", State: user.Off, Version: 3, Updated: at}},
		{User: &journal.User{Key: strings.Repeat("ce", 32), Subject: "usr_2", Provider: "https://idp.example", State: user.On, Version: 1, Updated: at}},
		{Subject: &journal.Subject{Key: strings.Repeat("ab", 32), Epoch: 6}},
		{Denied: &journal.Denied{JTI: "j<&>", At: at, Reason: "asked\n\u2028", ExpiresAt: at.Add(time.Hour)}},
		{Grant: &journal.Grant{ID: "10" + strings.Repeat("0", 30), At: at, Reason: "laptop \"stolen\"", Client: "app", Subject: "älice"}},
	}
}

func written(t testing.TB, entries []journal.Entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := journal.NewWriter(&b, header)
	for _, e := range entries {
		err = errors.Join(err, w.Write(e))
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readAll(r io.Reader) (h journal.Header, all []journal.Entry, err error) {
	j, err := journal.NewReader(r)
	if err != nil {
		return h, nil, err
	}
	for {
		e, err := j.Next()
		if errors.Is(err, io.EOF) {
			return j.Header(), all, nil
		}
		if err != nil {
			return h, all, err
		}
		all = append(all, e)
	}
}

func TestAJournalIsReadAsItWasWritten(t *testing.T) {
	for _, entries := range [][]journal.Entry{nil, some()} {
		h, got, err := readAll(bytes.NewReader(written(t, entries)))
		if err != nil || !reflect.DeepEqual(h, header) || !reflect.DeepEqual(got, entries) {
			t.Errorf("%+v %+v %v", h, got, err)
		}
	}
}

// Whatever is missing at its end, be it one byte, is noticed.
func TestACutJournalIsNoticed(t *testing.T) {
	whole := written(t, some())
	for n := range whole {
		if _, err := journal.Verify(bytes.NewReader(whole[:n])); err == nil || !strings.Contains(err.Error(), "journal, line") {
			t.Fatalf("cut after %d of %d bytes: %v", n, len(whole), err)
		}
	}
	lines := bytes.SplitAfter(whole, []byte("\n"))
	for i := range lines[:len(lines)-1] {
		without := bytes.Join(append(append([][]byte{}, lines[:i]...), lines[i+1:]...), nil)
		if _, err := journal.Verify(bytes.NewReader(without)); err == nil {
			t.Errorf("without line %d it is read", i+1)
		}
	}
}

func TestWhatIsNoJournalIsRefused(t *testing.T) {
	whole := string(written(t, some()))
	first, rest, _ := strings.Cut(whole, "\n")
	for text, says := range map[string]string{
		"":                   "its end is missing",
		"hello\n":            "this is no journal",
		whole + "\n":         "something follows the end",
		whole + whole:        "something follows the end",
		first + "\n" + whole: "a second journal",
		rest:                 "this is no journal",
		strings.Replace(whole, `"format":1`, `"format":2,"new":true`, 1):      "the journal's format is 2",
		strings.Replace(whole, `"format":1`, `"format":0`, 1):                 "the journal's format is 0",
		strings.Replace(whole, `{"client":`, `{ "client":`, 1):                "not as it was written",
		strings.Replace(whole, `"epoch":5`, `"epoch":5,"x":1`, 1):             "not one of a journal",
		strings.Replace(whole, `"epoch":5`, `"epoch":-5`, 1):                  "client's epoch",
		strings.Replace(whole, `"epoch":5`, `"epoch":5,"epoch":6`, 1):         "not as it was written",
		strings.Replace(whole, `"state":"off"`, `"state":"maybe"`, 1):         "client's epoch, state",
		strings.Replace(whole, `"id":"app"`, `"id":"a b"`, 1):                 "a client id has",
		strings.Replace(whole, strings.Repeat("ab", 32), "ab", 1):             "subject's key",
		strings.Replace(whole, "04:05:06.789Z", "04:05:06.7891Z", -1):         "time",
		strings.Replace(whole, "04:05:06.789Z", "04:05:06.789+02:00", -1):     "time",
		strings.Replace(whole, strings.Repeat("cd", 32), "cd", 1):             "user's key",
		strings.Replace(whole, `"ver":3`, `"ver":0`, 1):                       "user's key",
		strings.Replace(whole, `"sub":"usr_1"`, `"sub":""`, 1):                "user's key",
		strings.Replace(whole, `"id":"10`, `"id":"1`, 1):                      "grant's id",
		strings.Replace(whole, `"entries":7`, `"entries":4`, 1):               "should have 4",
		strings.Replace(whole, `{"end":{"entries":7}}`, `{"client":null}`, 1): "not as it was written",
		strings.Replace(whole, `{"end":{"entries":7}}`, `{}`, 1):              "no entry",
		strings.Replace(whole, "asked", strings.Repeat("a", 70_000), 1):       "too long",
		strings.Replace(whole, "asked", "ask\xff", 1):                         "not as it was written",
	} {
		if _, err := journal.Verify(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("wanted %q: %v", says, err)
		}
	}
	failing := io.MultiReader(strings.NewReader(whole[:200]), errReader{})
	if _, err := journal.Verify(failing); !errors.Is(err, errDisk) {
		t.Errorf("a failing disk: %v", err)
	}
}

var errDisk = errors.New("the disk")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errDisk }

func TestWhatCannotBeReadIsNotWritten(t *testing.T) {
	w, err := journal.NewWriter(io.Discard, header)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []journal.Entry{
		{}, {Subject: &journal.Subject{Key: "x"}}, {Client: &journal.Client{ID: "c", State: client.On}},
		{Grant: &journal.Grant{ID: "10" + strings.Repeat("0", 30), At: at.Add(time.Nanosecond)}},
		{Denied: &journal.Denied{JTI: strings.Repeat("j", 70_000), At: at, ExpiresAt: at}},
		{Denied: &journal.Denied{JTI: "j", At: at}},
	} {
		if err := w.Write(e); err == nil {
			t.Errorf("%+v is written", e)
		}
	}
}

// FuzzReader: no input panics, and what is read is exactly what writing gives.
func FuzzReader(f *testing.F) {
	whole := written(f, some())
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add(bytes.Replace(whole, []byte(`"format":1`), []byte(`"format":2`), 1))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, entries, err := readAll(bytes.NewReader(b))
		if err != nil {
			return
		}
		var again bytes.Buffer
		w, err := journal.NewWriter(&again, h)
		for _, e := range entries {
			err = errors.Join(err, w.Write(e))
		}
		if err = errors.Join(err, w.Close()); err != nil || !bytes.Equal(again.Bytes(), b) {
			t.Errorf("read, but written otherwise: %v", err)
		}
	})
}
