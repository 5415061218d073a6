package clauses_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"rescind/internal/clauses"
)

const (
	root = "../.."
	page = root + "/docs/conformance.md"
)

// dirs are where the cases are: those of the endpoints and those of the pages.
var dirs = []string{"shared/endpoint/testdata/clauses", "shared/browser/testdata/clauses"}

var update = flag.Bool("update", false, "write docs/conformance.md anew")

func TestPage(t *testing.T) {
	all, err := clauses.All(os.DirFS(root), dirs...)
	if err != nil {
		t.Fatal(err)
	}
	want, err := clauses.Page(all, "..")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/conformance.md is stale; regenerate it: go test ./internal/clauses -run TestPage -update")
	}
}

const sound = `clause: RFC 7009 section 2.2.1
says: The sentence.

-- given --
client app
-- request --
POST /o/revoke_token/
-- response --
200 OK
-- after --
nothing changed
`

func TestParseReadsASoundCase(t *testing.T) {
	c, err := clauses.Parse("rfc7009-2.2.1-outage", sound)
	if err != nil {
		t.Fatal(err)
	}
	if c.Clause != "RFC 7009 section 2.2.1" || c.Says != "The sentence." || len(c.Sections) != 4 {
		t.Errorf("read %+v", c)
	}
	if s := c.Sections[1]; s.Kind != clauses.Request || s.Line != 7 || strings.Join(s.Lines, "|") != "POST /o/revoke_token/" {
		t.Errorf("read the request as %+v", s)
	}
}

func TestParseRefusesWhatIsNotACase(t *testing.T) {
	for _, tt := range []struct{ name, old, new, says string }{
		{"an unknown section", "-- given --", "-- givn --", `unknown section "givn"`},
		{"an unknown field", "says: ", "sais: ", "unknown field"},
		{"a field twice", "says: The", "clause: x\nsays: The", "clause stands twice"},
		{"another clause than the name's", "2.2.1", "2.2.2", "does not begin with its clause"},
		{"no sentence", "The sentence.", "no full stop", "one sentence"},
		{"a paragraph", "The sentence.", strings.Repeat("So. ", 80) + "So.", "one sentence"},
		{"a clause of no RFC", "clause: RFC 7009", "clause: Draft 9", "is not of the form"},
		{"a request without response", "-- response --\n200 OK\n", "", "after stands where response must"},
		{"a response without what is after", "-- after --\nnothing changed\n", "", "after is missing"},
		{"a response without request", "-- request --\nPOST /o/revoke_token/\n", "", "without a request"},
		{"an empty section", "nothing changed\n", "", "is empty"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := clauses.Parse("rfc7009-2.2.1-outage", strings.Replace(sound, tt.old, tt.new, 1))
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the error is %v; want one that says %q", err, tt.says)
			}
		})
	}
}

func TestAllRefusesAnEmptyFolderAndStrangers(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files fstest.MapFS
		says  string
	}{
		{"an empty folder", fstest.MapFS{"cases": {Mode: os.ModeDir}}, "there is no case"},
		{"a missing folder", fstest.MapFS{}, "not exist"},
		{"a stranger", fstest.MapFS{"cases/notes.md": {Data: []byte("x")}}, "only .txt files"},
		{"a broken case", fstest.MapFS{"cases/rfc7009-2-x.txt": {Data: []byte("x")}}, "unknown field"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := clauses.All(tt.files, "cases")
			if err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("the error is %v; want one that says %q", err, tt.says)
			}
		})
	}
}

func TestAllRefusesTwoOfOneName(t *testing.T) {
	one := &fstest.MapFile{Data: []byte(sound)}
	_, err := clauses.All(fstest.MapFS{"a/rfc7009-2.2.1-outage.txt": one, "b/rfc7009-2.2.1-outage.txt": one}, "a", "b")
	if err == nil || !strings.Contains(err.Error(), "in a and in b") {
		t.Errorf("the error is %v", err)
	}
}

func TestMatch(t *testing.T) {
	stands := func(words string) (string, bool) { return "<" + words + ">", words != "nobody" }
	patterns := map[string]string{"number": `([0-9]+)`}
	for _, tt := range []struct {
		name, got, want string
		found           []clauses.Found
		ok              bool
	}{
		{"the same", "a.b", "a.b", nil, true},
		{"no pattern of ours", "axb", "a.b", nil, false},
		{"a name", "a <x y>", "a {x y}", nil, true},
		{"a number that gets a name", "a 12 b 3", "a {number as n} b {number}", []clauses.Found{{"number", "n", "12"}, {"number", "", "3"}}, true},
		{"no number", "a x", "a {number}", nil, false},
		{"more at the end", "a 1 ", "a {number}", nil, false},
		{"nobody's name", "a", "{nobody}", nil, false},
	} {
		found, err := clauses.Match(tt.got, tt.want, patterns, stands)
		if (err == nil) != tt.ok || !slices.Equal(found, tt.found) {
			t.Errorf("%s: %v, %v", tt.name, found, err)
		}
	}
	if got, err := clauses.Fill("{a {b c}}", stands); err != nil || got != "<a <b c>>" {
		t.Errorf("filled %q, %v", got, err)
	}
}
