package clauses

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// Form is one kind of line of given or after, and what it means to a run R. Its
// pattern's groups are the arguments.
type Form[R any] struct {
	line *regexp.Regexp
	do   func(run R, args []string)
}

// Says makes a form of a pattern for a whole line.
func Says[R any](pattern string, do func(run R, args []string)) Form[R] {
	return Form[R]{regexp.MustCompile(`^` + pattern + `$`), do}
}

// Each runs every line of a section by the first form that fits. The error names
// a line that none fits; those before it were run.
func Each[R any](s Section, forms []Form[R], run R) error {
lines:
	for _, line := range s.Lines {
		if line == "" {
			continue
		}
		for _, f := range forms {
			if m := f.line.FindStringSubmatch(line); m != nil {
				f.do(run, m[1:])
				continue lines
			}
		}
		return fmt.Errorf("no line of %s reads %q", s.Kind, line)
	}
	return nil
}

// Answer is what a request was answered. Headers are by their canonical names.
type Answer struct {
	Status int
	Header map[string]string
	Body   string
}

// Compare holds a whole answer against the section of a response: a status line,
// every header, an empty line, the whole body. matches compares one text with
// what is expected and tells by itself what differs; the error tells the rest.
func (s Section) Compare(a Answer, matches func(what, got, want string)) error {
	first, lines, body := s.Message()
	var wrong []error
	if status, _, _ := strings.Cut(first, " "); strconv.Itoa(a.Status) != status {
		wrong = append(wrong, fmt.Errorf("the status is %d and should be %s; the body is %s", a.Status, first, a.Body))
	}
	expected := map[string]bool{}
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ": ")
		if !ok {
			return errors.Join(append(wrong, fmt.Errorf("%q is no header", line))...)
		}
		name = http.CanonicalHeaderKey(name)
		expected[name] = true
		matches("the header "+name, a.Header[name], value)
	}
	for name, value := range a.Header {
		if !expected[name] {
			wrong = append(wrong, fmt.Errorf("there is a header more: %s: %s", name, value))
		}
	}
	matches("the body", a.Body, body)
	return errors.Join(wrong...)
}
