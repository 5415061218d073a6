package clauses_test

import (
	"slices"
	"strings"
	"testing"

	"rescind/internal/clauses"
)

func TestEachLineHasItsForm(t *testing.T) {
	forms := []clauses.Form[*[]string]{
		clauses.Says(`(\w+) is (on|off)`, func(run *[]string, args []string) { *run = append(*run, args...) }),
		clauses.Says(`nothing`, func(run *[]string, _ []string) { *run = append(*run, "nothing") }),
	}
	var run []string
	if err := clauses.Each(clauses.Section{Kind: clauses.Given, Lines: []string{"app is on", "", "nothing"}}, forms, &run); err != nil || !slices.Equal(run, []string{"app", "on", "nothing"}) {
		t.Errorf("%q, %v", run, err)
	}
	for _, line := range []string{"app is of", "nothing more", " nothing"} {
		if err := clauses.Each(clauses.Section{Kind: clauses.Given, Lines: []string{line}}, forms, &run); err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// TestCompare: whatever of an answer differs is told, by one way or the other.
func TestCompare(t *testing.T) {
	section := clauses.Section{Kind: clauses.Response, Lines: []string{"200 OK", "Allow: POST", "", "body"}}
	good := clauses.Answer{Status: 200, Header: map[string]string{"Allow": "POST"}, Body: "body"}
	for _, tt := range []struct {
		name string
		of   clauses.Section
		edit func(*clauses.Answer)
		want string
	}{
		{"the same", section, func(*clauses.Answer) {}, ""},
		{"another status", section, func(a *clauses.Answer) { a.Status = 201 }, "the status is 201"},
		{"another header", section, func(a *clauses.Answer) { a.Header = map[string]string{"Allow": "GET"} }, "the header Allow"},
		{"no header", section, func(a *clauses.Answer) { a.Header = nil }, "the header Allow"},
		{"a header more", section, func(a *clauses.Answer) { a.Header = map[string]string{"Allow": "POST", "Etag": "x"} }, "a header more: Etag"},
		{"another body", section, func(a *clauses.Answer) { a.Body = "" }, "the body"},
		{"no header in the file", clauses.Section{Lines: []string{"200 OK", "Allow", "", "body"}}, func(*clauses.Answer) {}, "is no header"},
	} {
		got := good
		tt.edit(&got)
		var told []string
		err := tt.of.Compare(got, func(what, got, want string) {
			if got != want {
				told = append(told, what)
			}
		})
		if err != nil {
			told = append(told, err.Error())
		}
		if text := strings.Join(told, "\n"); tt.want == "" && text != "" || !strings.Contains(text, tt.want) {
			t.Errorf("%s: it tells %q", tt.name, text)
		}
	}
}
