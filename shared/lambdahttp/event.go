package lambdahttp

import (
	"encoding/json"
	"errors"
	"fmt"
)

// event holds the members that are used of both payload formats. One struct
// for both, so that the JSON is read once.
type event struct {
	Version string `json:"version"` // "2.0"; "1.0" from HTTP APIs; absent from REST APIs
	Type    string `json:"type"`    // only in authorizer events

	// Format 2.0 only.
	RawPath        string   `json:"rawPath"`
	RawQueryString string   `json:"rawQueryString"`
	Cookies        []string `json:"cookies"`

	// Format 1.0 only. (2.0 has queryStringParameters too, joined with commas:
	// it is never used.)
	HTTPMethod        string              `json:"httpMethod"`
	Path              string              `json:"path"`
	MultiValueHeaders map[string][]string `json:"multiValueHeaders"`
	Query             map[string]string   `json:"queryStringParameters"`
	MultiValueQuery   map[string][]string `json:"multiValueQueryStringParameters"`

	Headers         map[string]string `json:"headers"`
	Body            string            `json:"body"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
	RequestContext  requestContext    `json:"requestContext"`
}

type requestContext struct {
	HTTP *struct { // format 2.0 only
		Method   string `json:"method"`
		Protocol string `json:"protocol"`
		SourceIP string `json:"sourceIp"`
	} `json:"http"`
	Identity struct { // format 1.0 only
		SourceIP string `json:"sourceIp"`
	} `json:"identity"`
	Path         string    `json:"path"`         // format 1.0 only
	Protocol     string    `json:"protocol"`     // format 1.0 only
	ConnectionID string    `json:"connectionId"` // only in WebSocket events
	ELB          *struct{} `json:"elb"`          // only from a load balancer
	APIID        string    `json:"apiId"`
	Stage        string    `json:"stage"`
	DomainName   string    `json:"domainName"`
	RequestID    string    `json:"requestId"`
}

// decode reads an event and refuses whatever is not an HTTP request.
func decode(payload []byte) (*event, error) {
	var e event
	if err := json.Unmarshal(payload, &e); err != nil {
		return nil, jsonError(err)
	}
	rc := &e.RequestContext
	switch {
	case rc.ELB != nil:
		return nil, fmt.Errorf("%w: it is from an Application Load Balancer, which is not supported; put an API Gateway or a function URL in front", ErrEvent)
	case e.Type != "":
		return nil, fmt.Errorf("%w: it is for an authorizer; attach this function as a route's integration instead", ErrEvent)
	case rc.ConnectionID != "":
		return nil, fmt.Errorf("%w: it is from a WebSocket API; use an HTTP API", ErrEvent)
	case e.Version == "2.0":
		if rc.HTTP == nil || rc.HTTP.Method == "" {
			return nil, fmt.Errorf("%w: payload format 2.0 without requestContext.http.method", ErrEvent)
		}
	case e.Version == "" || e.Version == "1.0":
		if e.HTTPMethod == "" || e.Path == "" {
			return nil, fmt.Errorf("%w: it has no version, or 1.0, and no httpMethod and path", ErrEvent)
		}
	default:
		return nil, fmt.Errorf("%w: its version is neither 1.0 nor 2.0", ErrEvent)
	}
	return &e, nil
}

// jsonError says where the JSON failed and not what stood there: the errors of
// encoding/json quote their input.
func jsonError(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("%w: its JSON is malformed at byte %d", ErrEvent, syntax.Offset)
	}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return fmt.Errorf("%w: a JSON member has the wrong type at byte %d", ErrEvent, mismatch.Offset)
	}
	return fmt.Errorf("%w: its JSON cannot be read", ErrEvent)
}
