package authorizer

import (
	"encoding/json"
	"errors"
	"strings"
)

// event is what API Gateway asks: of its three forms the members that count.
type event struct {
	Version       string `json:"version"` // "2.0", "1.0", or absent from REST APIs
	Type          string `json:"type"`    // REQUEST or TOKEN
	RouteKey      string `json:"routeKey"`
	MethodARN     string `json:"methodArn"`
	Resource      string `json:"resource"`
	HTTPMethod    string `json:"httpMethod"`
	Authorization string `json:"authorizationToken"` // of TOKEN: the header's value

	Headers map[string]string   `json:"headers"`
	Values  map[string][]string `json:"multiValueHeaders"`

	Context struct {
		RequestID string `json:"requestId"`
		HTTP      struct {
			Method string `json:"method"`
		} `json:"http"` // of payload 2.0
	} `json:"requestContext"`
}

var errEvent = errors.New("the event is none of a Lambda authorizer: attach this function as an authorizer, payload format 2.0 with simple responses, or 1.0")

// decode reads an event. Its error holds nothing of the event.
func decode(payload []byte) (event, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return event{}, errEvent
	}
	switch {
	case e.Version == "2.0" && e.Type == "REQUEST" && e.RouteKey != "":
	case (e.Version == "" || e.Version == "1.0") && (e.Type == "REQUEST" || e.Type == "TOKEN") && isMethodARN(e.MethodARN):
	default:
		return event{}, errEvent
	}
	return e, nil
}

func (e *event) isSimple() bool { return e.Version == "2.0" }

// isMethodARN wants arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH.
func isMethodARN(s string) bool {
	return strings.HasPrefix(s, "arn:") && strings.Count(s, ":") >= 5 && strings.Count(s, "/") >= 2
}

// route gives the request's method and the route as the API's owner wrote it.
// A TOKEN event has the request's own path instead, and isPath.
func (e *event) route() (method, path string, isPath bool) {
	switch {
	case e.isSimple():
		method, path, _ = strings.Cut(e.RouteKey, " ") // $default has no path
		if method == "ANY" {
			method = e.Context.HTTP.Method
		}
		return method, path, false
	case e.Type == "REQUEST" && e.HTTPMethod != "" && e.Resource != "":
		return e.HTTPMethod, e.Resource, false
	}
	parts := strings.SplitN(e.MethodARN, "/", 4) // API, stage, method, path
	if len(parts) < 4 {
		return parts[2], "/", true
	}
	return parts[2], "/" + parts[3], true
}

// isLiteral tells whether a policy can name this request alone: a caller may
// write into the path what a policy reads as a wildcard or a variable.
func (e *event) isLiteral() bool {
	return e.isSimple() || !strings.ContainsAny(e.MethodARN, "*?") && !strings.Contains(e.MethodARN, "${")
}

// authorization gives the values of the Authorization header. HTTP APIs join
// several with commas, of which no bearer has one.
func (e *event) authorization() []string {
	if e.Type == "TOKEN" {
		if e.Authorization == "" {
			return nil
		}
		return []string{e.Authorization}
	}
	var all []string
	for name, values := range e.Values {
		if strings.EqualFold(name, "Authorization") {
			all = append(all, values...)
		}
	}
	if all != nil {
		return all
	}
	for name, value := range e.Headers {
		if strings.EqualFold(name, "Authorization") {
			all = append(all, value)
		}
	}
	return all
}

// bearer gives the request's one bearer token (RFC 6750 section 2.1), or "".
func (e *event) bearer() string {
	values := e.authorization()
	if len(values) != 1 {
		return ""
	}
	scheme, text, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimLeft(text, " ")
}
