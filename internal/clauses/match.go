package clauses

import (
	"fmt"
	"regexp"
	"strings"
)

// placeholder is an innermost {word ...}; JSON's braces have a quote in them.
var placeholder = regexp.MustCompile(`\{[a-z][^{}"]*\}`)

// Stands tells what the words of a placeholder stand for.
type Stands func(words string) (string, bool)

// Fill puts in what the placeholders of a text stand for, inner ones first:
// {base64 {app}:wrong} is what it looks like. The error names one that stands
// for nothing.
func Fill(text string, stands Stands) (string, error) {
	var err error
	for err == nil && placeholder.MatchString(text) {
		text = placeholder.ReplaceAllStringFunc(text, func(p string) string {
			got, ok := stands(strings.Trim(p, "{}"))
			if !ok {
				err = fmt.Errorf("nothing is called %s", p)
			}
			return got
		})
	}
	return text, err
}

// Found is what stood in a text where a pattern was expected. Name is what the
// case calls it from then on, or empty.
type Found struct{ Kind, Name, Text string }

// Match compares a text with what is expected. patterns, of one group each,
// stand for what a test cannot know before: "{access token as x}" is of the kind
// "access token", and named x. The error shows both texts.
func Match(got, want string, patterns map[string]string, stands Stands) ([]Found, error) {
	var found []Found
	pattern := regexp.QuoteMeta(want)
	for _, p := range placeholder.FindAllString(want, -1) {
		kind, name, _ := strings.Cut(strings.Trim(p, "{}"), " as ")
		form, ok := patterns[kind]
		if ok {
			found = append(found, Found{Kind: kind, Name: name})
		} else {
			text, err := Fill(p, stands)
			if err != nil {
				return nil, err
			}
			form = regexp.QuoteMeta(text)
		}
		pattern = strings.Replace(pattern, regexp.QuoteMeta(p), form, 1)
	}
	m := regexp.MustCompile(`^(?s:` + pattern + `)$`).FindStringSubmatch(got)
	if m == nil {
		return nil, fmt.Errorf("is\n%s\nand should be\n%s", got, want)
	}
	for i := range found {
		found[i].Text = m[i+1]
	}
	return found, nil
}

// Message reads a request or a response: a first line, headers, and after an
// empty line the body.
func (s Section) Message() (first string, header []string, body string) {
	for i, line := range s.Lines[1:] {
		if line == "" {
			return s.Lines[0], s.Lines[1 : i+1], strings.Join(s.Lines[i+2:], "\n")
		}
	}
	return s.Lines[0], s.Lines[1:], ""
}
