package page

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// words are a language's texts as templates ask for them.
type words struct{ of language }

// strong and code say how a value stands in a sentence; a plain string stands
// isolated and otherwise as it is.
type (
	strong string
	code   string
)

// functions are those of the templates that need no language.
var functions = template.FuncMap{
	"strong":  func(s string) strong { return strong(s) },
	"code":    func(s string) code { return code(s) },
	"whole":   whole,
	"initial": initial,
	"machine": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
}

// S is a text without markup, for titles and attributes: html/template escapes
// it where it stands. Values are given as pairs of placeholder and value.
func (w words) S(key string, pairs ...any) string {
	text := w.text(key)
	for i := 0; i+1 < len(pairs); i += 2 {
		text = strings.ReplaceAll(text, "{"+pairs[i].(string)+"}", clean(fmt.Sprint(pairs[i+1]), maxName))
	}
	return text
}

// T is a text whose values are marked up. Text and values are escaped here, the
// values once more isolated (HTML section 4.5.24), so that a name written from
// right to left, or one that looks like our words, stays within its place.
func (w words) T(key string, pairs ...any) template.HTML {
	text := template.HTMLEscapeString(w.text(key))
	var out strings.Builder
	for text != "" {
		at := placeholder.FindStringIndex(text)
		if at == nil {
			out.WriteString(text)
			break
		}
		out.WriteString(text[:at[0]])
		out.WriteString(value(text[at[0]+1:at[1]-1], pairs))
		text = text[at[1]:]
	}
	return template.HTML(out.String())
}

// value is the markup of the value for one placeholder.
func value(name string, pairs []any) string {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] != name {
			continue
		}
		switch v := pairs[i+1].(type) {
		case strong:
			return "<strong><bdi>" + template.HTMLEscapeString(clean(string(v), maxName)) + "</bdi></strong>"
		case code:
			return `<code dir="ltr">` + template.HTMLEscapeString(whole(string(v))) + "</code>"
		default:
			return "<bdi>" + template.HTMLEscapeString(whole(fmt.Sprint(v))) + "</bdi>"
		}
	}
	panic("page: no value for the placeholder " + name)
}

func (w words) text(key string) string {
	text, ok := w.of[key]
	if !ok {
		panic("page: no text for " + key)
	}
	return text
}

// Scope is a scope in words, or empty where the catalogue has none for it.
func (w words) Scope(name string) string { return w.of["scope."+name] }

// alike are the kinds of error that share another one's text.
var alike = map[string]string{
	"temporarily_unavailable":   "unavailable",
	"invalid_client":            "unknown_client",
	"login_required":            "interaction_required",
	"consent_required":          "interaction_required",
	"unsupported_response_type": "unsupported",
	"request_not_supported":     "unsupported",
	"request_uri_not_supported": "unsupported",
	"unsupported_media_type":    "invalid_request",
	"content_too_large":         "invalid_request",
}

// Fault is the title or the text of an error page.
func (w words) Fault(kind, part string) string {
	if other, ok := alike[kind]; ok {
		kind = other
	}
	if text, ok := w.of["error."+kind+"."+part]; ok {
		return text
	}
	return w.text("error.other." + part)
}

// Wait says how long to wait. It rounds up, to numbers that are never one, so
// that catalogues need no singular.
func (w words) Wait(seconds int) string {
	if seconds <= 90 {
		return w.S("wait.seconds", "n", max(5, (seconds+4)/5*5))
	}
	return w.S("wait.minutes", "n", (seconds+59)/60)
}

// Date and Moment write a time in UTC, since without a script nobody knows
// where the reader is.
func (w words) Date(t time.Time) string {
	t = t.UTC()
	return w.S("date", "day", t.Day(), "month", w.text("month."+strconv.Itoa(int(t.Month()))), "year", t.Year())
}

func (w words) Moment(t time.Time) string {
	return w.S("moment", "date", w.Date(t), "time", t.UTC().Format("15:04"))
}

// maxName is how many characters of a name are shown, and maxValue of anything
// else: a host is never cut short, since its end is what says whose it is.
const (
	maxName  = 80
	maxValue = 2048
)

func whole(s string) string { return clean(s, maxValue) }

// clean makes a value fit to be shown: no control characters, none that change
// the direction or are invisible, single spaces, no more characters than limit.
func clean(s string, limit int) string {
	var out strings.Builder
	n, gap := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) {
			gap = n > 0
			continue
		}
		// Not printable are Cc, Cf, Cs, Co, Zl, Zp and what is unassigned.
		if !unicode.IsPrint(r) || unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r) {
			continue
		}
		if n >= limit {
			out.WriteString("…")
			break
		}
		if gap {
			out.WriteByte(' ')
			n, gap = n+1, false
		}
		out.WriteRune(r)
		n++
	}
	return out.String()
}

// nameOf is a client's name, or its id where nothing of the name can be shown.
func nameOf(name, id string) string {
	if name = clean(name, maxName); name != "" {
		return name
	}
	return whole(id)
}

// initial is the letter that stands for a client beside its name.
func initial(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "·"
}
