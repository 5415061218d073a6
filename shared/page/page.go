package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
)

var (
	//go:embed template/*.html
	templates embed.FS
	//go:embed catalogue/*.json
	catalogues embed.FS
	//go:embed style/style.css
	stylesheet []byte
)

// Pages writes pages. It is made by New, and safe for use by many at once.
type Pages struct {
	set       *template.Template
	languages map[string]language
	tags      []string // of the languages, the fallback first
	style     string   // the stylesheet's URL, with its version
	version   string   // of the stylesheet: part of its digest
}

// New gives the pages. stylePath is the URL path at which Style is served.
func New(stylePath string) (*Pages, error) {
	languages, err := readCatalogues(catalogues)
	if err != nil {
		return nil, err
	}
	set, err := template.New("").Funcs(functions).ParseFS(templates, "template/*.html")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	sum := sha256.Sum256(stylesheet)
	p := &Pages{set: set, languages: languages, version: base64.RawURLEncoding.EncodeToString(sum[:12])}
	p.style = stylePath + "?v=" + p.version
	for tag := range languages {
		if tag != fallback {
			p.tags = append(p.tags, tag)
		}
	}
	slices.Sort(p.tags)
	p.tags = append([]string{fallback}, p.tags...)
	return p, nil
}

// Languages are those that there is a catalogue for, the fallback first.
func (p *Pages) Languages() []string { return slices.Clone(p.tags) }

// view is what a template sees: the words of a language, and the page's own.
type view struct {
	words
	Lang, Style, Title string
	Class              string
	V                  any
}

// render gives a page's HTML. A template that fails is a bug, never the
// request's doing: the test renders every page in every language.
func (p *Pages) render(name, lang string, title func(words) string, v any) []byte {
	l, ok := p.languages[lang]
	if !ok {
		lang, l = fallback, p.languages[fallback]
	}
	w := words{l}
	var out strings.Builder
	if err := p.set.ExecuteTemplate(&out, name, view{words: w, Lang: lang, Style: p.style, Title: title(w), Class: name, V: v}); err != nil {
		panic("page: a template failed: " + name)
	}
	return []byte(strings.ToValidUTF8(out.String(), "\uFFFD")) // a hidden field is shown to nobody, and passed through
}
