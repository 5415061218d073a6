package sam

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// resolver knows a template's parameters, with the values given, and conditions.
type resolver struct {
	parameters map[string]any // string, uint64 or []any of strings
	conditions Map
	mappings   Map
}

// none stands for AWS::NoValue: what has it as its value is left out.
type none struct{}

// Resolve gives the template with parameters, by name, in their places, else
// their defaults; and of each condition only what it holds to be. Parameters,
// Conditions, Mappings, Rules and Metadata are gone from it then.
func Resolve(template Map, parameters map[string]string) (Map, error) {
	r := resolver{parameters: map[string]any{}, conditions: template.In("Conditions"), mappings: template.In("Mappings")}
	declared := template.In("Parameters")
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if _, ok := declared[name]; !ok {
			return nil, fmt.Errorf("the template has no parameter %s: it has %s", name, strings.Join(slices.Sorted(maps.Keys(declared)), ", "))
		}
	}
	for name := range declared {
		v, err := parameter(declared.In(name), name, parameters)
		if err != nil {
			return nil, err
		}
		r.parameters[name] = v
	}
	out := Map{}
	for _, section := range []string{"AWSTemplateFormatVersion", "Description", "Globals"} {
		v, err := r.value(template[section])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", section, err)
		}
		if template[section] != nil {
			out[section] = v
		}
	}
	for _, section := range []string{"Resources", "Outputs"} {
		kept, err := r.section(template.In(section))
		if err != nil {
			return nil, err
		}
		out[section] = kept
	}
	return out, nil
}

func parameter(declared Map, name string, given map[string]string) (any, error) {
	text, ok := given[name]
	if !ok {
		if _, has := declared["Default"]; !has {
			return nil, fmt.Errorf("the parameter %s has no default: give it a value", name)
		}
		text = fmt.Sprint(declared["Default"])
	}
	switch declared["Type"] {
	case "Number":
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("the parameter %s is no whole number", name)
		}
		return n, nil
	case "CommaDelimitedList":
		list := []any{}
		for item := range strings.SplitSeq(text, ",") {
			list = append(list, strings.TrimSpace(item))
		}
		return list, nil
	}
	if pattern, ok := declared["AllowedPattern"].(string); ok {
		if fits, err := regexp.MatchString("^(?:"+pattern+")$", text); err != nil || !fits {
			return nil, fmt.Errorf("the parameter %s must be %v", name, declared["ConstraintDescription"])
		}
	}
	if allowed, ok := declared["AllowedValues"].([]any); ok && !slices.Contains(allowed, any(text)) {
		return nil, fmt.Errorf("the parameter %s must be one of %v", name, allowed)
	}
	return text, nil
}

// section resolves resources or outputs, without those whose condition fails.
func (r resolver) section(all Map) (Map, error) {
	kept := Map{}
	for id, v := range all {
		entry, ok := v.(Map)
		if !ok {
			return nil, fmt.Errorf("%s is no mapping", id)
		}
		if name, ok := entry["Condition"].(string); ok {
			holds, err := r.condition(name)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", id, err)
			}
			if !holds {
				continue
			}
			entry = maps.Clone(entry)
			delete(entry, "Condition")
		}
		v, err := r.value(entry)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", id, err)
		}
		kept[id] = v
	}
	return kept, nil
}

// value resolves a value and what is in it.
func (r resolver) value(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		list := make([]any, 0, len(v))
		for _, item := range v {
			got, err := r.value(item)
			if err != nil {
				return nil, err
			}
			if got != (none{}) {
				list = append(list, got)
			}
		}
		return list, nil
	case Map:
		if len(v) == 1 {
			for name, argument := range v {
				if name == "Ref" || name == "Condition" || strings.HasPrefix(name, "Fn::") {
					return r.intrinsic(name, argument)
				}
			}
		}
		m := Map{}
		for name, item := range v {
			got, err := r.value(item)
			if err != nil {
				return nil, err
			}
			if got != (none{}) {
				m[name] = got
			}
		}
		return m, nil
	}
	return v, nil
}
