package clauses

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// The sections.
const (
	Given    = "given"
	Request  = "request"
	Response = "response"
	After    = "after"
)

// maxSays keeps a clause to one sentence.
const maxSays = 260

// Case is one file.
type Case struct {
	Name      string // the file's name without ".txt"
	Dir       string // where All found it
	Clause    string // "RFC 7009 section 2.2.1"
	Says      string
	Issuer    string // empty: the default
	NotLambda string // why the case cannot travel as an API Gateway event; empty where it can
	Sections  []Section
}

// Section is one part of a case, in the file's order.
type Section struct {
	Kind  string // Given, Request, Response or After
	Line  int    // of its first line, from 1
	Lines []string
}

var (
	clauseForm  = regexp.MustCompile(`^RFC (\d{4}) section ([0-9]+(?:\.[0-9]+)*)$`)
	sectionLine = regexp.MustCompile(`^-- (.*) --$`)
)

// All reads every *.txt in the folders. None in one of them, a file of another
// name, or two cases of one name are an error.
func All(files fs.FS, dirs ...string) ([]Case, error) {
	var all []Case
	where := map[string]string{}
	for _, dir := range dirs {
		cases, err := in(files, dir)
		if err != nil {
			return nil, err
		}
		for _, c := range cases {
			if other, twice := where[c.Name]; twice {
				return nil, fmt.Errorf("%s.txt is in %s and in %s", c.Name, other, dir)
			}
			where[c.Name] = dir
		}
		all = append(all, cases...)
	}
	return all, nil
}

func in(files fs.FS, dir string) ([]Case, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	var all []Case
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".txt")
		if !ok || e.IsDir() {
			return nil, fmt.Errorf("%s: only .txt files belong here", path.Join(dir, e.Name()))
		}
		text, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		c, err := Parse(name, string(text))
		if err != nil {
			return nil, err
		}
		c.Dir = dir
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: there is no case", dir)
	}
	return all, nil
}

// Parse reads one case. The error names the file and, where it can, the line.
func Parse(name, text string) (Case, error) {
	c := Case{Name: name}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	i := 0
	for ; i < len(lines) && !sectionLine.MatchString(lines[i]); i++ {
		if lines[i] == "" {
			continue
		}
		if err := c.setField(lines[i]); err != nil {
			return Case{}, fmt.Errorf("%s.txt:%d: %w", name, i+1, err)
		}
	}
	for ; i < len(lines); i++ {
		if m := sectionLine.FindStringSubmatch(lines[i]); m != nil {
			c.Sections = append(c.Sections, Section{Kind: m[1], Line: i + 2})
			continue
		}
		last := &c.Sections[len(c.Sections)-1]
		last.Lines = append(last.Lines, lines[i])
	}
	for n := range c.Sections {
		c.Sections[n].trim()
	}
	if err := c.check(); err != nil {
		return Case{}, fmt.Errorf("%s.txt: %w", name, err)
	}
	return c, nil
}

func (c *Case) setField(line string) error {
	key, value, ok := strings.Cut(line, ": ")
	fields := map[string]*string{"clause": &c.Clause, "says": &c.Says, "issuer": &c.Issuer, "not lambda": &c.NotLambda}
	field, known := fields[key]
	switch {
	case !ok || !known:
		return fmt.Errorf("unknown field %q", line)
	case *field != "":
		return fmt.Errorf("%s stands twice", key)
	}
	*field = value
	return nil
}

// trim takes off the empty lines at the section's end.
func (s *Section) trim() {
	for len(s.Lines) > 0 && s.Lines[len(s.Lines)-1] == "" {
		s.Lines = s.Lines[:len(s.Lines)-1]
	}
}

func (c *Case) check() error {
	m := clauseForm.FindStringSubmatch(c.Clause)
	switch {
	case m == nil:
		return fmt.Errorf("the clause %q is not of the form RFC 1234 section 1.2", c.Clause)
	case !strings.HasPrefix(c.Name, "rfc"+m[1]+"-"+m[2]+"-"):
		return fmt.Errorf("the name does not begin with its clause: rfc%s-%s-", m[1], m[2])
	case c.Says == "" || len(c.Says) > maxSays || !strings.HasSuffix(c.Says, "."):
		return fmt.Errorf("says is one sentence of at most %d characters", maxSays)
	}
	return c.checkOrder()
}

// checkOrder: each request has its response, and each response what is true after.
func (c *Case) checkOrder() error {
	if len(c.Sections) == 0 {
		return errors.New("there is no section")
	}
	follows := map[string]string{Request: Response, Response: After}
	want := ""
	for _, s := range c.Sections {
		switch {
		case s.Kind != Given && s.Kind != Request && s.Kind != Response && s.Kind != After:
			return fmt.Errorf("line %d: unknown section %q", s.Line-1, s.Kind)
		case want != "" && s.Kind != want:
			return fmt.Errorf("line %d: %s stands where %s must", s.Line-1, s.Kind, want)
		case want == "" && (s.Kind == Response || s.Kind == After):
			return fmt.Errorf("line %d: %s stands without a request", s.Line-1, s.Kind)
		case len(s.Lines) == 0:
			return fmt.Errorf("line %d: the section %s is empty", s.Line-1, s.Kind)
		}
		want = follows[s.Kind]
	}
	switch last := c.Sections[len(c.Sections)-1].Kind; {
	case want != "":
		return fmt.Errorf("the section %s is missing at the end", want)
	case last != After:
		return fmt.Errorf("nothing follows the last section %s", last)
	}
	return nil
}
