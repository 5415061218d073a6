package page_test

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rescind/internal/pagepreview/samples"
	"rescind/shared/page"
)

const stylePath = "/o/static/style.css"

func newPages(t testing.TB) *page.Pages {
	t.Helper()
	p, err := page.New(stylePath)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// eachPage calls f with every sample in every language.
func eachPage(t *testing.T, f func(t *testing.T, lang string, w *httptest.ResponseRecorder)) {
	p := newPages(t)
	for _, lang := range p.Languages() {
		for _, s := range samples.All() {
			t.Run(lang+"/"+s.Name, func(t *testing.T) {
				w := httptest.NewRecorder()
				s.Write(p, w, lang)
				f(t, lang, w)
			})
		}
	}
}

// element is a start tag as a parser of HTML sees it.
type element struct {
	name string
	attr map[string]string
}

// parse reads a page. Every tag has to be closed, but for those that HTML
// leaves open, so that nothing of the page depends on a browser's repairs.
func parse(t *testing.T, text string) (elements []element) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(text))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	open := []string{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page does not parse: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{token.Name.Local, map[string]string{}}
			for _, a := range token.Attr {
				if _, twice := e.attr[a.Name.Local]; twice {
					t.Errorf("<%s> has %s twice", e.name, a.Name.Local)
				}
				e.attr[a.Name.Local] = a.Value
			}
			elements, open = append(elements, e), append(open, e.name)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != token.Name.Local {
				t.Fatalf("</%s> closes %v", token.Name.Local, open)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("left open: %v", open)
	}
	return elements
}

func count(elements []element, name string) (n int) {
	for _, e := range elements {
		if e.name == name {
			n++
		}
	}
	return n
}

// TestEveryPageIsSound holds every page to what a browser without scripts, a
// screen reader and our Content-Security-Policy need of it.
func TestEveryPageIsSound(t *testing.T) {
	handlers := regexp.MustCompile(`^on`)
	eachPage(t, func(t *testing.T, lang string, w *httptest.ResponseRecorder) {
		elements := parse(t, w.Body.String())
		for _, name := range []string{"h1", "main", "title", "header"} {
			if n := count(elements, name); n != 1 {
				t.Errorf("%d <%s>", n, name)
			}
		}
		ids, labelled := map[string]bool{}, map[string]bool{}
		for _, e := range elements {
			if id := e.attr["id"]; id != "" {
				if ids[id] {
					t.Errorf("id %s twice", id)
				}
				ids[id] = true
			}
			if e.name == "label" {
				labelled[e.attr["for"]] = true
			}
		}
		for _, e := range elements {
			switch {
			case slices.Contains([]string{"script", "style", "img", "iframe", "object", "base"}, e.name):
				t.Errorf("there is a <%s>", e.name)
			case e.name == "html" && (e.attr["lang"] != lang || e.attr["dir"] != "ltr"):
				t.Errorf("<html> says %v", e.attr)
			case e.name == "input" && e.attr["type"] != "hidden" && !labelled[e.attr["id"]]:
				t.Errorf("no label for %v", e.attr)
			case e.name == "form" && (e.attr["method"] != "post" || !strings.HasPrefix(e.attr["action"], "/o/")):
				t.Errorf("a form with %v", e.attr)
			case e.name == "button" && e.attr["type"] != "submit":
				t.Errorf("a button with %v", e.attr)
			}
			for name, value := range e.attr {
				if name == "style" || handlers.MatchString(name) {
					t.Errorf("<%s> has %s", e.name, name)
				}
				if slices.Contains([]string{"aria-labelledby", "aria-describedby", "for"}, name) && !ids[value] {
					t.Errorf("<%s %s=%q> names nothing", e.name, name, value)
				}
			}
		}
		if strings.Contains(w.Body.String(), "ZgotmplZ") {
			t.Error("html/template refused a value")
		}
	})
}

// TestAPageIsSmall: with its stylesheet a page takes less than 40 KB.
func TestAPageIsSmall(t *testing.T) {
	w := httptest.NewRecorder()
	newPages(t).Style(w, httptest.NewRequest("GET", stylePath, nil))
	style := w.Body.Len()
	eachPage(t, func(t *testing.T, _ string, w *httptest.ResponseRecorder) {
		if n := w.Body.Len() + style; n >= 40_000 {
			t.Errorf("%d bytes", n)
		}
	})
}

// TestAnUnknownLanguageIsEnglish: nothing that a caller passes is a fault.
func TestAnUnknownLanguageIsEnglish(t *testing.T) {
	w := httptest.NewRecorder()
	newPages(t).SignedOut(w, "tlh", page.SignedOut{})
	if got := w.Header().Get("Content-Language"); got != "en" || !strings.Contains(w.Body.String(), `<html lang="en"`) {
		t.Errorf("Content-Language %q", got)
	}
}

func BenchmarkConsent(b *testing.B) {
	p := newPages(b)
	v := page.Consent{Client: "Notes", ClientID: "notes", Host: "notes.example.com", Account: "ada@example.com", Scopes: []string{"read", "write"}}
	for b.Loop() {
		p.Consent(httptest.NewRecorder(), "de", v)
	}
}
