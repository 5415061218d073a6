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
		value, err := d.Token() // decoding null into a string would leave a route without scopes
		words, isText := value.(string)
		if err != nil || !isText {
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
// takes it. Where that cannot be told, ok is false too: a caller must not
// choose the spelling of a path for the scopes that it then needs.
func (all Routes) need(method, asked string, isPath bool) (scope oauth.Scope, ok bool) {
	if isPath {
		return all.needOfPath(method, asked)
	}
	for _, m := range []string{method, "ANY"} {
		if scope, ok := all[m+" "+asked]; ok {
			return scope, true
		}
	}
	scope, ok = all[fallback]
	return scope, ok
}

func (all Routes) needOfPath(method, asked string) (scope oauth.Scope, ok bool) {
	if !isPlain(asked) {
		return nil, false
	}
	scope, ok = all[fallback]
	best := ""
	for key, s := range all {
		m, path, _ := strings.Cut(key, " ")
		if m != method && m != "ANY" {
			continue
		}
		rank, fit := fits(path, asked)
		if !fit {
			continue
		}
		if m == method {
			rank += "!" // above the same path of ANY, below any better path
		}
		switch {
		case rank > best:
			best, scope, ok = rank, s, true
		case rank == best: // two names for one variable: not to be told apart
			scope, ok = nil, false
		}
	}
	return scope, ok
}

// isPlain tells whether a path has one spelling only, so that what it fits here
// is what the gateway routes it to.
func isPlain(path string) bool {
	if path == "/" {
		return true
	}
	for _, segment := range strings.Split(path, "/")[1:] {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return !strings.ContainsAny(path, `%{}\`)
}

// fits tells whether a path fits a route's and ranks the fit: a letter for
// each segment, the greater the closer, and the first that differs decides.
func fits(route, asked string) (rank string, fit bool) {
	own, segments := strings.Split(route, "/"), strings.Split(asked, "/")
	var letters strings.Builder
	for i, o := range own {
		switch {
		case i >= len(segments):
			return "", false
		case strings.HasSuffix(o, "+}"):
			letters.WriteByte('a')
			return letters.String(), true
		case o == segments[i]:
			letters.WriteByte('c')
		case strings.HasPrefix(o, "{") && strings.HasSuffix(o, "}") && segments[i] != "":
			letters.WriteByte('b')
		default:
			return "", false
		}
	}
	return letters.String(), len(own) == len(segments)
}
