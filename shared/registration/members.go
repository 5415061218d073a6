package registration

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// members are one client's, as a parser takes them. The first mistake is kept.
type members struct {
	all  object
	used map[string]bool
	lost []string // what was seen and is not kept
	err  error
}

// get takes a member; null is absent (RFC 7591 section 2).
func (m *members) get(name string) any {
	m.used[name] = true
	return m.all[name]
}

func (m *members) has(name string) bool { return m.all[name] != nil }

func (m *members) wrong(name, what string) {
	if m.err == nil {
		m.err = fmt.Errorf("%s must be %s", name, what)
	}
}

// text is a string; absent is empty.
func (m *members) text(name string) string {
	v := m.get(name)
	s, ok := v.(string)
	if !ok && v != nil {
		m.wrong(name, "a string")
	}
	return s
}

// texts is an array of strings; absent is nil.
func (m *members) texts(name string) []string {
	v := m.get(name)
	list, ok := v.([]any)
	if !ok && v != nil {
		m.wrong(name, "an array of strings")
	}
	var texts []string
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			m.wrong(name, "an array of strings")
		}
		texts = append(texts, s)
	}
	return texts
}

// yes is a boolean, in JSON or as a database writes one into CSV.
func (m *members) yes(name string) bool {
	switch v := m.get(name).(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		switch strings.ToLower(v) {
		case "", "f", "false", "0", "no":
			return false
		case "t", "true", "1", "yes":
			return true
		}
	case json.Number:
		if v == "0" || v == "1" {
			return v == "1"
		}
	}
	m.wrong(name, "true or false")
	return false
}

// maxSeconds keeps a number of seconds well within what a time.Duration holds:
// 146 years, and times until 2116.
const maxSeconds = math.MaxInt64 / int64(time.Second) / 2

// seconds is a number of seconds, perhaps with a fraction; absent is 0.
func (m *members) seconds(name string) time.Duration {
	v := m.get(name)
	if v == nil {
		return 0
	}
	n, _ := v.(json.Number)
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil || f < 0 || f > float64(maxSeconds) {
		m.wrong(name, "a number of seconds")
		return 0
	}
	return time.Duration(math.Round(f*float64(time.Second/time.Millisecond))) * time.Millisecond
}

// at is a time in seconds since 1970; absent and 0 are the zero time.
func (m *members) at(name string) time.Time {
	if d := m.seconds(name); d > 0 {
		return time.UnixMilli(d.Milliseconds()).UTC()
	}
	return time.Time{}
}

// ats is an array of such times.
func (m *members) ats(name string) []time.Time {
	v := m.get(name)
	list, ok := v.([]any)
	if !ok && v != nil {
		m.wrong(name, "an array of numbers of seconds")
	}
	var ats []time.Time
	for _, v := range list {
		one := members{all: object{name: v}, used: map[string]bool{}}
		ats = append(ats, one.at(name))
		if one.err != nil {
			m.err = one.err
		}
	}
	return ats
}

// leaves notes what was seen and is not kept.
func (m *members) leaves(what string) { m.lost = append(m.lost, what) }

// maxLeftOut is how many members are named; there are not many more in any RFC.
const maxLeftOut = 40

// leftOut names what was not kept: what a parser noted, and members that say
// something and that nobody took.
func (m *members) leftOut() []string {
	lost := slices.Clone(m.lost)
	for name, v := range m.all {
		if !m.used[name] && !isNothing(v) {
			lost = append(lost, speakable(name))
		}
	}
	slices.Sort(lost)
	lost = slices.Compact(lost)
	return lost[:min(len(lost), maxLeftOut)]
}

func isNothing(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case json.Number:
		return v == "0"
	case string: // also false, as a database writes it into CSV
		return strings.TrimSpace(v) == "" || v == "f" || v == "0" || strings.EqualFold(v, "false")
	case []any:
		return len(v) == 0
	case object:
		return len(v) == 0
	}
	return false
}

// looksOurs tells what may be a token or secret that we made.
func looksOurs(s string) bool { return strings.Contains(s, "rsc_") }

// speakable is a member's name, or a word for one that is no name.
func speakable(name string) string {
	odd := func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-#.:", r)
	}
	if name == "" || len(name) > 64 || looksOurs(name) || strings.ContainsFunc(name, odd) {
		return "(a member that is not named here)"
	}
	return name
}

func printable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar })
}
