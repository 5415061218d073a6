package endpoint_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"rescind/internal/clauses"
	"rescind/internal/testkit/broken"
	"rescind/shared/audit"
	"rescind/shared/oauth"
	"rescind/shared/secret"
)

// fewest is how many cases there must be: a lost file is noticed.
const fewest = 120

// TestClauses runs every file of testdata/clauses, on every backend, in every way.
func TestClauses(t *testing.T) {
	all, err := clauses.All(os.DirFS("testdata"), "clauses")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < fewest {
		t.Errorf("there are %d cases; at least %d are promised", len(all), fewest)
	}
	for _, on := range backends(t) {
		for _, by := range ways {
			t.Run(on.name()+" by "+by.name, func(t *testing.T) {
				for _, c := range all {
					if by.name == "lambda" && c.NotLambda != "" {
						continue
					}
					t.Run(c.Name, func(t *testing.T) {
						if on.suffix() == "" { // data of its own
							t.Parallel()
						}
						runCase(t, on, by, c)
					})
				}
			})
		}
	}
}

// run is one case on its way: what its names stand for, and what was answered.
type run struct {
	*deployment
	by     way
	at     string // file and line, for messages
	apps   map[string]app
	values map[string]string // tokens and other texts by name
	names  map[string]string // subjects

	faults []broken.Fault // for the next request
	before string         // all rows before the last request
	answer response
	events []audit.Event // of the last request
}

func runCase(t *testing.T, on backend, by way, c clauses.Case) {
	issuer := c.Issuer
	if issuer == "" {
		issuer = defaultIssuer
	}
	r := &run{deployment: deploy(t, on, issuer), by: by, apps: map[string]app{}, values: map[string]string{}, names: map[string]string{}}
	for i, s := range c.Sections {
		r.at = c.Name + ".txt"
		switch s.Kind {
		case clauses.Given:
			r.each(s, givenForms)
		case clauses.Request:
			r.ask(s, mentions(c.Sections[i+2], "changed"))
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

// mentions tells whether a line of the section has the word.
func mentions(s clauses.Section, word string) bool {
	return slices.ContainsFunc(s.Lines, func(line string) bool { return strings.Contains(line, word) })
}

// ask sends the request, where compared after all rows were read: an optional "@from ADDRESS", a line with method and
// target, headers, an empty line, the body.
func (r *run) ask(s clauses.Section, compared bool) {
	r.Helper()
	req := request{}
	if from, ok := strings.CutPrefix(s.Lines[0], "@from "); ok {
		req.from, s.Lines = from, s.Lines[1:]
	}
	first, header, body := s.Message()
	var ok bool
	if req.method, req.target, ok = strings.Cut(r.fill(first), " "); !ok {
		r.Fatalf("%s: %q is no request line", r.at, first)
	}
	for _, line := range header {
		req.header = append(req.header, r.fill(line))
	}
	req.body = r.fill(body)
	r.audit.Take()
	if compared {
		r.before = r.dump()
	}
	r.store.Reset()
	for _, f := range r.faults {
		r.store.Inject(f)
	}
	r.faults = nil
	r.answer = r.by.send(r, r.gateway, req)
	r.events = r.audit.Take()
	r.store.Heal()
}

// app finds a client by the name that the case gave it.
func (r *run) app(name string) app {
	r.Helper()
	a, ok := r.apps[name]
	if !ok {
		r.Fatalf("%s: no client is called %s", r.at, name)
	}
	return a
}

// value finds a token by the name that the case gave it.
func (r *run) value(name string) string {
	r.Helper()
	v, ok := r.values[name]
	if !ok {
		r.Fatalf("%s: no token is called %s", r.at, name)
	}
	return v
}

func (r *run) bind(name string, text secret.Text) {
	r.Helper()
	if _, taken := r.values[name]; taken {
		r.Fatalf("%s: two tokens are called %s", r.at, name)
	}
	r.values[name] = text.Reveal()
	made.text(text.Reveal())
}

func scopeOf(s string) oauth.Scope {
	scope, ok := oauth.ParseScope(s)
	if !ok {
		panic("a case has the malformed scope " + s)
	}
	return scope
}
