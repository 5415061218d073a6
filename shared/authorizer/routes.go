package authorizer

import (
	"encoding/json"
	"errors"
	"io"
	"strings"

	"rescind/shared/oauth"
)

// Routes are the scopes that an API's routes need, by their keys: "METHOD
// /path", "ANY /path", or "$default" for all that are not listed.
type Routes map[string]oauth.Scope

const fallback = "$default"

var errRoutes = errors.New(`the scopes of routes must be a JSON object such as {"GET /notes": "notes:read", "ANY /notes/{id}": "notes:read notes:write", "$default": "notes:read"}: ` +
	"route keys as in the API, each with scopes separated by single spaces, and none twice")

// ParseRoutes reads {"METHOD /path": "scope scope", ...}, with route keys of
// HTTP APIs, or METHOD and resource path of REST APIs. An empty text is no
// routes, nil. The error repeats nothing of the text.
func ParseRoutes(text string) (Routes, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	d := json.NewDecoder(strings.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errRoutes
	}
	all := Routes{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, errRoutes
		}
		key, _ := t.(string)
		var words string
		if err := d.Decode(&words); err != nil {
			return nil, errRoutes
		}
		scope, ok := oauth.ParseScope(words)
		if _, twice := all[key]; !ok || twice || !isKey(key) { // encoding/json would take the last of two
			return nil, errRoutes
		}
		all[key] = scope
	}
	if _, err := d.Token(); err != nil {
		return nil, errRoutes
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errRoutes
	}
	return all, nil
}

func isKey(key string) bool {
	method, path, ok := strings.Cut(key, " ")
	return key == fallback ||
		ok && method != "" && strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" && strings.HasPrefix(path, "/") && !strings.ContainsAny(path, " ?#")
}

// need is the scope that a request needs. ok is false where the list has
// neither its route nor $default: what nobody listed is open to no token.
// asked is the route as the API's owner wrote it or, where isPath, the
// request's own path, which may fit several: the best is taken as API Gateway
// takes it.
func (all Routes) need(method, asked string, isPath bool) (scope oauth.Scope, ok bool) {
	for _, m := range []string{method, "ANY"} {
		if scope, ok := all[m+" "+asked]; ok {
			return scope, true
		}
	}
	best := -1
	for key, s := range all {
		m, path, _ := strings.Cut(key, " ")
		if !isPath || m != method && m != "ANY" {
			continue
		}
		n := fits(path, asked)
		if m == method {
			n = 2*n + 1
		} else {
			n *= 2
		}
		if n > best {
			best, scope, ok = n, s, true
		}
	}
	if !ok {
		scope, ok = all[fallback]
	}
	return scope, ok
}

// fits tells how well a path fits a route's: the more literal segments the
// better, then variables, then {proxy+}; below 0 where it does not.
func fits(route, asked string) int {
	own, segments, score := strings.Split(route, "/"), strings.Split(asked, "/"), 0
	for i, o := range own {
		switch {
		case i >= len(segments):
			return -2
		case strings.HasSuffix(o, "+}"):
			return score
		case o == segments[i]:
			score += 1000
		case strings.HasPrefix(o, "{") && strings.HasSuffix(o, "}") && segments[i] != "":
			score += 10
		default:
			return -2
		}
	}
	if len(own) != len(segments) {
		return -2
	}
	return score + 1
}
