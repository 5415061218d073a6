// Package doctor finds what is wrong with a store, or with a deployed server,
// and says it in words with what to do.
//
// The rules are: nothing is changed, but that examining a server with a client
// makes two tokens and revokes them; a store that other commands refuse is
// examined all the same; one fault does not hide the next, where that can be
// seen without it; no finding holds a token or a secret. The package must not
// know the command line, nor the environment but for the proxy that net/http
// reads there.
package doctor

import (
	"fmt"
	"strings"
	"time"
)

// Verdict is how a check ended.
type Verdict string

// The verdicts.
const (
	OK      Verdict = "ok"
	Look    Verdict = "look"    // somebody should look at it; nothing is broken
	Wrong   Verdict = "wrong"   // something is, or promises cannot be kept
	Skipped Verdict = "skipped" // it was not examined, and nothing is known
)

// Finding is one check's end.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Found   string  `json:"found"`
	Do      string  `json:"do,omitempty"` // for all but ok: what to do
}

// Report is what was found, in the order of the checks.
type Report []Finding

// Wrong tells whether anything is.
func (r Report) Wrong() bool { return r.Count(Wrong) > 0 }

// Count is how many checks ended so.
func (r Report) Count(v Verdict) (n int) {
	for _, f := range r {
		if f.Verdict == v {
			n++
		}
	}
	return n
}

func (r *Report) ok(check, format string, args ...any) {
	*r = append(*r, Finding{check, OK, fmt.Sprintf(format, args...), ""})
}

func (r *Report) look(check, do, format string, args ...any) {
	*r = append(*r, Finding{check, Look, fmt.Sprintf(format, args...), do})
}

func (r *Report) wrong(check, do, format string, args ...any) {
	*r = append(*r, Finding{check, Wrong, fmt.Sprintf(format, args...), do})
}

func (r *Report) skipped(check, do, format string, args ...any) {
	*r = append(*r, Finding{check, Skipped, fmt.Sprintf(format, args...), do})
}

// The clocks' distance that is worth a look, and the one that is wrong: the
// header that tells the other clock's time has whole seconds.
const (
	skewLook  = 3 * time.Second
	skewWrong = 30 * time.Second
)

// clock judges how far our clock is ahead of another one.
func (r *Report) clock(whose string, ahead time.Duration) {
	const do = "set both clocks by NTP: tokens expire, and epochs rise, by the clock of whoever asks"
	way := "ahead of"
	size := ahead
	if ahead < 0 {
		way, size = "behind", -ahead
	}
	switch size = size.Round(time.Second); {
	case size >= skewWrong:
		r.wrong("clock", do, "this machine's clock is %s %s %s", size, way, whose)
	case size >= skewLook:
		r.look("clock", do, "this machine's clock is %s %s %s", size, way, whose)
	default:
		r.ok("clock", "this machine's clock agrees with %s", whose)
	}
}

// size writes a number of bytes for people.
func size(n int64) string {
	units := []string{"bytes", "KB", "MB", "GB", "TB"}
	v, i := float64(n), 0
	for v >= 1000 && i < len(units)-1 {
		v, i = v/1000, i+1
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + units[i]
}
