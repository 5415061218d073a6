package functions_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// yamlMap is a YAML mapping. CloudFormation's short forms become their long
// ones: "!GetAtt A.Arn" is {"Fn::GetAtt": "A.Arn"}, and "!Ref A" {"Ref": "A"}.
type yamlMap map[string]any

// readTemplate gives template.yaml.
func readTemplate(t testing.TB) yamlMap {
	t.Helper()
	file, err := parser.ParseBytes(readFile(t, "template.yaml"), 0)
	if err != nil {
		t.Fatal(err)
	}
	return plain(t, file.Docs[0].Body).(yamlMap)
}

func plain(t testing.TB, n ast.Node) any {
	t.Helper()
	switch n := n.(type) {
	case *ast.TagNode:
		name := strings.TrimPrefix(n.Start.Value, "!")
		if name != "Ref" && name != "Condition" {
			name = "Fn::" + name
		}
		return yamlMap{name: plain(t, n.Value)}
	case *ast.MappingNode:
		m := yamlMap{}
		for _, pair := range n.Values {
			m[pair.Key.GetToken().Value] = plain(t, pair.Value)
		}
		return m
	case *ast.MappingValueNode:
		return yamlMap{n.Key.GetToken().Value: plain(t, n.Value)}
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, v := range n.Values {
			list = append(list, plain(t, v))
		}
		return list
	case *ast.StringNode:
		return n.Value
	case *ast.IntegerNode:
		return n.Value
	case *ast.BoolNode:
		return n.Value
	}
	t.Fatalf("template.yaml: line %d: %s is not read by this test", n.GetToken().Position.Line, n.Type())
	return nil
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
