package page

import (
	"encoding/json"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestACatalogueHasToBeComplete: a file that is not is refused at the start.
func TestACatalogueHasToBeComplete(t *testing.T) {
	const english = `{"dir":"ltr","a":"A {client}","b":"B"}`
	for _, tt := range []struct{ name, file, text, want string }{
		{"complete", "fr.json", `{"dir":"ltr","a":"{client} A","b":"B"}`, ""},
		{"from right to left", "ar.json", `{"dir":"rtl","a":"{client} A","b":"B"}`, ""},
		{"of a region", "pt-BR.json", `{"dir":"ltr","a":"{client} A","b":"B"}`, ""},
		{"a key is missing", "fr.json", `{"dir":"ltr","a":"A {client}"}`, "b is missing"},
		{"a text is empty", "fr.json", `{"dir":"ltr","a":"A {client}","b":""}`, "b is missing"},
		{"a key too many", "fr.json", `{"dir":"ltr","a":"A {client}","b":"B","c":"C"}`, "c is not a key"},
		{"a placeholder is missing", "fr.json", `{"dir":"ltr","a":"A","b":"B"}`, "a has other placeholders"},
		{"another placeholder", "fr.json", `{"dir":"ltr","a":"A {host}","b":"B"}`, "a has other placeholders"},
		{"a placeholder twice", "fr.json", `{"dir":"ltr","a":"{client} {client}","b":"B"}`, "a has other placeholders"},
		{"no direction", "fr.json", `{"dir":"up","a":"A {client}","b":"B"}`, "dir is neither"},
		{"no language", "french.json", `{"dir":"ltr","a":"A {client}","b":"B"}`, "not named for a language"},
		{"no JSON", "fr.json", `{`, "fr.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := readCatalogues(fstest.MapFS{"catalogue/en.json": {Data: []byte(english)}, "catalogue/" + tt.file: {Data: []byte(tt.text)}})
			switch {
			case tt.want == "" && (err != nil || len(all) != 2):
				t.Errorf("%v, %d languages", err, len(all))
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := readCatalogues(fstest.MapFS{"catalogue/de.json": {Data: []byte(english)}}); err == nil {
		t.Error("without English there is no fallback")
	}
}

// TestEveryTextIsUsed: templates and code name no text that is not there, and
// none is there that nothing names.
func TestEveryTextIsUsed(t *testing.T) {
	english, err := readCatalogues(catalogues)
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{"dir": true, "date": true, "moment": true, "wait.seconds": true, "wait.minutes": true, // by words.go
		"signin.title": true, "consent.title": true, "apps.title": true, "out.title": true} // by views.go
	names, err := fs.Glob(templates, "template/*.html")
	if err != nil || len(names) < 6 {
		t.Fatalf("%d templates, %v", len(names), err)
	}
	call := regexp.MustCompile(`\.[TS] "([a-z_.]+)"`)
	for _, name := range names {
		text, err := fs.ReadFile(templates, name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
		}
	}
	for key := range used {
		if _, ok := english[fallback][key]; !ok {
			t.Errorf("%s is named and not there", key)
		}
	}
	open := regexp.MustCompile(`^(month|scope|error)\.`) // chosen by what is shown
	for _, key := range slices.Sorted(maps.Keys(english[fallback])) {
		if !used[key] && !open.MatchString(key) {
			t.Errorf("%s is there and not named", key)
		}
	}
	for kind, other := range alike {
		if english[fallback]["error."+other+".title"] == "" || english[fallback]["error."+kind+".title"] != "" {
			t.Errorf("%s shares a text with %s, which has none, or has its own", kind, other)
		}
	}
}

// TestCataloguesAreTranslated: a language's texts are its own, each once.
func TestCataloguesAreTranslated(t *testing.T) {
	all, err := readCatalogues(catalogues)
	if err != nil {
		t.Fatal(err)
	}
	same := []string{"dir", "consent.id"}
	for tag, l := range all {
		for key, text := range l {
			if tag != fallback && text == all[fallback][key] && !slices.Contains(same, key) && !strings.HasPrefix(key, "month.") {
				t.Errorf("%s: %s is English", tag, key)
			}
			if strings.TrimSpace(text) != text {
				t.Errorf("%s: %s has spaces around", tag, key)
			}
		}
		file, err := fs.ReadFile(catalogues, "catalogue/"+tag+".json")
		if err != nil {
			t.Fatal(err)
		}
		keys := 0
		for d := json.NewDecoder(strings.NewReader(string(file))); ; keys++ {
			if _, err := d.Token(); err != nil {
				break
			}
		}
		if keys-2 != 2*len(l) { // without the braces, keys and texts
			t.Errorf("%s has a key twice", tag)
		}
	}
}
