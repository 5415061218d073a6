package lambdahttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// request makes the request that net/http would have made of the same message.
func (e *event) request(ctx context.Context) (*http.Request, error) {
	rc := &e.RequestContext
	method, proto, ip := e.HTTPMethod, rc.Protocol, rc.Identity.SourceIP
	path, query := e.path10(), ""
	header := e.header()
	if e.Version == "2.0" {
		method, proto, ip = rc.HTTP.Method, rc.HTTP.Protocol, rc.HTTP.SourceIP
		path, query = stripStage(e.RawPath, rc.Stage), e.RawQueryString
		addCookies(header, e.Cookies)
	} else {
		query = e.query10()
	}

	body, length, err := e.body()
	if err != nil {
		return nil, err
	}
	host := header.Get("Host")
	if host == "" {
		host = rc.DomainName
	}
	// As in net/http: Host has its own field, and the body is no longer in
	// chunks (RFC 9112 section 6.1).
	delete(header, "Host")
	delete(header, "Transfer-Encoding")

	major, minor, ok := http.ParseHTTPVersion(proto)
	if !ok {
		proto, major, minor = "HTTP/1.1", 1, 1
	}
	u := requestURL(path, query)
	r := &http.Request{
		Method: method, URL: u, RequestURI: u.RequestURI(), Host: host,
		Proto: proto, ProtoMajor: major, ProtoMinor: minor,
		Header: header, Body: body, ContentLength: length,
	}
	if ip != "" {
		r.RemoteAddr = net.JoinHostPort(ip, "0") // the port is never told
	}
	return r.WithContext(context.WithValue(ctx, originKey{}, e.origin())), nil
}

// origin is what the gateway told of itself.
func (e *event) origin() origin {
	from := origin{requestID: e.RequestContext.RequestID}
	if e.Version == "2.0" && e.RequestContext.Stage == "$default" {
		from.httpAPI = e.RequestContext.APIID
	}
	return from
}

// body returns the body and its length in bytes. Form bodies come in base64
// from HTTP APIs and plain from REST APIs and from local gateways.
func (e *event) body() (io.ReadCloser, int64, error) {
	if e.Body == "" {
		return http.NoBody, 0, nil
	}
	if !e.IsBase64Encoded {
		return io.NopCloser(strings.NewReader(e.Body)), int64(len(e.Body)), nil
	}
	decoded, err := base64.StdEncoding.DecodeString(e.Body)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: isBase64Encoded is set and the body is not base64", ErrEvent)
	}
	return io.NopCloser(bytes.NewReader(decoded)), int64(len(decoded)), nil
}

// header collects the headers under canonical names: HTTP APIs send lower
// case, REST APIs the caller's own, local gateways Title-Case. A name in both
// maps is taken from multiValueHeaders, which alone has every value. Names are
// walked in order, so that two spellings of one name give one result. What is
// no name of a header (RFC 9110 section 5.1: "Authorization " with a space) is
// left out, as a server would have refused it.
func (e *event) header() http.Header {
	h := make(http.Header, len(e.Headers)+1)
	for _, name := range slices.Sorted(maps.Keys(e.MultiValueHeaders)) {
		if key := http.CanonicalHeaderKey(name); isToken(name) {
			h[key] = append(h[key], e.MultiValueHeaders[name]...)
		}
	}
	multi := maps.Clone(h)
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		key := http.CanonicalHeaderKey(name)
		if len(multi[key]) == 0 && isToken(name) {
			h[key] = append(h[key], e.Headers[name])
		}
	}
	return h
}

// isToken is RFC 9110 section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// addCookies adds format 2.0's cookies. Gateways move them there from the
// Cookie header, some send both and some leave them in the header only: so the
// header's others are kept. One header line results (RFC 6265 section 5.4).
func addCookies(h http.Header, cookies []string) {
	if len(cookies) == 0 {
		return
	}
	all := slices.Clone(cookies)
	for _, line := range h["Cookie"] {
		for pair := range strings.SplitSeq(line, ";") {
			if pair = strings.TrimSpace(pair); pair != "" && !slices.Contains(cookies, pair) {
				all = append(all, pair)
			}
		}
	}
	h["Cookie"] = []string{strings.Join(all, "; ")}
}

// stripStage takes a named stage's segment off the path.
func stripStage(path, stage string) string {
	if stage == "" || stage == "$default" {
		return path
	}
	rest, found := strings.CutPrefix(path, "/"+stage)
	if found && (rest == "" || rest[0] == '/') {
		return rest
	}
	return path
}

// path10 returns format 1.0's path without the stage. An HTTP API leaves the
// stage in both paths. A REST API leaves it in requestContext.path only, and
// then the path's first segment is the caller's, whatever it is called.
func (e *event) path10() string {
	rc := &e.RequestContext
	if rc.Path == "/"+rc.Stage+e.Path {
		return e.Path
	}
	return stripStage(e.Path, rc.Stage)
}

// query10 rebuilds the query string, which format 1.0 has decoded and sorted
// into maps. The order between different parameters is lost; the values of one
// parameter keep theirs. A name in both maps is taken from the one that has
// every value.
func (e *event) query10() string {
	values := make(url.Values, len(e.Query))
	for name, value := range e.Query {
		values[name] = []string{value}
	}
	for name, all := range e.MultiValueQuery {
		if len(all) > 0 {
			values[name] = all
		}
	}
	return values.Encode()
}

// requestURL makes the URL of a request line. The gateways send the path as
// the caller encoded it, local ones decode it: what does not parse as encoded
// is taken as decoded, a question mark included, which no encoded path holds.
func requestURL(path, query string) *url.URL {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u, err := url.ParseRequestURI(path)
	if err != nil || strings.Contains(path, "?") {
		u = &url.URL{Path: path}
	}
	u.RawQuery = query
	return u
}
