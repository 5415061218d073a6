package sam

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// intrinsic resolves one of CloudFormation's functions as far as parameters
// decide it; the others stay, for whoever deploys.
func (r resolver) intrinsic(name string, argument any) (any, error) {
	switch name {
	case "Ref":
		return r.ref(argument)
	case "Fn::GetAtt":
		if text, ok := argument.(string); ok { // which JSON has no short form for
			resource, attribute, _ := strings.Cut(text, ".")
			return Map{name: []any{resource, attribute}}, nil
		}
		return Map{name: argument}, nil
	case "Fn::If":
		list, ok := argument.([]any)
		if !ok || len(list) != 3 {
			return nil, errors.New("an !If that has not three parts")
		}
		holds, err := r.condition(fmt.Sprint(list[0]))
		if err != nil {
			return nil, err
		}
		if holds {
			return r.value(list[1])
		}
		return r.value(list[2])
	case "Fn::Sub":
		return r.sub(argument)
	case "Fn::Join", "Fn::Select", "Fn::FindInMap":
		list, err := r.value(argument)
		if err != nil {
			return nil, err
		}
		arguments, ok := list.([]any)
		if !ok {
			return nil, fmt.Errorf("%s: its argument is no list", name)
		}
		return r.listed(name, arguments)
	case "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or", "Condition":
		holds, err := r.holds(Map{name: argument})
		return holds, err
	}
	return nil, fmt.Errorf("%s is not known here", name)
}

func (r resolver) ref(argument any) (any, error) {
	name, ok := argument.(string)
	if !ok {
		return nil, errors.New("a !Ref to no name")
	}
	if name == "AWS::NoValue" {
		return none{}, nil
	}
	if v, ok := r.parameters[name]; ok {
		return v, nil
	}
	return Map{"Ref": name}, nil
}

// listed are the functions that take a list, with what is in it resolved.
func (r resolver) listed(name string, list []any) (any, error) {
	switch {
	case name == "Fn::FindInMap" && len(list) == 3:
		v, ok := r.mappings.In(fmt.Sprint(list[0]), fmt.Sprint(list[1]))[fmt.Sprint(list[2])]
		if !ok {
			return nil, fmt.Errorf("no mapping %v", list)
		}
		return v, nil
	case name == "Fn::Select" && len(list) == 2:
		index, ok := list[0].(uint64)
		from, isList := list[1].([]any)
		if !ok || !isList || index >= uint64(len(from)) {
			return nil, errors.New("a !Select that selects nothing")
		}
		return from[index], nil
	case name == "Fn::Join" && len(list) == 2:
		parts, ok := list[1].([]any)
		if !ok {
			return nil, errors.New("a !Join of no list")
		}
		words := make([]string, len(parts))
		for i, part := range parts {
			if words[i], ok = part.(string); !ok {
				return Map{name: list}, nil // a resource's, for whoever deploys
			}
		}
		return strings.Join(words, fmt.Sprint(list[0])), nil
	}
	return nil, fmt.Errorf("%s with %d arguments", name, len(list))
}

var placeholder = regexp.MustCompile(`\$\{([A-Za-z0-9:.]+)\}`)

// sub puts parameters, and the variables of a !Sub's own, into its text. What
// a variable stands for may be a !Sub itself.
func (r resolver) sub(argument any) (any, error) {
	text, own := argument, Map{}
	if list, ok := argument.([]any); ok {
		if len(list) != 2 {
			return nil, errors.New("a !Sub that has not two parts")
		}
		v, err := r.value(list[1])
		if err != nil {
			return nil, err
		}
		text, own = list[0], v.(Map)
	}
	s, ok := text.(string)
	if !ok {
		return nil, errors.New("a !Sub of no text")
	}
	var failed error
	s = placeholder.ReplaceAllStringFunc(s, func(found string) string {
		name := found[2 : len(found)-1]
		v, ok := own[name]
		if !ok {
			v, ok = r.parameters[name]
		}
		if !ok {
			return found
		}
		switch v := v.(type) {
		case string:
			return v
		case uint64:
			return fmt.Sprint(v)
		case Map:
			if inner, ok := v["Fn::Sub"].(string); ok {
				return inner
			}
		}
		failed = fmt.Errorf("${%s} stands for no text", name)
		return found
	})
	if failed != nil || !strings.Contains(s, "${") {
		return s, failed
	}
	return Map{"Fn::Sub": s}, nil
}

// condition tells whether a condition, by name, holds.
func (r resolver) condition(name string) (bool, error) {
	v, ok := r.conditions[name]
	if !ok {
		return false, fmt.Errorf("there is no condition %s", name)
	}
	return r.holds(v)
}

func (r resolver) holds(v any) (bool, error) {
	m, ok := v.(Map)
	if !ok || len(m) != 1 {
		return false, errors.New("a condition that is not one function")
	}
	if name, ok := m["Condition"].(string); ok {
		return r.condition(name)
	}
	for name, argument := range m {
		list, ok := argument.([]any)
		if !ok {
			return false, fmt.Errorf("%s: its argument is no list", name)
		}
		if name == "Fn::Equals" {
			got, err := r.value(list)
			if err != nil {
				return false, err
			}
			pair := got.([]any)
			return len(pair) == 2 && fmt.Sprint(pair[0]) == fmt.Sprint(pair[1]), nil
		}
		all := make([]bool, len(list))
		for i, item := range list {
			var err error
			if all[i], err = r.holds(item); err != nil {
				return false, err
			}
		}
		switch {
		case name == "Fn::Not" && len(all) == 1:
			return !all[0], nil
		case name == "Fn::And":
			return !slices.Contains(all, false), nil
		case name == "Fn::Or":
			return slices.Contains(all, true), nil
		}
	}
	return false, errors.New("a condition that is not known here")
}
