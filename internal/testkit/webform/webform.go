// Package webform reads the forms of a page, for programs that do with our pages
// what a person's browser does: take a form's hidden fields, fill in the rest,
// and send it. It knows the HTML that our own pages have, and no more of it.
//
// It imports none of ours, and must not know what is sent, or where.
package webform

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"strings"
)

// Form is one form of a page.
type Form struct {
	Action string
	Hidden url.Values // the hidden fields
	Inner  string     // what stands in it, as it stands
}

var (
	forms  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)"[^>]*>(.*?)</form>`)
	hidden = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*>`)
	attr   = regexp.MustCompile(`(name|value)="([^"]*)"`)
)

// All gives the forms of a page, in their order.
func All(page string) []Form {
	var all []Form
	for _, f := range forms.FindAllStringSubmatch(page, -1) {
		one := Form{Action: html.UnescapeString(f[1]), Hidden: url.Values{}, Inner: f[2]}
		for _, in := range hidden.FindAllString(f[2], -1) {
			pair := map[string]string{}
			for _, a := range attr.FindAllStringSubmatch(in, -1) {
				pair[a[1]] = html.UnescapeString(a[2])
			}
			one.Hidden.Set(pair["name"], pair["value"])
		}
		all = append(all, one)
	}
	return all
}

// Find gives the hidden fields of the first form that leads to a path and holds
// a text. The error says that there is none, and nothing of the page.
func Find(page, action, holds string) (url.Values, error) {
	for _, f := range All(page) {
		if f.Action == action && strings.Contains(f.Inner, holds) {
			return f.Hidden, nil
		}
	}
	return nil, fmt.Errorf("the page has no form to %s with %q", action, holds)
}
