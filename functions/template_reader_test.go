package functions_test

import (
	"slices"
	"strings"
	"testing"

	"rescind/internal/explicit/sam"
)

// yamlMap is a mapping of template.yaml, as sam.Map is.
type yamlMap map[string]any

// readTemplate gives template.yaml as it is written.
func readTemplate(t testing.TB) yamlMap {
	t.Helper()
	return ours(rawTemplate(t)).(yamlMap)
}

func rawTemplate(t testing.TB) sam.Map {
	t.Helper()
	return rawTemplateAt(t, "template.yaml")
}

// rawTemplateAt reads a template at a path from the repository's root.
func rawTemplateAt(t testing.TB, path ...string) sam.Map {
	t.Helper()
	template, err := sam.Read(readFile(t, path...))
	if err != nil {
		t.Fatalf("%s: %v", strings.Join(path, "/"), err)
	}
	return template
}

// resolved gives template.yaml with these parameters, "NAME=VALUE", and the
// conditions that follow.
func resolved(t testing.TB, parameters ...string) yamlMap {
	t.Helper()
	return ours(resolve(t, parameters...)).(yamlMap)
}

func resolve(t testing.TB, parameters ...string) sam.Map {
	t.Helper()
	values := map[string]string{}
	for _, p := range parameters {
		name, value, _ := strings.Cut(p, "=")
		values[name] = value
	}
	template, err := sam.Resolve(rawTemplate(t), values)
	if err != nil {
		t.Fatalf("template.yaml with %v: %v", parameters, err)
	}
	return template
}

// plainForm gives the template's plain form, with its tables as tables.
func plainForm(t testing.TB, parameters ...string) yamlMap {
	t.Helper()
	template, err := sam.Explicit(resolve(t, parameters...), sam.Code{Bucket: "code"})
	if err != nil {
		t.Fatalf("template.yaml with %v: %v", parameters, err)
	}
	return ours(template).(yamlMap)
}

func ours(v any) any {
	switch v := v.(type) {
	case sam.Map:
		m := yamlMap{}
		for name, item := range v {
			m[name] = ours(item)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = ours(item)
		}
		return list
	}
	return v
}

// at follows the path down and fails where there is nothing.
func (m yamlMap) at(t testing.TB, path ...string) any {
	t.Helper()
	var v any = m
	for i, name := range path {
		in, ok := v.(yamlMap)
		if ok {
			v, ok = in[name]
		}
		if !ok {
			t.Fatalf("template.yaml: there is no %s", strings.Join(path[:i+1], "."))
		}
	}
	return v
}

// optional is like at, with an empty mapping where there is nothing.
func (m yamlMap) optional(path ...string) yamlMap {
	for _, name := range path {
		next, ok := m[name].(yamlMap)
		if !ok {
			return yamlMap{}
		}
		m = next
	}
	return m
}

// ofType gives the properties of the resources of a type, by logical id.
func (m yamlMap) ofType(t testing.TB, kind string) map[string]yamlMap {
	t.Helper()
	found := map[string]yamlMap{}
	for id, r := range m.at(t, "Resources").(yamlMap) {
		if resource := r.(yamlMap); resource["Type"] == kind {
			found[id] = resource.at(t, "Properties").(yamlMap)
		}
	}
	if len(found) == 0 {
		t.Fatalf("template.yaml: there is no %s", kind)
	}
	return found
}

// refersTo lists what a value refers to by Ref, GetAtt, Sub or Condition's
// name, however deep: parameters, resources and pseudo parameters.
func refersTo(v any) []string {
	var names []string
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			names = append(names, refersTo(item)...)
		}
	case yamlMap:
		for name, item := range v {
			text, isText := item.(string)
			switch {
			case name == "Ref" && isText:
				names = append(names, text)
			case name == "Fn::GetAtt" && isText:
				resource, _, _ := strings.Cut(text, ".")
				names = append(names, resource)
			case name == "Fn::Sub" && isText:
				for part := range strings.SplitSeq(text, "${") {
					if inside, _, ok := strings.Cut(part, "}"); ok {
						resource, _, _ := strings.Cut(inside, ".")
						names = append(names, resource)
					}
				}
			default:
				names = append(names, refersTo(item)...)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// function is the folder of the function with this logical id.
func function(t testing.TB, id string) string {
	t.Helper()
	name, ok := strings.CutSuffix(id, "Function")
	if name = strings.ToLower(name); !ok || !slices.Contains(names, name) {
		t.Fatalf("template.yaml: %s is no function of ours", id)
	}
	return name
}

// logicalID is the other way round.
func logicalID(name string) string {
	return strings.ToUpper(name[:1]) + name[1:] + "Function"
}
