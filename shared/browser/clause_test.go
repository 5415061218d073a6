package browser_test

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rescind/internal/clauses"
	"rescind/internal/testkit/broken"
	"rescind/shared/audit"
)

// fewest is how many cases there must be: a lost file is noticed.
const fewest = 120

// clauseIssuer is that of the cases, over TLS, as people's browsers see it.
const clauseIssuer = "https://auth.example.com"

// TestClauses runs every file of testdata/clauses, in every way.
func TestClauses(t *testing.T) {
	all, err := clauses.All(os.DirFS("testdata"), "clauses")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < fewest {
		t.Errorf("there are %d cases; at least %d are promised", len(all), fewest)
	}
	for _, by := range ways {
		t.Run("by "+by.name, func(t *testing.T) {
			for _, c := range all {
				t.Run(c.Name, func(t *testing.T) {
					t.Parallel()
					runCase(t, by, c)
				})
			}
		})
	}
}

// run is one case on its way: what its names stand for, and what was answered.
type run struct {
	*scene
	*testing.T
	by      way
	at      string            // the file, for messages
	values  map[string]string // cookies, form tokens and codes by name
	secrets map[string]string // of confidential clients
	faults  []broken.Fault    // for the next request
	head    bool              // whether the last request was one: its answer has no body
	answer  answer
	calls   []broken.Verb // of the last request
	events  []audit.Event
}

func runCase(t *testing.T, by way, c clauses.Case) {
	sc := emptyScene(t, func(sc *scene) { sc.issuer = clauseIssuer })
	r := &run{scene: sc, T: t, by: by, at: c.Name + ".txt", values: map[string]string{}, secrets: map[string]string{}}
	for _, s := range c.Sections {
		switch s.Kind {
		case clauses.Given:
			r.each(s, givenForms)
		case clauses.Request:
			r.ask(s)
		case clauses.Response:
			r.compare(s)
		case clauses.After:
			r.each(s, afterForms)
		}
	}
}

// form is one kind of line, and what it means. Its groups are the arguments.
type form = clauses.Form[*run]

func says(pattern string, do func(r *run, args []string)) form { return clauses.Says(pattern, do) }

// each runs every line by the form that fits; one that fits none is an error.
func (r *run) each(s clauses.Section, forms []form) {
	r.Helper()
	if err := clauses.Each(s, forms, r); err != nil {
		r.Fatalf("%s: %v", r.at, err)
	}
}

func (r *run) must(err error, doing string) {
	r.Helper()
	if err != nil {
		r.Fatalf("%s: %s: %v", r.at, doing, err)
	}
}

func (r *run) fill(text string) string {
	r.Helper()
	filled, err := clauses.Fill(text, r.stands)
	r.must(err, "filling in")
	return filled
}

// stands is what one placeholder stands for.
func (r *run) stands(words string) (string, bool) {
	verb, rest, _ := strings.Cut(words, " ")
	switch verb {
	case "repeated": // {repeated 300 text}
		times, what, _ := strings.Cut(rest, " ")
		n, err := strconv.Atoi(times)
		return strings.Repeat(what, n), err == nil
	case "challenge":
		return challenge, rest == ""
	}
	v, ok := r.values[words]
	return v, ok
}

// ask sends the request of a section.
func (r *run) ask(s clauses.Section) {
	r.Helper()
	first, header, body := s.Message()
	method, target, ok := strings.Cut(r.fill(first), " ")
	if !ok {
		r.Fatalf("%s: %q is no request line", r.at, first)
	}
	var filled []string // the section itself is other runs' too
	for _, line := range header {
		filled = append(filled, r.fill(line))
	}
	r.head = method == http.MethodHead
	r.trail.Take()
	r.store.Reset()
	for _, f := range r.faults {
		r.store.Inject(f)
	}
	r.faults = nil
	r.answer = r.by.send(r, method, target, filled, r.fill(body))
	r.calls, r.events = r.store.Calls(), r.trail.Take()
	r.store.Heal()
}

// patterns stand for what a test cannot know before.
var patterns = map[string]string{
	"request id": `([0-9a-f]{24})`,
	"length":     `([0-9]+)`,
	"entity tag": `("[A-Za-z0-9_-]{16}")`,
	"code":       `(rsc_ac_[A-Za-z0-9_-]+)`,
	"value":      `(rsc_se_[A-Za-z0-9_-]+)`,
}

func init() {
	for _, kind := range []string{"sign_in", "consent", "authorized", "signed_out", "error"} {
		patterns["page "+kind] = `(<!doctype html>.*<body class="` + kind + `">.*</html>\n)`
	}
}

// compare holds the whole answer against the section.
func (r *run) compare(s clauses.Section) {
	r.Helper()
	if err := s.Compare(clauses.Answer{Status: r.answer.status, Header: r.answer.header, Body: r.answer.body}, r.matches); err != nil {
		r.Errorf("%s: %v", r.at, err)
	}
}

func (r *run) matches(what, got, want string) {
	r.Helper()
	found, err := clauses.Match(got, want, patterns, r.stands)
	if err != nil {
		r.Errorf("%s: %s %v", r.at, what, err)
	}
	for _, f := range found {
		switch {
		case f.Kind == "length" && !r.head && f.Text != strconv.Itoa(len(r.answer.body)):
			r.Errorf("%s: Content-Length is %s and the body has %d bytes", r.at, f.Text, len(r.answer.body))
		case f.Name != "" && r.values[f.Name] != "":
			r.Fatalf("%s: two things are called %s", r.at, f.Name)
		case f.Name != "":
			r.values[f.Name] = f.Text
		}
	}
}

func duration(r *run, s string) time.Duration {
	d, err := time.ParseDuration(s)
	r.must(err, "reading a duration")
	return d
}
