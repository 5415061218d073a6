package endpoint_test

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"rescind/internal/clauses"
	"rescind/shared/token"
)

// fill puts in what the placeholders of a request stand for.
func (r *run) fill(text string) string {
	r.Helper()
	filled, err := clauses.Fill(text, r.stands)
	r.must(err, r.at)
	return filled
}

// stands is what one placeholder stands for.
func (r *run) stands(words string) (string, bool) {
	r.Helper()
	verb, rest, _ := strings.Cut(words, " ")
	switch verb {
	case "basic": // {basic app}: its id and secret, form-encoded, in base64
		return strings.TrimPrefix(r.app(rest).basic(), "Authorization: Basic "), true
	case "secret": // {secret app}
		return r.app(rest).text.Reveal(), true
	case "base64": // {base64 any text}
		return base64.StdEncoding.EncodeToString([]byte(rest)), true
	case "escaped": // {escaped any text}
		return url.QueryEscape(rest), true
	case "repeated": // {repeated 300 text}
		times, what, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(times)
		return strings.Repeat(what, n), err == nil
	case "began", "now": // {began +1h}, in seconds
		at := r.began
		if verb == "now" {
			at = r.clock.Now()
		}
		if rest != "" {
			d, err := time.ParseDuration(rest)
			if err != nil {
				return "", false
			}
			at = at.Add(d)
		}
		return strconv.FormatInt(at.Unix(), 10), true
	case "etag":
		return r.answer.header["Etag"], rest == ""
	}
	if v, ok := r.values[words]; ok {
		return v, true
	}
	if a, ok := r.apps[words]; ok {
		return a.id, true
	}
	name, ok := r.names[words]
	return name, ok
}

// patterns stand for what a test cannot know before.
var patterns = map[string]string{
	"access token":  `(rsc_at_[A-Za-z0-9_-]{70})`,
	"refresh token": `(rsc_rt_[A-Za-z0-9_-]{92})`,
	"request id":    `([0-9a-f]{24})`,
	"length":        `([0-9]+)`,
	"entity tag":    `("[A-Za-z0-9_-]{16}")`,
	"retry after":   `([1-9][0-9]?)`,
}

// matches compares an answer's text with what is expected.
func (r *run) matches(what, got, want string) {
	r.Helper()
	found, err := clauses.Match(got, want, patterns, r.stands)
	if err != nil {
		r.Errorf("%s: %s %v", r.at, what, err)
	}
	for _, f := range found {
		r.take(f.Kind, f.Name, f.Text)
	}
}

func (r *run) take(kind, name, got string) {
	r.Helper()
	switch kind {
	case "access token", "refresh token":
		if v, ok := token.Parse(got); !ok || v.Kind().String() != strings.ReplaceAll(kind, " ", "_") {
			r.Errorf("%s: what should be an %s is none", r.at, kind)
		}
		if name != "" {
			if _, taken := r.values[name]; taken {
				r.Fatalf("%s: two tokens are called %s", r.at, name)
			}
			r.values[name] = got
		}
	case "length":
		if got != strconv.Itoa(len(r.answer.body)) {
			r.Errorf("%s: Content-Length is %s and the body has %d bytes", r.at, got, len(r.answer.body))
		}
	}
}

// compare holds the whole answer against the section.
func (r *run) compare(s clauses.Section) {
	r.Helper()
	if err := s.Compare(clauses.Answer{Status: r.answer.status, Header: r.answer.header, Body: r.answer.body}, r.matches); err != nil {
		r.Errorf("%s: %v", r.at, err)
	}
}
