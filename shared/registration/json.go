package registration

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// object is a JSON object. Its values are nil, bool, string, json.Number,
// []any and object.
type object map[string]any

// maxDepth is far deeper than any registration nests.
const maxDepth = 16

// parseJSON reads one JSON value. A member that stands twice in an object is
// refused: which of the two another reader would take is anybody's guess. No
// error quotes the text.
func parseJSON(text string) (any, error) {
	var whole json.RawMessage
	if err := json.Unmarshal([]byte(text), &whole); err != nil {
		line := 1
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			line += strings.Count(text[:min(len(text), int(syntax.Offset))], "\n")
		}
		return nil, fmt.Errorf("the file is not JSON: there is a mistake in line %d (several clients go into one array)", line)
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return parseValue(d, 0)
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	tok, err := d.Token()
	if err != nil {
		return nil, errors.New("the file is not JSON") // cannot be: it was read whole before
	}
	delim, ok := tok.(json.Delim)
	switch {
	case !ok:
		return tok, nil
	case depth == maxDepth:
		return nil, fmt.Errorf("the JSON nests deeper than %d", maxDepth)
	case delim == '[':
		return parseArray(d, depth+1)
	}
	return parseObject(d, depth+1)
}

func parseArray(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := parseValue(d, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token() // the closing bracket
	return list, err
}

func parseObject(d *json.Decoder, depth int) (any, error) {
	m := object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, errors.New("the file is not JSON")
		}
		name, _ := key.(string)
		if _, twice := m[name]; twice {
			return nil, fmt.Errorf("member %s stands twice in one object; leave one of them out", speakable(name))
		}
		if m[name], err = parseValue(d, depth); err != nil {
			return nil, err
		}
	}
	_, err := d.Token() // the closing brace
	return m, err
}
