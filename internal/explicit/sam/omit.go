package sam

import (
	"slices"
	"strings"
)

// Omit gives a plain template without the resources of these types, and
// without each property and list's member, however deep, that refers to one.
func Omit(template Map, types map[string]bool) Map {
	gone := []string{}
	for id := range template.In("Resources") {
		if kind, _ := template.In("Resources", id)["Type"].(string); types[kind] {
			gone = append(gone, id)
		}
	}
	kept := Map{}
	for id, v := range template.In("Resources") {
		if !slices.Contains(gone, id) {
			kept[id], _ = without(v, gone)
		}
	}
	out := Map{}
	for section, v := range template {
		out[section], _ = without(v, gone)
	}
	out["Resources"] = kept
	return out
}

// without leaves out what refers to the resources that are gone; ok is false
// where nothing is left of the value.
func without(v any, gone []string) (any, bool) {
	switch v := v.(type) {
	case Map:
		if refers(v, gone) {
			return nil, false
		}
		m := Map{}
		for name, item := range v {
			if got, ok := without(item, gone); ok {
				m[name] = got
			}
		}
		return m, len(m) > 0 || len(v) == 0
	case []any:
		list := []any{}
		for _, item := range v {
			if got, ok := without(item, gone); ok {
				list = append(list, got)
			}
		}
		return list, len(list) > 0 || len(v) == 0
	}
	return v, true
}

// refers tells whether a function of CloudFormation names one that is gone.
func refers(v Map, gone []string) bool {
	var names []string
	if to, ok := v["Ref"].(string); ok {
		names = append(names, to)
	}
	switch to := v["Fn::GetAtt"].(type) {
	case string:
		names = append(names, head(to))
	case []any:
		names = append(names, to[0].(string))
	}
	if text, ok := v["Fn::Sub"].(string); ok {
		for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
			names = append(names, head(found[1]))
		}
	}
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(gone, name) })
}

// head is the resource of "Resource.Attribute".
func head(s string) string {
	name, _, _ := strings.Cut(s, ".")
	return name
}
