package trail

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"time"
	"unicode"

	"rescind/shared/audit"
)

// Parse finds the event in a line: a line of a trail or of a server's log, or
// one that `aws logs` prints, with anything before the JSON, or with the JSON
// in a string, the member "message". isEvent is false where the line says of
// itself that it is no event (another log line); ok is false where it should
// be one and cannot be read.
func Parse(line []byte) (e audit.Event, isEvent, ok bool) {
	if !bytes.Contains(line, auditWord) {
		return e, false, true
	}
	object := bytes.TrimSpace(line)
	if rest, is := bytes.CutPrefix(object, messageMember); is {
		var text string
		if json.Unmarshal(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte(",")), &text) != nil {
			return e, true, false
		}
		object = []byte(text)
	}
	begin := bytes.IndexByte(object, '{')
	if begin < 0 {
		return e, false, true
	}
	var got wire
	if json.Unmarshal(object[begin:], &got) != nil {
		return e, true, false
	}
	if got.Msg != "audit" && got.Message != "audit" {
		return e, false, true
	}
	e, ok = got.event()
	return e, true, ok
}

var (
	auditWord     = []byte(`audit`)
	messageMember = []byte(`"message":`)
)

// wire is the line's JSON. A Lambda function's line has other names for the
// log's own members.
type wire struct {
	Msg       string `json:"msg"`
	Message   string `json:"message"`
	Time      string `json:"time"`
	Timestamp string `json:"timestamp"`
	At        string `json:"at"`
	Action    string `json:"action"`
	Outcome   string `json:"outcome"`
	Operation string `json:"operation"`
	ClientID  string `json:"client_id"`
	Subject   string `json:"subject"`
	GrantID   string `json:"grant_id"`
	TokenKind string `json:"token_kind"`
	Reason    string `json:"reason"`
	RequestID string `json:"request_id"`
	Source    string `json:"source"`
}

func (w *wire) event() (e audit.Event, ok bool) {
	for _, text := range []string{w.At, w.Time, w.Timestamp} {
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			e.Time = at.UTC()
			break
		}
	}
	if year := e.Time.Year(); year < 1970 || year > 9999 || w.Action == "" { // later ones cannot be written as JSON
		return e, false
	}
	e.Action, e.Outcome, e.Operation = audit.Action(word(w.Action)), word(w.Outcome), word(w.Operation)
	e.ClientID, e.Subject, e.GrantID, e.TokenKind = word(w.ClientID), word(w.Subject), word(w.GrantID), word(w.TokenKind)
	e.Reason, e.RequestID, e.Source = word(w.Reason), word(w.RequestID), word(w.Source)
	return e, true
}

// maxWord is how long a member may be, in bytes; ours are shorter.
const maxWord = 300

// looksOurs is what looks like a token or secret of ours.
var looksOurs = regexp.MustCompile(`rsc_[A-Za-z0-9_-]*`)

// word is a member as it may be shown: whoever wrote the file is not known,
// and a client may have sent a token in the place of its name.
func word(s string) string {
	if strings.Contains(s, "rsc_") {
		s = looksOurs.ReplaceAllString(s, "[redacted]")
	}
	if len(s) > maxWord {
		s = s[:maxWord]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
