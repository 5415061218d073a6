package page

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// fallback is the language that every other one is held to, and the one of
// those whose own is not there.
const fallback = "en"

// language is one catalogue: its texts by key.
type language map[string]string

var (
	placeholder = regexp.MustCompile(`\{([a-z]+)\}`)
	languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`) // as RFC 5646 writes them, without extensions
)

// readCatalogues reads catalogue/*.json, each named for its language's tag.
func readCatalogues(dir fs.FS) (map[string]language, error) {
	names, err := fs.Glob(dir, "catalogue/*.json")
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	all := map[string]language{}
	for _, name := range names {
		tag := strings.TrimSuffix(path.Base(name), ".json")
		text, err := fs.ReadFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("page: %w", err)
		}
		var l language
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("page: the catalogue %s: %w", name, err)
		}
		if !languageTag.MatchString(tag) {
			return nil, fmt.Errorf("page: the catalogue %s is not named for a language", name)
		}
		all[tag] = l
	}
	if all[fallback] == nil {
		return nil, fmt.Errorf("page: there is no catalogue for %q", fallback)
	}
	for _, tag := range slices.Sorted(maps.Keys(all)) {
		if err := complete(all[tag], all[fallback]); err != nil {
			return nil, fmt.Errorf("page: the catalogue of %q: %w", tag, err)
		}
	}
	return all, nil
}

// complete tells whether a language has every text of the fallback's, with the
// same placeholders, and none beside.
func complete(l, of language) error {
	for _, key := range slices.Sorted(maps.Keys(of)) {
		text, ok := l[key]
		if !ok || text == "" {
			return fmt.Errorf("%s is missing", key)
		}
		if !slices.Equal(placeholders(text), placeholders(of[key])) {
			return fmt.Errorf("%s has other placeholders than in %q", key, fallback)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l)) {
		if _, ok := of[key]; !ok {
			return fmt.Errorf("%s is not a key of %q", key, fallback)
		}
	}
	if dir := l["dir"]; dir != "ltr" && dir != "rtl" {
		return fmt.Errorf("dir is neither ltr nor rtl")
	}
	return nil
}

// placeholders are a text's, sorted and each as often as it is there.
func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return found
}
