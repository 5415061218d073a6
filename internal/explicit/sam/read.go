package sam

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Map is a YAML mapping. CloudFormation's short forms become their long ones:
// "!GetAtt A.Arn" is {"Fn::GetAtt": "A.Arn"}, and "!Ref A" {"Ref": "A"}. Other
// values are string, uint64, int64, bool and []any of these.
type Map map[string]any

// Read reads a template, or says in which line is what it does not know.
func Read(b []byte) (Map, error) {
	file, err := parser.ParseBytes(b, 0)
	if err != nil {
		return nil, err
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("the template is empty")
	}
	v, err := plain(file.Docs[0].Body)
	if err != nil {
		return nil, err
	}
	m, ok := v.(Map)
	if !ok {
		return nil, fmt.Errorf("the template is no mapping")
	}
	return m, nil
}

func plain(n ast.Node) (any, error) {
	switch n := n.(type) {
	case *ast.TagNode:
		name := strings.TrimPrefix(n.Start.Value, "!")
		if name != "Ref" && name != "Condition" {
			name = "Fn::" + name
		}
		v, err := plain(n.Value)
		return Map{name: v}, err
	case *ast.MappingNode:
		return mapping(n.Values)
	case *ast.MappingValueNode:
		return mapping([]*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		list := make([]any, 0, len(n.Values))
		for _, item := range n.Values {
			v, err := plain(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode:
		return n.Value, nil
	case *ast.BoolNode:
		return n.Value, nil
	}
	return nil, fmt.Errorf("line %d: %s is not read here: write it otherwise, or teach package sam to", n.GetToken().Position.Line, n.Type())
}

func mapping(pairs []*ast.MappingValueNode) (Map, error) {
	m := Map{}
	for _, pair := range pairs {
		name := pair.Key.GetToken().Value
		if _, twice := m[name]; twice {
			return nil, fmt.Errorf("line %d: %s is there twice", pair.Key.GetToken().Position.Line, name)
		}
		v, err := plain(pair.Value)
		if err != nil {
			return nil, err
		}
		m[name] = v
	}
	return m, nil
}

// In gives the mapping that lies at the path, empty where there is none.
func (m Map) In(path ...string) Map {
	for _, name := range path {
		next, ok := m[name].(Map)
		if !ok {
			return Map{}
		}
		m = next
	}
	return m
}
