package page

import (
	"slices"
	"strconv"
	"strings"
)

// maxRanges is how many languages of a request are looked at, and maxHeader
// how much of each list.
const (
	maxRanges = 32
	maxHeader = 1024
)

// Language chooses one that there is a catalogue for: the first that fits of
// ui_locales (OpenID Connect Core section 3.1.2.1, in order of preference),
// then of Accept-Language (RFC 9110 section 12.5.4), then the fallback.
func (p *Pages) Language(uiLocales, acceptLanguage string) string {
	for n, asked := range strings.Fields(capped(uiLocales)) {
		if tag := p.lookUp(asked); tag != "" && n < maxRanges {
			return tag
		}
	}
	for _, asked := range ranges(acceptLanguage) {
		if tag := p.lookUp(asked); tag != "" {
			return tag
		}
	}
	return fallback
}

// lookUp is RFC 4647 section 3.4: the range is shortened from its end until
// there is a catalogue for it.
func (p *Pages) lookUp(asked string) string {
	for asked != "" {
		for _, tag := range p.tags {
			if strings.EqualFold(tag, asked) {
				return tag
			}
		}
		cut := strings.LastIndexByte(asked, '-')
		if cut < 0 {
			return ""
		}
		asked = asked[:cut]
		if n := len(asked); n >= 2 && asked[n-2] == '-' { // a single letter opens an extension
			asked = asked[:n-2]
		}
	}
	return ""
}

// ranges reads Accept-Language: its ranges by falling weight, those of equal
// weight in their order. What is malformed, refused (q=0) or "*" is left out.
func ranges(header string) []string {
	type weighted struct {
		tag    string
		weight float64
	}
	var list []weighted
	for part := range strings.SplitSeq(capped(header), ",") {
		tag, parameter, has := strings.Cut(part, ";")
		w := weighted{strings.TrimSpace(tag), 1}
		if has {
			value, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(parameter)), "q=")
			q, err := strconv.ParseFloat(value, 64)
			if !ok || err != nil || !(q >= 0 && q <= 1) {
				continue
			}
			w.weight = q
		}
		if w.tag != "" && w.tag != "*" && w.weight > 0 && len(list) < maxRanges {
			list = append(list, w)
		}
	}
	slices.SortStableFunc(list, func(a, b weighted) int {
		switch {
		case a.weight > b.weight:
			return -1
		case a.weight < b.weight:
			return 1
		}
		return 0
	})
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = w.tag
	}
	return out
}

func capped(s string) string { return s[:min(len(s), maxHeader)] }
