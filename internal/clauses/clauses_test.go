package clauses_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"rescind/internal/clauses"
)

const (
	root = "../.."
	dir  = "shared/endpoint/testdata/clauses"
	page = root + "/docs/conformance.md"
)

var update = flag.Bool("update", false, "write docs/conformance.md anew")

func TestPage(t *testing.T) {
	all, err := clauses.All(os.DirFS(root), dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err := clauses.Page(all, "../"+dir)
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
